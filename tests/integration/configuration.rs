//! An invalid configuration names the input as the user wrote it, and sends nothing.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::fake::Version;
use crate::stage;
use crate::stage::{SOURCE, Step};

/// The message of a step that must fail without a request.
fn refusal(change: impl FnOnce(Step) -> Step) -> String {
    let stage = stage(Version::V1_26);
    let done = change(stage.dispatch()).run().failed();
    assert_eq!(stage.gitea.connections(), 0, "nothing is sent");
    assert_eq!(done.outputs, "");
    let folder = stage.directory.path().to_str().unwrap();
    done.log().replace(folder, "FOLDER")
}

#[test]
fn missing_input_is_named() {
    let names = ["mode", "token", "target", "workflow"];
    let messages = names.map(|name| refusal(|step| step.input(name, "")));
    insta::assert_snapshot!(messages.join("\n"), @"
    ::error::Nothing was sent: input `mode` is required
    ::error::Nothing was sent: input `token` is required. If it comes from a secret, that secret is empty: check that the secret is stored in this repository or for its owner, under exactly that name
    ::error::Nothing was sent: input `target` is required
    ::error::Nothing was sent: input `workflow` is required
    ");
}

#[test]
fn invalid_input_is_named_with_what_it_must_be() {
    let inputs = [
        ("mode", "despatch"),
        ("token", "two words"),
        ("token", "build"),
        ("target", "dispatch-target"),
        ("target", "../dispatch-target"),
        ("workflow", ".gitea/workflows/build.yml"),
        ("ref", "refs/pull/1/head"),
        ("inputs", "product"),
        ("inputs", "pr_number=1"),
        ("inputs", "a=1\na=2"),
        ("inputs", r#"{"a": {}}"#),
        ("source", "mporter"),
        ("pr-number", "#7"),
        ("sha", "7f68d9e"),
        ("context", "two\nlines"),
        ("api-url", "gitea.example.com"),
        ("api-url", "https://user:password@gitea.example.com/api/v1"),
        ("api-url", "https://api.github.com"),
        ("server-url", "javascript:alert(1)"),
        ("wait", "yes"),
        ("wait-timeout", "1d"),
    ];
    let messages = inputs.map(|(name, value)| refusal(|step| step.input(name, value)));
    insta::assert_snapshot!(messages.join("\n"), @"
    ::error::Nothing was sent: input `mode` must be `dispatch`, `report`, `reconcile` or `check`, not `despatch`
    ::error::Nothing was sent: input `token` has characters that tokens never have (a space, a line break, an umlaut …): store the secret again
    ::error::Nothing was sent: input `token` has fewer than 16 characters, and real tokens have 40: store the whole token in the secret
    ::error::Nothing was sent: input `target` must be `owner/name`, not `dispatch-target`
    ::error::Nothing was sent: input `target` must be `owner/name`, not `../dispatch-target`
    ::error::Nothing was sent: input `workflow` must be the file name of a workflow, such as `build.yml`, without its folder, not `.gitea/workflows/build.yml`
    ::error::Nothing was sent: input `ref` must be a branch, `refs/heads/…` or `refs/tags/…`, not `refs/pull/1/head`
    ::error::Nothing was sent: input `inputs` must have lines `key=value`, or be one JSON object; `product` is neither
    ::error::Nothing was sent: input `inputs` must not set `pr_number`: this action sets it, or it occurs twice
    ::error::Nothing was sent: input `inputs` must not set `a`: this action sets it, or it occurs twice
    ::error::Nothing was sent: input `inputs` must have plain values only, and `a` is a list or an object
    ::error::Nothing was sent: input `source` must be `owner/name`, not `mporter`
    ::error::Nothing was sent: input `pr-number` must be the number of a pull request, not `#7`
    ::error::Nothing was sent: input `sha` must be a full commit SHA of 40 or 64 hexadecimal digits, not `7f68d9e`
    ::error::Nothing was sent: input `context` must be one line of at most 255 characters, not `two lines`
    ::error::Nothing was sent: input `api-url` must be an address that starts with `http://` or `https://`
    ::error::Nothing was sent: input `api-url` must not contain a user name or password: the token belongs in `token`
    ::error::Nothing was sent: this server is GitHub, and this action supports Gitea only
    ::error::Nothing was sent: input `server-url` must be an address that starts with `http://` or `https://`
    ::error::Nothing was sent: input `wait` must be `true` or `false`, not `yes`
    ::error::Nothing was sent: input `wait-timeout` must be a time from `1s` to `168h`, such as `90s`, `60m` or `2h`, not `1d`
    ");
}

#[test]
fn input_that_is_not_utf8_is_named_and_does_not_count_as_unset() {
    let names = ["token", "mode", "inputs", "status", "allowed-sources", "wait-timeout"];
    for name in names {
        let stage = stage(Version::V1_26);
        let (mut command, files) = stage.dispatch().command();
        let variable = format!("INPUT_{}", name.to_uppercase().replace('-', "_"));
        command.env(variable, OsStr::from_bytes(b"mporter/*\xff"));
        let done = files.after(command).failed();
        assert_eq!(stage.gitea.connections(), 0, "nothing is sent");
        let error = format!("::error::Nothing was sent: input `{name}` is not valid UTF-8: write it as plain text");
        assert_eq!(done.log().trim_end(), error);
    }
}

#[test]
fn variable_of_another_program_may_hold_any_bytes() {
    let stage = stage(Version::V1_26);
    let (mut command, files) = stage.dispatch().command();
    command.env("LS_COLORS", OsStr::from_bytes(b"\xff")).env(OsStr::from_bytes(b"INPUT_\xff"), "x");
    files.after(command).ok();
}

#[test]
fn invalid_input_of_a_report_is_named() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    let sent = stage.gitea.requests().len();
    let inputs = [
        ("comment", "update-all"),
        ("comment-on", "success"),
        ("log-lines", "201"),
        ("log-lines-public", "yes"),
        ("status", "{}"),
        ("status", "{\"build\""),
        ("status", "success, pending"),
        ("allowed-sources", ""),
        ("pr-number", "x"),
        ("sha", "HEAD"),
    ];
    let messages = inputs.map(|(name, value)| stage.report(run).input(name, value).run().failed().log());
    insta::assert_snapshot!(messages.join("\n"), @"
    ::error::Nothing was sent: input `comment` must be `create`, `update`, `table` or `off`, not `update-all`
    ::error::Nothing was sent: input `comment-on` must be `always` or `failure`, not `success`
    ::error::Nothing was sent: input `log-lines` must be a number from 0 to 200, not `201`
    ::error::Nothing was sent: input `log-lines-public` must be `true` or `false`, not `yes`
    ::error::Nothing was sent: input `status` is the JSON of an empty `needs`: add the build job to `needs:` of the reporting job
    ::error::Nothing was sent: input `status` starts like the JSON of `needs`, but is not: EOF while parsing an object at line 1 column 8
    ::error::Nothing was sent: input `status` must have the word `pending` alone or not at all, since a run cannot be both running and ended
    ::error::Nothing was sent: input `allowed-sources` is set, but empty: an expression in it evaluates to nothing. Correct it; to allow any repository, set `*` or leave the input out
    ::error::Nothing was sent: input `pr-number` must be the number of a pull request, not `x`
    ::error::Nothing was sent: input `sha` must be a full commit SHA of 40 or 64 hexadecimal digits, not `HEAD`
    ");
    assert_eq!(stage.gitea.requests().len(), sent);
}

#[test]
fn body_and_its_file_together_are_refused() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    let sent = stage.gitea.requests().len();

    let done = stage.report(run).input("body", "text").input("body-path", "report.md").run().failed();

    insta::assert_snapshot!(done.log(), @"::error::Nothing was sent: input `body-path` must not be set together with `body`");
    assert_eq!(stage.gitea.requests().len(), sent);
}

#[test]
fn job_that_needs_names_twice_counts_by_its_worse_end() {
    let stage = stage(Version::V1_26);
    stage.dispatch().run().ok();
    let run = stage.start_last_run();
    let needs = r#"{"build": {"result": "failure"}, "build": {"result": "success"}}"#;

    stage.report(run).input("status", needs).run().ok();

    assert_eq!(stage.gitea.world().statuses(SOURCE, &stage.sha)[0].state, "failure");
}

#[test]
fn step_outside_of_a_workflow_names_what_is_missing() {
    let messages = [
        refusal(|step| step.without("GITHUB_REPOSITORY")),
        refusal(|step| step.without("GITHUB_API_URL")),
        refusal(|step| step.var("GITHUB_EVENT_PATH", "/nowhere/event.json")),
        refusal(|step| step.event("pull_request", &serde_json::json!({}))),
        refusal(|step| step.event("pull_request", &serde_json::json!({"pull_request": {"number": "#1"}}))),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r##"
    ::error::Nothing was sent: variable GITHUB_REPOSITORY is not set: run this program in a workflow step, with `uses:`
    ::error::Nothing was sent: variable GITHUB_API_URL is not set: run this program in a workflow step, with `uses:`
    ::error::Nothing was sent: the event payload /nowhere/event.json could not be read: No such file or directory (os error 2)
    ::error::Nothing was sent: input `sha` is required, since the event payload has no pull request
    ::error::Nothing was sent: the event payload FOLDER/step-1/event.json could not be understood: invalid type: string "#1", expected a nonzero u64 at line 1 column 30
    "##);
}

#[test]
fn other_forges_are_refused() {
    insta::assert_snapshot!(refusal(|step| step.var("FORGEJO_ACTIONS", "true")), @"::error::Nothing was sent: this server is Forgejo, and this action supports Gitea only");
}

#[test]
fn context_has_at_most_255_characters() {
    let stage = stage(Version::V1_26);
    stage.dispatch().input("context", &"ä".repeat(255)).run().ok();
    refusal(|step| step.input("context", &"ä".repeat(256)));
}

#[test]
fn unset_input_arrives_empty_and_takes_its_default() {
    let stage = stage(Version::V1_26);
    let names = [
        "ref",
        "inputs",
        "source",
        "pr-number",
        "sha",
        "head-ref",
        "context",
        "api-url",
        "server-url",
        "wait",
        "wait-timeout",
        "comment",
        "comment-on",
        "log-lines",
        "log-lines-public",
    ];

    names.iter().fold(stage.dispatch(), |step, name| step.input(name, "")).run().ok();

    assert_eq!(stage.gitea.requests()[0].body["ref"], "main");
}

#[test]
fn version_and_source_are_logged_without_a_configuration() {
    let output = std::process::Command::new(crate::binary()).arg("--version").env_clear().output().unwrap();

    assert!(output.status.success());
    let told = String::from_utf8(output.stdout).unwrap();
    let source = told.strip_prefix(concat!("dispatch-action ", env!("CARGO_PKG_VERSION"), ", source ")).unwrap();
    let is_digest = source.trim_end().len() == 64 && source.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_digest || source == "unknown, not built for a release\n", "{source}");
}
