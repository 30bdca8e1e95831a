//! The routes, and what all endpoints share: errors, bodies, pages.

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::extract::Query;
use axum::http::Uri;
use serde_json::{Value, json};

use super::access::{Category, Need, authenticate};
use super::faults::Answer;
use super::world::{Token, World};
use super::{Request, Version, json};

/// An answer either way; `Err` only ends the work early.
pub(super) type Outcome = Result<Answer, Answer>;

/// A request on its way through an endpoint.
pub(super) struct Call<'a> {
    pub(super) world: &'a mut World,
    pub(super) caller: Option<Token>,
    pub(super) method: &'a str,
    pub(super) query: BTreeMap<String, String>,
    path: &'a str,
    request: &'a Request,
}

pub(super) fn answer(world: &mut World, request: &Request) -> Answer {
    if let Some(host) = &request.host {
        let scheme = world.host.split("://").next().unwrap_or_default();
        world.host = format!("{scheme}://{host}");
    }
    let path = request.path.split('?').next().unwrap_or_default();
    let Some(rest) = path.strip_prefix("/api/v1/") else { return unknown_route() };
    let segments: Vec<String> = rest.split('/').map(percent_decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let caller = match authenticate(world, request.authorization.as_deref()) {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    let query = request.path.parse::<Uri>().ok().and_then(|uri| Query::try_from_uri(&uri).ok());
    let query = query.map_or_else(BTreeMap::new, |Query(query)| query);
    let mut call = Call { world, caller, method: &request.method, query, path, request };
    route(&mut call, &segments).unwrap_or_else(|answer| answer)
}

fn route(call: &mut Call, segments: &[&str]) -> Outcome {
    // 1.24 lists tasks and workflows, but has no endpoint for runs. Forgejo lists only tasks (read).
    let has_workflows = call.world.version >= Version::V1_24;
    let has_runs = call.world.version >= Version::V1_25;
    match (call.method, segments) {
        ("GET", ["version"]) => Ok(ok(&json!({"version": call.world.version.number()}))),
        ("GET", ["user"]) => call.own_user(),
        ("GET", ["repos", owner, name]) => call.get_repository(owner, name),

        ("POST", ["repos", owner, name, "statuses", sha]) => call.post_status(owner, name, sha),
        (
            "GET",
            ["repos", owner, name, "statuses", git_ref] | ["repos", owner, name, "commits", git_ref, "statuses"],
        ) => call.list_statuses(owner, name, git_ref),
        ("GET", ["repos", owner, name, "commits", git_ref, "status"]) => call.combined_status(owner, name, git_ref),

        ("GET", ["repos", owner, name, "pulls"]) => call.list_pulls(owner, name),
        ("GET", ["repos", owner, name, "pulls", number]) => call.get_pull(owner, name, number),
        ("POST", ["repos", owner, name, "issues", number, "comments"]) => call.post_comment(owner, name, number),
        ("GET", ["repos", owner, name, "issues", number, "comments"]) => call.list_comments(owner, name, number),
        ("GET", ["repos", owner, name, "issues", "comments"]) => call.list_all_comments(owner, name),
        ("PATCH", ["repos", owner, name, "issues", "comments", id]) => call.edit_comment(owner, name, id),
        ("DELETE", ["repos", owner, name, "issues", "comments", id]) => call.delete_comment(owner, name, id),

        ("POST", ["repos", owner, name, "actions", "workflows", file, "dispatches"]) => {
            call.dispatch(owner, name, file)
        }
        ("GET", ["repos", owner, name, "actions", "workflows"]) if has_workflows => call.list_workflows(owner, name),
        ("GET", ["repos", owner, name, "actions", "workflows", file]) if has_workflows => {
            call.get_workflow(owner, name, file)
        }
        ("GET", ["repos", owner, name, "actions", "tasks"]) => call.list_tasks(owner, name),
        ("GET", ["repos", owner, name, "actions", "runs"]) if has_runs => call.list_runs(owner, name),
        ("GET", ["repos", owner, name, "actions", "runs", id]) if has_runs => call.get_run(owner, name, id),
        ("DELETE", ["repos", owner, name, "actions", "runs", id]) if has_runs => call.delete_run(owner, name, id),
        ("GET", ["repos", owner, name, "actions", "runs", id, "jobs"]) if has_runs => call.list_jobs(owner, name, id),

        ("GET", ["repos", owner, name, "actions", "jobs", id, "logs"]) if has_runs => call.get_log(owner, name, id),

        ("GET", ["repos", owner, name, "branches", branch @ ..]) => call.get_branch(owner, name, &branch.join("/")),
        ("GET", ["repos", owner, name, "tags", tag @ ..]) => call.get_tag(owner, name, &tag.join("/")),
        ("GET", ["repos", owner, name, "contents", file @ ..]) => call.get_contents(owner, name, &file.join("/")),
        ("GET", ["repos", owner, name, "raw", file @ ..]) => call.get_raw(owner, name, &file.join("/")),
        _ => Ok(unknown_route()),
    }
}

impl Call<'_> {
    fn own_user(&self) -> Outcome {
        self.check_scope(Category::User)?;
        if self.caller.is_none() {
            return Err(error(self.world, 401, "token is required"));
        }
        Ok(ok(&json::user(self.world, &self.user())))
    }

    fn get_repository(&self, owner: &str, name: &str) -> Outcome {
        let name = self.enter(Category::Repository, owner, name, Need::Reader)?;
        let repository = self.world.repository_ref(&name);
        Ok(ok(&json::repository(self.world, repository, self.access(repository))))
    }

    /// The `Range` header.
    pub(super) fn range(&self) -> Option<&str> {
        self.request.range.as_deref()
    }

    /// Path and query as they were sent.
    pub(super) fn path(&self) -> &str {
        &self.request.path
    }

    /// The JSON body, which Gitea takes only with the right content type. No body is an empty object.
    pub(super) fn body(&self) -> Result<Value, Answer> {
        let invalid = |message: &str| error(self.world, 422, &format!("[]: {message}"));
        match self.request.content_type.as_deref() {
            None | Some("") => Err(invalid("Empty Content-Type")),
            Some(content_type) if !content_type.contains("json") => Err(invalid("Unsupported Content-Type")),
            Some(_) => match &self.request.body {
                Value::Null => Ok(json!({})),
                body @ Value::Object(_) => Ok(body.clone()),
                other => Err(invalid(&format!("json: cannot unmarshal {} into Go value", go_type(other)))),
            },
        }
    }

    /// A text of the body; empty if it is missing, as in Go.
    pub(super) fn text(&self, body: &Value, object: &str, field: &str) -> Result<String, Answer> {
        match &body[field] {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text.clone()),
            other => Err(self.unmarshal_error(other, &format!("{object}.{field}"), "string")),
        }
    }

    pub(super) fn unmarshal_error(&self, value: &Value, field: &str, wanted: &str) -> Answer {
        let kind = go_type(value);
        let message = format!("[]: json: cannot unmarshal {kind} into Go struct field {field} of type {wanted}");
        error(self.world, 422, &message)
    }

    /// An internal error, whose text a server in production shows to site administrators only.
    pub(super) fn internal_error(&self, message: &str) -> Answer {
        error(self.world, 500, if self.is_admin() { message } else { "" })
    }

    /// The page that the query selects: 30 entries by default, 50 at most.
    pub(super) fn paged<T>(&self, items: Vec<T>) -> Paged<T> {
        let number = |name: &str| self.query.get(name).and_then(|text| text.parse::<usize>().ok()).filter(|n| *n > 0);
        let (page, limit) = (number("page").unwrap_or(1), number("limit").unwrap_or(30).min(50));
        let total = items.len();
        let items = items.into_iter().skip((page - 1) * limit).take(limit).collect();
        Paged { items, total, page, limit }
    }

    /// As [`Self::paged`], for lists that up to 1.25 have no pages unless the query has `page`.
    pub(super) fn paged_if_requested<T>(&self, items: Vec<T>) -> Paged<T> {
        if self.world.version >= Version::V1_26 || self.query.contains_key("page") {
            return self.paged(items);
        }
        let limit = self.paged(Vec::<T>::new()).limit;
        Paged { total: items.len(), items, page: 1, limit }
    }

    /// The `Link` header, which is there only if there is another page.
    pub(super) fn with_links(&self, answer: Answer, total: usize, page: usize, limit: usize) -> Answer {
        let last = total.div_ceil(limit);
        let mut links = Vec::new();
        let mut link = |number: usize, relation: &str| {
            let mut query = self.query.clone();
            query.insert("page".to_owned(), number.to_string());
            let query: Vec<String> =
                query.iter().map(|(key, value)| format!("{}={}", percent_encode(key), percent_encode(value))).collect();
            links.push(format!("<{}{}?{}>; rel=\"{relation}\"", self.world.root_url, self.path, query.join("&")));
        };
        if page < last {
            link(page + 1, "next");
            link(last, "last");
        }
        if page > 1 {
            link(1, "first");
            link(page - 1, "prev");
        }
        if links.is_empty() { answer } else { answer.header("Link", links.join(",")) }
    }
}

/// One page of a list.
pub(super) struct Paged<T> {
    pub(super) items: Vec<T>,
    pub(super) total: usize,
    pub(super) page: usize,
    pub(super) limit: usize,
}

pub(super) const JSON: &str = "application/json;charset=utf-8";

pub(super) fn ok(body: &Value) -> Answer {
    with_status(200, body)
}

pub(super) fn with_status(status: u16, body: &Value) -> Answer {
    Answer::new(status, JSON, body.to_string())
}

pub(super) fn no_content() -> Answer {
    Answer::new(204, "", "")
}

pub(super) fn total_count(answer: Answer, total: usize) -> Answer {
    answer.header("X-Total-Count", total.to_string())
}

pub(super) fn error(world: &World, status: u16, message: &str) -> Answer {
    with_status(status, &json!({"message": message, "url": format!("{}/api/swagger", world.root_url)}))
}

/// A 404 in Gitea's own format. It is the same for what is missing and for what is hidden.
pub(super) fn not_found(world: &World, detail: Option<&str>) -> Answer {
    let message = match world.version {
        Version::Forgejo | Version::V1_24 => "The target couldn't be found.",
        Version::V1_25 | Version::V1_26 => "not found",
        Version::V1_27 => return error(world, 404, detail.unwrap_or("not found")),
    };
    let errors = detail.map(|detail| vec![detail]);
    with_status(404, &json!({"errors": errors, "message": message, "url": format!("{}/api/swagger", world.root_url)}))
}

fn unknown_route() -> Answer {
    Answer { stray: true, ..Answer::new(404, "text/plain; charset=utf-8", "404 page not found\n") }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn percent_decode(text: &str) -> String {
    let hex = |digits: &[u8]| std::str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let mut rest = text.as_bytes();
    let mut decoded = Vec::new();
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).filter(|_| *first == b'%').and_then(hex);
        decoded.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn percent_encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes any text");
        }
    }
    encoded
}
