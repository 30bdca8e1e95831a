//! Which certificate authorities are trusted: those of the system, as other programs on the runner trust them.
//!
//! The bundle is read when the first certificate is checked, so a server that is reached by plain http costs nothing. Reading
//! it here, rather than by the platform's verifier, is what keeps the start short (`benches/round_trip.rs` shows the whole).

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Where the distributions keep their bundle: Debian, Alpine and Arch; Fedora and Red Hat; SUSE; others.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// `SSL_CERT_FILE` and `SSL_CERT_DIR` (several, as in `PATH`) as OpenSSL knows them: what is set replaces the system's bundle.
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
        .dangerous() // rustls calls any verifier of one's own so; the check itself is webpki's
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

impl TrustedRoots {
    /// The roots; an error is a sentence for the person who set the variables.
    fn load(&self) -> Result<RootCertStore, String> {
        let mut store = RootCertStore::empty();
        if let Some(file) = &self.file {
            add(&mut store, file).map_err(|cause| format!("SSL_CERT_FILE={}: {cause}", file.display()))?;
        }
        for directory in &self.directories {
            add_directory(&mut store, directory)
                .map_err(|cause| format!("SSL_CERT_DIR={}: {cause}", directory.display()))?;
        }
        if self.file.is_some() || !self.directories.is_empty() {
            return if store.is_empty() {
                Err("SSL_CERT_FILE and SSL_CERT_DIR hold no certificate".to_owned())
            } else {
                Ok(store)
            };
        }
        // An unreadable bundle is as good as none: the built-in roots stand in for it.
        if !SYSTEM_BUNDLES.iter().any(|bundle| add(&mut store, Path::new(bundle)).is_ok() && !store.is_empty()) {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Ok(store)
    }
}

fn add(store: &mut RootCertStore, file: &Path) -> Result<(), std::io::Error> {
    let pem = std::fs::read(file)?;
    // What is no certificate, or one that webpki cannot read, is left out, as OpenSSL does.
    store.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
    Ok(())
}

fn add_directory(store: &mut RootCertStore, directory: &Path) -> Result<(), std::io::Error> {
    for entry in std::fs::read_dir(directory)? {
        // Sub-folders and what cannot be read are left out, as OpenSSL does.
        add(store, &entry?.path()).ok();
    }
    Ok(())
}

/// Checks a server's certificate as webpki does, with roots that are read at the first check.
#[derive(Debug)]
struct LazyVerifier {
    roots: TrustedRoots,
    provider: Arc<CryptoProvider>,
    inner: OnceLock<Result<Arc<WebPkiServerVerifier>, String>>,
}

impl LazyVerifier {
    fn inner(&self) -> Result<&WebPkiServerVerifier, rustls::Error> {
        let verifier = self.inner.get_or_init(|| {
            let roots = Arc::new(self.roots.load()?);
            WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&self.provider))
                .build()
                .map_err(|error| error.to_string())
        });
        verifier.as_deref().map_err(|sentence| rustls::Error::General(sentence.clone()))
    }
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
        self.inner()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner()?.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner()?.verify_tls13_signature(message, cert, signature)
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
        let store = TrustedRoots::default().load().unwrap();

        let mut expected = RootCertStore::empty();
        match SYSTEM_BUNDLES.iter().find(|bundle| Path::new(bundle).exists()) {
            Some(bundle) => add(&mut expected, Path::new(bundle)).unwrap(),
            None => expected.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        assert_eq!(store.len(), expected.len());
        assert!(!store.is_empty());
    }
}
