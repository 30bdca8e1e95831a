//! Which servers are trusted, and what the log says about the others.

use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::fake::{FakeGitea, Version};
use crate::shown;
use crate::stage::Stage;

/// A stage over https. Its certificate comes from a private authority, which is in a file of its folder.
fn tls_stage() -> (Stage, tempfile::TempDir) {
    tls_stage_with(|_| ())
}

/// As [`tls_stage`], with another certificate.
fn tls_stage_with(change: impl FnOnce(&mut rcgen::CertificateParams)) -> (Stage, tempfile::TempDir) {
    tls_stage_on(FakeGitea::start_tls_with(Version::V1_26, change))
}

/// As [`tls_stage`], with a certificate that is its own authority.
fn self_signed_stage(change: impl FnOnce(&mut rcgen::CertificateParams)) -> (Stage, tempfile::TempDir) {
    tls_stage_on(FakeGitea::start_tls_self_signed(Version::V1_26, change))
}

fn tls_stage_on(gitea: FakeGitea) -> (Stage, tempfile::TempDir) {
    let stage = Stage::on(gitea, &crate::binary());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), stage.gitea.ca_pem()).unwrap();
    (stage, folder)
}

#[test]
fn private_authority_is_trusted_by_ssl_cert_file_or_ssl_cert_dir() {
    let (stage, folder) = tls_stage();
    stage.dispatch().var("SSL_CERT_FILE", folder.path().join("ca.pem").to_str().unwrap()).run().ok();
    let folder = folder.path().to_str().unwrap();
    stage.dispatch().var("SSL_CERT_DIR", folder).run().ok();
    stage.dispatch().var("SSL_CERT_DIR", &format!("/etc:{folder}")).run().ok();
    assert_eq!(stage.gitea.world().runs.len(), 3);
}

#[test]
fn unknown_authority_gets_no_request() {
    let (stage, folder) = tls_stage();
    let missing = folder.path().join("missing.pem");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    let messages = [
        stage.dispatch(),
        stage.dispatch().var("SSL_CERT_FILE", missing.to_str().unwrap()),
        stage.dispatch().var("SSL_CERT_FILE", empty.to_str().unwrap()),
    ]
    .map(|step| {
        shown(step.run().failed().log().lines().last().unwrap(), &stage)
            .replace(folder.path().to_str().unwrap(), "FOLDER")
    });
    insta::assert_snapshot!(messages.join("\n"), @"
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server's certificate is not trusted. Set SSL_CERT_FILE in the step's `env:` to the file of the CA that signed it. Setting the pull request's status failed too: POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/SHA could not be sent: client error (Connect): invalid peer certificate: UnknownIssuer. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true could not be sent: client error (Connect): invalid peer certificate: UnknownIssuer)
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The trusted CA certificates could not be read. Check that SSL_CERT_FILE or SSL_CERT_DIR names PEM files that exist where the job runs, such as in its container. Setting the pull request's status failed too: POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/SHA could not be sent: client error (Connect): unexpected error: SSL_CERT_FILE=FOLDER/missing.pem: No such file or directory (os error 2). (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true could not be sent: client error (Connect): unexpected error: SSL_CERT_FILE=FOLDER/missing.pem: No such file or directory (os error 2))
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The trusted CA certificates could not be read. Check that SSL_CERT_FILE or SSL_CERT_DIR names PEM files that exist where the job runs, such as in its container. Setting the pull request's status failed too: POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/SHA could not be sent: client error (Connect): unexpected error: SSL_CERT_FILE and SSL_CERT_DIR contain no certificate. (POST http://fake/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true could not be sent: client error (Connect): unexpected error: SSL_CERT_FILE and SSL_CERT_DIR contain no certificate)
    ");
    assert_eq!(stage.gitea.requests().len(), 0);
}

#[test]
fn certificate_with_a_wrong_time_or_name_is_not_called_untrusted() {
    let messages = [
        tls_stage_with(|certificate| certificate.not_after = rcgen::date_time_ymd(2020, 1, 1)),
        tls_stage_with(|certificate| certificate.not_before = rcgen::date_time_ymd(3000, 1, 1)),
        tls_stage_with(|certificate| {
            let name = "gitea.example.com".try_into().unwrap();
            certificate.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
        }),
        tls_stage_with(|certificate| certificate.subject_alt_names = Vec::new()),
        tls_stage_with(|certificate| certificate.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained)),
    ]
    .map(|(stage, folder)| {
        let done = stage.dispatch().var("SSL_CERT_FILE", folder.path().join("ca.pem").to_str().unwrap()).run().failed();
        assert_eq!(stage.gitea.requests().len(), 0);
        let log = done.log();
        log.lines().last().unwrap().split(" Setting the pull request's").next().unwrap().to_owned()
    });
    insta::assert_snapshot!(messages.join("\n"), @"
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server's certificate is not valid at this time. Renew it on the server. If it is still valid, correct the runner's clock.
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server's certificate is not valid at this time. Renew it on the server. If it is still valid, correct the runner's clock.
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server's certificate is for another name. Set `api-url` to a name that is in the certificate.
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server's certificate cannot be used. Use a certificate that has the server's name as subjectAltName and is not a CA itself, or set SSL_CERT_FILE to exactly this certificate.
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The server's certificate cannot be used. Use a certificate that has the server's name as subjectAltName and is not a CA itself, or set SSL_CERT_FILE to exactly this certificate.
    ");
}

/// The cause of a refusal with this file as SSL_CERT_FILE.
fn refusal(stage: &Stage, file: &Path) -> String {
    let done = stage.dispatch().var("SSL_CERT_FILE", file.to_str().unwrap()).run().failed();
    assert_eq!(stage.gitea.requests().len(), 0);
    done.log().split(". ").nth(1).unwrap().to_owned()
}

#[test]
fn self_signed_certificate_is_trusted_if_it_is_named() {
    let (stage, folder) = self_signed_stage(|_| ());
    let file = folder.path().join("ca.pem");
    stage.dispatch().var("SSL_CERT_FILE", file.to_str().unwrap()).run().ok();
    stage.dispatch().var("SSL_CERT_DIR", folder.path().to_str().unwrap()).run().ok();

    // Among others too.
    let (_, other) = self_signed_stage(|_| ());
    let both = [other.path().join("ca.pem"), file].map(|file| std::fs::read_to_string(file).unwrap()).concat();
    std::fs::write(other.path().join("both.pem"), both).unwrap();
    stage.dispatch().var("SSL_CERT_FILE", other.path().join("both.pem").to_str().unwrap()).run().ok();
    assert_eq!(stage.gitea.world().runs.len(), 3);
}

#[test]
fn self_signed_certificate_is_trusted_in_no_other_case() {
    let (stage, _folder) = self_signed_stage(|_| ());
    // Another certificate with the same names.
    let (_, other) = self_signed_stage(|_| ());
    assert_eq!(refusal(&stage, &other.path().join("ca.pem")), "The server's certificate cannot be used");

    let of_another_time = [
        self_signed_stage(|certificate| certificate.not_after = rcgen::date_time_ymd(2020, 1, 1)),
        self_signed_stage(|certificate| certificate.not_before = rcgen::date_time_ymd(3000, 1, 1)),
    ];
    for (stage, folder) in of_another_time {
        let cause = refusal(&stage, &folder.path().join("ca.pem"));
        assert_eq!(cause, "The server's certificate is not valid at this time");
    }
    let (stage, folder) = self_signed_stage(|certificate| {
        let name = "gitea.example.com".try_into().unwrap();
        certificate.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
    });
    assert_eq!(refusal(&stage, &folder.path().join("ca.pem")), "The server's certificate is for another name");
}

#[test]
fn pipe_in_place_of_certificates_does_not_block() {
    let (stage, folder) = tls_stage();
    let pipe = folder.path().join("pipe.pem");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();

    assert_eq!(refusal(&stage, &pipe), "The trusted CA certificates could not be read");
    assert_eq!(refusal(&stage, Path::new("/dev/zero")), "The trusted CA certificates could not be read");

    // Beside a certificate, it is left out.
    stage.dispatch().var("SSL_CERT_DIR", folder.path().to_str().unwrap()).run().ok();
}
