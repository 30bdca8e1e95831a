//! Commit statuses.

use serde_json::{Value, json};

use super::Version;
use super::access::{Category, Need};
use super::api::{Call, Outcome, not_found, ok, total_count, with_status};
use super::json;

impl Call<'_> {
    pub(super) fn post_status(&mut self, owner: &str, name: &str, sha: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::Writer)?;
        let body = self.body()?;
        let field = |name: &str| self.text(&body, "CreateStatusOption", name);
        let (state, target_url, description) = (field("state")?, field("target_url")?, field("description")?);
        let context = Some(field("context")?).filter(|text| !text.is_empty()).unwrap_or_else(|| "default".to_owned());
        let Some(sha) = self.world.repository_ref(&repo).resolve(sha) else {
            let message = format!("GetCommit[{sha}]: object does not exist [id: {sha}, rel_path: ]");
            return Err(self.internal_error(&message));
        };
        let user = self.user();
        // A job's own token belongs to no account, and such a status has no creator.
        let creator = self.world.users.contains_key(&user).then_some(user.as_str());
        self.world.add_status(&repo, &sha, creator, &context, &state, &target_url);
        let status = self.world.statuses.last_mut().expect("the status just added");
        status.description = description;
        let status = status.clone();
        Ok(with_status(201, &json::status(self.world, &status)))
    }

    pub(super) fn list_statuses(&self, owner: &str, name: &str, git_ref: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::Reader)?;
        let sha = self.commit(&repo, git_ref)?;
        let mut statuses = self.world.all_statuses(&repo, &sha);
        // The newest second first; within a second, the order is undefined.
        statuses.sort_by_key(|status| (std::cmp::Reverse(status.created_at), status.id));
        let page = self.paged_if_requested(statuses);
        let body: Vec<Value> = page.items.iter().map(|status| json::status(self.world, status)).collect();
        let answer = total_count(ok(&Value::from(body)), page.total);
        Ok(self.with_links(answer, page.total, page.page, page.limit))
    }

    pub(super) fn combined_status(&self, owner: &str, name: &str, git_ref: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::Reader)?;
        let sha = self.commit(&repo, git_ref)?;
        let page = self.paged(self.world.statuses(&repo, &sha));
        let statuses: Vec<Value> = page.items.iter().map(|status| json::status(self.world, status)).collect();
        let repository = self.world.repository_ref(&repo);
        let (commit_url, url) = match self.world.version {
            Version::Forgejo | Version::V1_24 => (String::new(), String::new()),
            Version::V1_25 | Version::V1_26 | Version::V1_27 => {
                let commit_url = format!("{}/api/v1/repos/{repo}/commits/{sha}", self.world.root_url);
                (commit_url.clone(), format!("{commit_url}/status"))
            }
        };
        let body = json!({
            "state": worst(page.items.iter().map(|status| status.state.as_str())),
            "sha": sha,
            // The length of this page: only the header has the total.
            "total_count": statuses.len(),
            "statuses": if statuses.is_empty() { Value::Null } else { Value::from(statuses) },
            "repository": json::repository(self.world, repository, self.access(repository)),
            "commit_url": commit_url,
            "url": url,
        });
        Ok(total_count(ok(&body), page.total))
    }

    fn commit(&self, repo: &str, git_ref: &str) -> Result<String, super::faults::Answer> {
        self.world.repository_ref(repo).resolve(git_ref).ok_or_else(|| {
            let detail = format!("object does not exist [id: {git_ref}, rel_path: ]");
            not_found(self.world, Some(&detail))
        })
    }
}

/// Their combined state. States that Gitea does not know count for nothing.
fn worst<'a>(states: impl Iterator<Item = &'a str>) -> &'static str {
    let states: Vec<&str> = states.collect();
    let has = |state: &str| states.contains(&state);
    if has("error") || has("failure") {
        "failure"
    } else if has("pending") || states.is_empty() {
        "pending"
    } else if has("warning") {
        "warning"
    } else if states.iter().all(|state| *state == "skipped") {
        "skipped"
    } else {
        "success"
    }
}
