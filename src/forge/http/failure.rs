//! Why a request got no response.

use std::error::Error as _;

use rustls::CertificateError;

use crate::forge::{Certificate, Kind};

/// Whether the request was sent at all, and why it got no response.
pub(super) fn not_answered(error: reqwest::Error) -> Kind {
    let error = error.without_url();
    let cause = causes(&error);
    if !error.is_connect() && !error.is_builder() {
        return Kind::NoAnswer { cause };
    }
    match certificate_problem(&error) {
        Some(problem) => Kind::Untrusted { cause, problem },
        None => Kind::NotSent { cause },
    }
}

fn certificate_problem(error: &reqwest::Error) -> Option<Certificate> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return match error {
                rustls::Error::InvalidCertificate(error) => Some(match error {
                    CertificateError::Expired
                    | CertificateError::ExpiredContext { .. }
                    | CertificateError::NotValidYet
                    | CertificateError::NotValidYetContext { .. } => Certificate::Outdated,
                    CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
                        Certificate::OtherName
                    }
                    CertificateError::UnknownIssuer | CertificateError::BadSignature => Certificate::Unknown,
                    _ => Certificate::Unusable,
                }),
                // The message comes from `tls`.
                rustls::Error::General(_) => Some(Certificate::NoAuthorities),
                _ => None,
            };
        }
        // `source()` of an I/O error skips the error that it wraps.
        cause = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// The causes of an error in one sentence: reqwest's own message only says that a request failed.
pub(super) fn causes(error: &reqwest::Error) -> String {
    let mut sentence = String::new();
    let mut cause = error.source();
    while let Some(source) = cause {
        if !sentence.is_empty() {
            sentence.push_str(": ");
        }
        sentence.push_str(&source.to_string());
        cause = source.source();
    }
    if sentence.is_empty() { error.to_string() } else { sentence }
}
