//! Which certificates are trusted: those that the system's CAs signed, as in other programs on the runner; and exactly
//! the certificate that SSL_CERT_FILE or SSL_CERT_DIR names, even if it is itself a CA, such as one from `gitea cert
//! --ca`.
//!
//! The bundle is read when the first certificate is checked, so plain http costs nothing. Reading it here, and not by
//! the platform's verifier, keeps the start short (`benches/round_trip.rs` shows the whole).

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use crate::files;

/// Where the distributions keep their bundle: Debian, Alpine and Arch; Fedora and Red Hat; SUSE; others.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The size limit of a file of certificates, in bytes. The system's bundle has about 0.2 MiB.
const BUNDLE_LIMIT: u64 = 4 << 20;

/// The size of a certificate in base64, in bytes. Most are smaller.
const USUAL_SIZE: usize = 2 << 10;

/// `SSL_CERT_FILE` and `SSL_CERT_DIR` (several, as in `PATH`), as in OpenSSL. If set, they replace the system's bundle.
#[derive(Debug, Default)]
pub(crate) struct TrustedRoots {
    pub(crate) file: Option<PathBuf>,
    pub(crate) directories: Vec<PathBuf>,
}

/// The settings of a client's TLS connections.
pub(crate) fn client_config(roots: TrustedRoots) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = LazyVerifier { roots, provider: Arc::clone(&provider), inner: OnceLock::new() };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous() // rustls's name for any custom verifier; the check itself is webpki's
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// What certificates are checked against.
#[derive(Debug)]
struct Trusted {
    authorities: RootCertStore,
    /// The certificates of SSL_CERT_FILE and SSL_CERT_DIR. A server may use one of them itself.
    named: &'static [CertificateDer<'static>],
}

impl TrustedRoots {
    /// Loads what is trusted. The error is a sentence for the person who set the variables.
    fn load(&self) -> Result<Trusted, String> {
        let mut named = Vec::new();
        if let Some(file) = &self.file {
            let found = certificates(file).map_err(|cause| format!("SSL_CERT_FILE={}: {cause}", file.display()))?;
            named.extend(found);
        }
        for directory in &self.directories {
            let found =
                certificates_in(directory).map_err(|cause| format!("SSL_CERT_DIR={}: {cause}", directory.display()))?;
            named.extend(found);
        }
        let named: &[_] = named.leak();
        let mut authorities = authorities_in(named);
        if self.file.is_some() || !self.directories.is_empty() {
            return if authorities.is_empty() {
                Err("SSL_CERT_FILE and SSL_CERT_DIR contain no certificate".to_owned())
            } else {
                Ok(Trusted { authorities, named })
            };
        }
        // An unreadable bundle counts as missing: the built-in roots are used instead.
        let mut bundles = SYSTEM_BUNDLES.iter().filter_map(|bundle| certificates(Path::new(bundle)).ok());
        if let Some(bundle) = bundles.find(|bundle| !bundle.is_empty()) {
            authorities = authorities_in(bundle.leak());
        }
        if authorities.is_empty() {
            authorities.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Ok(Trusted { authorities, named })
    }
}

/// Those of the certificates that webpki can read. The others are left out, as in OpenSSL. The certificates live as
/// long as the process, so nothing of them is copied.
fn authorities_in(certificates: &'static [CertificateDer<'static>]) -> RootCertStore {
    certificates.iter().filter_map(|certificate| webpki::anchor_from_trusted_cert(certificate).ok()).collect()
}

/// The certificates of a PEM file. Everything else in it is left out, as in OpenSSL. The PEM reader of rustls decodes in
/// constant time, as private keys need it. For the system's bundle, that is a tenth of the time of a step over https.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, std::io::Error> {
    let (mut found, mut section) = (Vec::new(), None);
    files::each_line(file, BUNDLE_LIMIT, |line| match (line, &mut section) {
        (b"-----BEGIN CERTIFICATE-----", _) => section = Some(Vec::with_capacity(USUAL_SIZE)),
        (b"-----END CERTIFICATE-----", Some(text)) => {
            found.extend(BASE64.decode(text).ok().map(CertificateDer::from));
            section = None;
        }
        (_, Some(text)) => text.extend_from_slice(line),
        (_, None) => {}
    })?;
    Ok(found)
}

fn certificates_in(directory: &Path) -> Result<Vec<CertificateDer<'static>>, std::io::Error> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        // Sub-folders and unreadable files are left out, as in OpenSSL.
        found.extend(certificates(&entry?.path()).unwrap_or_default());
    }
    Ok(found)
}

/// Checks a server's certificate as webpki does, with roots that are read at the first check.
#[derive(Debug)]
struct LazyVerifier {
    roots: TrustedRoots,
    provider: Arc<CryptoProvider>,
    inner: OnceLock<Result<Verifier, String>>,
}

#[derive(Debug)]
struct Verifier {
    webpki: Arc<WebPkiServerVerifier>,
    /// As in [`Trusted`].
    named: &'static [CertificateDer<'static>],
}

impl LazyVerifier {
    fn inner(&self) -> Result<&Verifier, rustls::Error> {
        let verifier = self.inner.get_or_init(|| {
            let Trusted { authorities, named } = self.roots.load()?;
            let builder =
                WebPkiServerVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(&self.provider));
            Ok(Verifier { webpki: builder.build().map_err(|error| error.to_string())?, named })
        });
        verifier.as_ref().map_err(|sentence| rustls::Error::General(sentence.clone()))
    }
}

/// Whether the only problem with a certificate is that it is an authority's. The dates are checked before that.
fn is_an_authority(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) = error else { return false };
    matches!(cause.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

impl ServerCertVerifier for LazyVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Verifier { webpki, named } = self.inner()?;
        match webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(error) if is_an_authority(&error) && named.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner()?.webpki.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner()?.webpki.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_bundle_is_trusted_and_the_built_in_roots_only_without_one() {
        let Trusted { authorities, named } = TrustedRoots::default().load().unwrap();

        let mut expected = RootCertStore::empty();
        match SYSTEM_BUNDLES.iter().find(|bundle| Path::new(bundle).exists()) {
            Some(bundle) => drop(expected.add_parsable_certificates(certificates(Path::new(bundle)).unwrap())),
            None => expected.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        assert_eq!(authorities.len(), expected.len());
        assert!(!authorities.is_empty() && named.is_empty());
    }

    #[test]
    fn pem_file_may_hold_anything_between_its_certificates() {
        let rcgen::CertifiedKey { cert, .. } = rcgen::generate_simple_self_signed(["gitea".to_owned()]).unwrap();
        let pem = cert.pem();
        let cut = pem.replace("-----END CERTIFICATE-----", "");
        let odd = "-----BEGIN CERTIFICATE-----\nno base64!\n-----END CERTIFICATE-----";
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = format!("# Gitea\u{e9}\n{pem}{odd}\n{key}\n  {}\n{cut}", pem.replace('\n', "\r\n"));
        std::fs::write(file.path(), text).unwrap();

        assert_eq!(certificates(file.path()).unwrap(), [cert.der().clone(), cert.der().clone()]);
    }
}
