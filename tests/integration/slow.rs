//! What takes its time: failures that are tried again until the limit. `cargo test -- --skip slow::` leaves them out.

mod matrix;

use crate::fake::Version;
use crate::{shown, stage};

#[test]
fn proxy_for_https_is_asked_for_a_tunnel() {
    let stage = stage(Version::V1_26);
    let step = stage.dispatch().input("api-url", "https://gitea.invalid/api/v1");

    step.var("HTTPS_PROXY", &stage.gitea.url()).run().failed();

    // The fake is no proxy and refuses; what counts is that it was asked, and got no token.
    let request = stage.gitea.requests().remove(0);
    assert_eq!((request.method.as_str(), request.authorization), ("CONNECT", None));
}

#[test]
fn unreachable_server_is_tried_again_and_named_with_the_cause() {
    let stage = stage(Version::V1_26);

    // The discard port: nothing listens there.
    let done = stage.dispatch().input("api-url", "http://127.0.0.1:9/api/v1").run().failed();

    let log = shown(&done.log(), &stage);
    assert!(log.contains("could not be sent: client error (Connect): tcp connect error: Connection refused"), "{log}");
    assert!(log.contains("(tried "), "{log}");
    assert!(log.contains("See that the runner reaches `api-url`"), "{log}");
}
