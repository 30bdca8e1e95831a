//! The proxy from HTTP_PROXY and similar variables: it is used, named in errors, and bypassed where NO_PROXY says so.

use crate::fake::{FakeGitea, Version};
use crate::stage::{Stage, TOKEN};
use crate::{shown, stage};

#[test]
fn proxy_of_the_environment_is_used() {
    let stage = stage(Version::V1_26);
    stage.dispatch().input("api-url", "http://gitea.invalid/api/v1").var("HTTP_PROXY", &stage.gitea.url()).run().ok();
    assert_eq!(stage.gitea.world().runs.len(), 1);
}

#[test]
fn no_proxy_names_servers_that_are_reached_directly() {
    let port = |stage: &Stage| stage.gitea.url().rsplit_once(':').unwrap().1.to_owned();
    for form in ["127.0.0.1", "*", "127.0.0.1:PORT", "127.0.0.0/8", "other.example.com, 127.0.0.1"] {
        let stage = stage(Version::V1_26);
        let proxy = FakeGitea::start(Version::V1_26);
        let list = form.replace("PORT", &port(&stage));

        stage.dispatch().var("HTTP_PROXY", &proxy.url()).var("NO_PROXY", &list).run().ok();

        assert_eq!((stage.gitea.requests().len(), proxy.connections()), (2, 0), "{form}");
    }
}

#[test]
fn proxy_that_cannot_be_used_is_refused_before_anything_is_sent() {
    for (variable, value) in [
        ("HTTP_PROXY", "socks5://user:secret@proxy.example.com:1080"),
        ("http_proxy", "ftp://user:secret@proxy.example.com"),
        ("ALL_PROXY", "http://user:secret@proxy example com"),
    ] {
        let stage = stage(Version::V1_26);

        let done = stage.dispatch().var(variable, value).run().failed();

        assert!(done.log().starts_with(&format!("::error::Nothing was sent: variable {variable} ")), "{}", done.log());
        assert!(!done.log().contains("secret"), "{}", done.log());
        assert_eq!(stage.gitea.connections(), 0);
    }
}

#[test]
fn proxy_is_named_in_an_error_without_its_password() {
    let stage = stage(Version::V1_26);
    let address = stage.gitea.url().strip_prefix("http://").unwrap().to_owned();
    stage.gitea.refuse("POST", "", 403, "text/html", "<html><head><TITLE>\n Blocked by\n policy </TITLE>");

    let step = stage.dispatch().input("api-url", "http://gitea.invalid/api/v1");
    let done = step.var("HTTP_PROXY", &format!("http://user:secret@{address}")).run().failed();

    insta::assert_snapshot!(shown(done.log().lines().last().unwrap(), &stage), @"
    ::error::Workflow build-from-pr.yml of mporter/dispatch-target was not dispatched. The response is not from Gitea (403). Check that `api-url` points to Gitea itself, and that no proxy responds in its place. Setting the pull request's status failed too: POST http://gitea.invalid/api/v1/repos/mporter/dispatch-source/statuses/SHA through the proxy http://fake returned 403 Forbidden, but not in Gitea's format: a page with the title `Blocked by policy`. (POST http://gitea.invalid/api/v1/repos/mporter/dispatch-target/actions/workflows/build-from-pr.yml/dispatches?return_run_details=true through the proxy http://fake returned 403 Forbidden, but not in Gitea's format: a page with the title `Blocked by policy`)
    ");
    assert!(!done.log.contains("secret") && !done.log().contains(TOKEN), "{}", done.log);
}
