//! A refused status does not prevent the comment, nor does a refused comment prevent the status. Each refusal is named.

use super::{comments, running, status};
use crate::fake::Version;
use crate::shown;

#[test]
fn refused_comment_does_not_prevent_the_status() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.world().add_token("dispatch-bot", "repository-only-token", &[crate::fake::Scope::WriteRepository]);

    let done = stage.report(run).input("token", "repository-only-token").run().failed();

    assert_eq!(status(&stage, "dispatch-target/build").0, "success");
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Run https://gitea.example.com/mporter/dispatch-target/actions/runs/30: success (status: success)
    Status dispatch-target/build on mporter/dispatch-source@SHA10: success, Successful in 0s
    ::error::The comment was not created. The token lacks the scope write:issue. Make a token with the scopes write:repository and write:issue, and store it as the secret. (POST http://fake/api/v1/repos/mporter/dispatch-source/issues/1/comments returned 403 Forbidden: token does not have at least one of required scope(s), required=[write:issue], token scope=write:repository) The status was set.
    ");
    insta::assert_snapshot!(done.outputs, @"
    run-id=30
    run-url=https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    state=success
    ");
}

#[test]
fn refused_status_does_not_prevent_the_comment() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.refuse("POST", "/statuses/", 403, "application/json", r#"{"message": "no"}"#);

    let done = stage.report(run).run().failed();

    assert_eq!(comments(&stage).len(), 1);
    insta::assert_snapshot!(shown(&done.log(), &stage), @"
    Run https://gitea.example.com/mporter/dispatch-target/actions/runs/30: success (status: success)
    Comment on pull request mporter/dispatch-source#1: https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-1
    ::error::The status was not set. The server refused (403): no. The server's message gives the reason. (POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/SHA returned 403 Forbidden: no) The comment was created.
    ");
    insta::assert_snapshot!(done.outputs, @"
    run-id=30
    run-url=https://gitea.example.com/mporter/dispatch-target/actions/runs/30
    comment-id=1
    comment-url=https://gitea.example.com/mporter/dispatch-source/pulls/1#issuecomment-1
    ");
}

#[test]
fn both_refusals_are_named() {
    let (stage, run) = running(Version::V1_26);
    stage.gitea.refuse("POST", "", 401, "application/json", r#"{"message": "invalid username, password or token"}"#);

    let done = stage.report(run).run().failed();

    insta::assert_snapshot!(shown(done.log().lines().last().unwrap(), &stage), @"::error::The status was not set. The access token is not valid. It may have been deleted, or its account disabled. Make a new token, and store it as the secret. (POST http://fake/api/v1/repos/mporter/dispatch-source/statuses/SHA returned 401 Unauthorized: invalid username, password or token) The comment was not created. The access token is not valid. It may have been deleted, or its account disabled. Make a new token, and store it as the secret. (POST http://fake/api/v1/repos/mporter/dispatch-source/issues/1/comments returned 401 Unauthorized: invalid username, password or token)");
}
