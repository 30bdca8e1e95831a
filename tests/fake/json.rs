//! The shapes of the answers, which differ a little from release to release.

use serde_json::{Value, json};

use super::access::Access;
use super::clock::rfc3339;
use super::world::ACTIONS_USER;
use super::{Comment, PullRequest, Repository, Status, Version, World};

/// What Go writes for a time that was never set.
pub(super) const NEVER: &str = "0001-01-01T00:00:00Z";

pub(super) fn user(world: &World, name: &str) -> Value {
    let known = world.users.get(name);
    let id = known.map_or(if name == ACTIONS_USER { -2 } else { -1 }, |user| user.id);
    let email = match world.version {
        Version::Forgejo | Version::V1_24 | Version::V1_25 => format!("{name}@noreply.localhost"),
        Version::V1_26 | Version::V1_27 => format!("{id}+{name}@noreply.localhost"),
    };
    json!({
        "id": id,
        "login": name,
        "login_name": "",
        "source_id": 0,
        "full_name": "",
        "email": email,
        "avatar_url": format!("{}/avatars/{:032x}", world.pages(), id.unsigned_abs()),
        "html_url": format!("{}/{name}", world.pages()),
        "language": "",
        "is_admin": false,
        "last_login": NEVER,
        "created": rfc3339(1_700_000_000),
        "restricted": false,
        "active": false,
        "prohibit_login": false,
        "location": "",
        "website": "",
        "description": "",
        "visibility": "public",
        "followers_count": 0,
        "following_count": 0,
        "starred_repos_count": 0,
        "username": name,
    })
}

pub(super) fn repository(world: &World, repository: &Repository, access: Access) -> Value {
    let full_name = repository.full_name();
    let root = &world.root_url;
    let api_url = format!("{root}/api/v1/repos/{full_name}");
    let html_url = format!("{}/{full_name}", world.pages());
    let mut value = json!({
        "id": repository.id,
        "owner": user(world, &repository.owner),
        "name": repository.name,
        "full_name": full_name,
        "description": "",
        "empty": false,
        "private": repository.private,
        "fork": repository.fork_of.is_some(),
        "template": false,
        "mirror": false,
        "size": 30,
        "language": "",
        "languages_url": format!("{api_url}/languages"),
        "html_url": html_url,
        "url": api_url,
        "link": "",
        "ssh_url": format!("git@localhost:{full_name}.git"),
        "clone_url": format!("{html_url}.git"),
        "original_url": "",
        "website": "",
        "default_branch": repository.default_branch,
        "archived": repository.archived,
        "created_at": rfc3339(repository.created_at),
        "updated_at": rfc3339(repository.created_at),
        "archived_at": rfc3339(0),
    });
    extend(
        &mut value,
        json!({
            "stars_count": 0,
            "forks_count": 0,
            "watchers_count": 1,
            "open_issues_count": 0,
            "open_pr_counter": repository.pulls.values().filter(|pull| pull.open).count(),
            "release_counter": 0,
            "permissions": {
                "admin": access >= Access::Owner,
                "push": access >= Access::Write,
                "pull": access >= Access::Read,
            },
            "has_issues": true,
            "internal_tracker": {
                "enable_time_tracker": true,
                "allow_only_contributors_to_track_time": true,
                "enable_issue_dependencies": true,
            },
            "has_wiki": true,
            "has_pull_requests": true,
            "has_projects": true,
            "projects_mode": "all",
            "has_releases": true,
            "has_packages": true,
            "has_actions": repository.actions_enabled,
        }),
    );
    extend(
        &mut value,
        json!({
            "ignore_whitespace_conflicts": false,
            "allow_merge_commits": true,
            "allow_rebase": true,
            "allow_rebase_explicit": true,
            "allow_squash_merge": true,
            "allow_fast_forward_only_merge": true,
            "allow_rebase_update": true,
            "default_delete_branch_after_merge": false,
            "default_merge_style": "merge",
            "default_allow_maintainer_edit": true,
            "avatar_url": "",
            "internal": false,
            "mirror_interval": "",
            "object_format_name": "sha1",
            "mirror_updated": NEVER,
            "topics": [],
            "licenses": [],
        }),
    );
    if world.version >= Version::V1_25 {
        extend(&mut value, json!({"has_code": true, "allow_manual_merge": false, "autodetect_manual_merge": false}));
    }
    if world.version >= Version::V1_26 {
        extend(&mut value, json!({"branch_count": repository.branches.len()}));
    }
    if world.version >= Version::V1_27 {
        extend(
            &mut value,
            json!({"allow_merge_update": true, "default_update_style": "merge", "mirror_last_sync_at": NEVER}),
        );
    }
    value
}

pub(super) fn status(world: &World, status: &Status) -> Value {
    let time = rfc3339(status.created_at);
    json!({
        "id": status.id,
        "status": status.state,
        "target_url": status.target_url,
        "description": status.description,
        "url": format!("{}/api/v1/repos/{}/statuses/{}", world.root_url, status.repository, status.sha),
        "context": status.context,
        "creator": status.creator.as_ref().map(|name| user(world, name)),
        "created_at": time,
        "updated_at": time,
    })
}

pub(super) fn comment(world: &World, comment: &Comment) -> Value {
    let is_pull = world.repository_ref(&comment.repository).pulls.contains_key(&comment.number);
    let url = issue_url(world, &comment.repository, comment.number);
    json!({
        "id": comment.id,
        "html_url": format!("{url}#issuecomment-{}", comment.id),
        "pull_request_url": if is_pull { url.as_str() } else { "" },
        "issue_url": if is_pull { "" } else { url.as_str() },
        "user": user(world, &comment.author),
        "original_author": "",
        "original_author_id": 0,
        "body": comment.body,
        "assets": [],
        "created_at": rfc3339(comment.created_at),
        "updated_at": rfc3339(comment.updated_at),
    })
}

/// The page of an issue or of a pull request.
fn issue_url(world: &World, repo: &str, number: u64) -> String {
    let kind = if world.repository_ref(repo).pulls.contains_key(&number) { "pulls" } else { "issues" };
    format!("{}/{repo}/{kind}/{number}", world.pages())
}

/// What an event about a comment says about the issue or pull request. It does not have the pull request's head.
pub(super) fn issue(world: &World, repository: &Repository, number: u64) -> Value {
    let full_name = repository.full_name();
    let pull = repository.pulls.get(&number);
    let issue_title = || repository.issues.get(&number).expect("an issue that was opened").clone();
    let url = issue_url(world, &full_name, number);
    let created = rfc3339(pull.map_or(repository.created_at, |pull| pull.created_at));
    let pull_request = json!({"draft": false, "html_url": url, "merged": false, "merged_at": null});
    let mut value = json!({
        "assets": [],
        "assignee": null,
        "assignees": null,
        "body": pull.map_or("", |pull| &pull.description),
        "closed_at": null,
        "comments": world.comments(&full_name, number).len(),
        "content_version": 0,
        "created_at": created,
        "due_date": null,
        "html_url": url,
        "id": number,
        "is_locked": false,
        "labels": [],
        "milestone": null,
        "number": number,
        "original_author": "",
        "original_author_id": 0,
        "pin_order": 0,
        "pull_request": pull.map(|_| pull_request),
        "ref": "",
        "repository": {
            "full_name": full_name,
            "id": repository.id,
            "name": repository.name,
            "owner": repository.owner,
        },
        "state": if pull.is_none_or(|pull| pull.open) { "open" } else { "closed" },
        "time_estimate": 0,
        "title": pull.map_or_else(issue_title, |pull| pull.title.clone()),
        "updated_at": created,
        "url": format!("{}/api/v1/repos/{full_name}/issues/{number}", world.root_url),
        "user": user(world, pull.map_or(&repository.owner, |pull| &pull.author)),
    });
    if world.version >= Version::V1_27 {
        extend(&mut value, json!({"projects": null}));
    }
    value
}

/// `detailed` is the answer for one pull request; a list has less.
pub(super) fn pull_request(
    world: &World,
    base: &Repository,
    pull: &PullRequest,
    access: Access,
    detailed: bool,
) -> Value {
    let url = format!("{}/{}/pulls/{}", world.pages(), base.full_name(), pull.number);
    let branch = |name: &str, sha: Option<&String>, repo: Option<&Repository>| {
        // If a fork was deleted, only the copy of its branch is left. A pull request by AGit never had another branch
        // (read).
        let only_copy = repo.is_none() || name.starts_with("refs/");
        json!({
            "label": if name.starts_with("refs/") { "" } else { name },
            "ref": if only_copy { format!("refs/pull/{}/head", pull.number) } else { name.to_owned() },
            "sha": sha,
            "repo_id": repo.map_or(-1, |repo| repo.id as i64),
            "repo": repo.map(|repo| repository(world, repo, access)),
        })
    };
    let base_sha = base.branches.get(&pull.base_ref);
    let people = if detailed { json!([]) } else { Value::Null };
    let mut value = json!({
        "id": pull.id,
        "url": url,
        "number": pull.number,
        "user": user(world, &pull.author),
        "title": pull.title,
        "body": pull.description,
        "labels": [],
        "milestone": null,
        "assignee": null,
        "assignees": people,
        "requested_reviewers": people,
        "requested_reviewers_teams": people,
        "state": if pull.open { "open" } else { "closed" },
        "draft": false,
        "is_locked": false,
        "comments": world.comments(&base.full_name(), pull.number).len(),
        "html_url": url,
        "diff_url": format!("{url}.diff"),
        "patch_url": format!("{url}.patch"),
        "mergeable": true,
    });
    extend(
        &mut value,
        json!({
            "merged": false,
            "merged_at": null,
            "merge_commit_sha": null,
            "merged_by": null,
            "allow_maintainer_edit": true,
            "base": branch(&pull.base_ref, base_sha, Some(base)),
            "head": branch(&pull.head_ref, Some(&pull.head_sha), world.repositories.get(&pull.head_repo)),
            "merge_base": base_sha,
            "due_date": null,
            "created_at": rfc3339(pull.created_at),
            "updated_at": rfc3339(pull.updated_at),
            "closed_at": if pull.open { Value::Null } else { rfc3339(pull.updated_at).into() },
            "pin_order": 0,
        }),
    );
    if detailed {
        extend(&mut value, json!({"additions": 1, "deletions": 0, "changed_files": 1}));
    }
    if world.version >= Version::V1_26 {
        extend(&mut value, json!({"content_version": 0}));
    }
    value
}

pub(super) fn contents(world: &World, repository: &Repository, path: &str, content: &str) -> Value {
    let (root, pages) = (&world.root_url, world.pages());
    let full_name = repository.full_name();
    let branch = &repository.default_branch;
    let commit = repository.branches.get(branch);
    let time = rfc3339(repository.created_at);
    let sha = format!("{:040x}", content.len());
    let api_url = format!("{root}/api/v1/repos/{full_name}/contents/{path}?ref={branch}");
    let html_url = format!("{pages}/{full_name}/src/branch/{branch}/{path}");
    let git_url = format!("{root}/api/v1/repos/{full_name}/git/blobs/{sha}");
    json!({
        "name": path.rsplit('/').next(),
        "path": path,
        "sha": sha,
        "last_commit_sha": commit,
        "last_committer_date": time,
        "last_author_date": time,
        "type": "file",
        "size": content.len(),
        "encoding": "base64",
        "content": base64(content.as_bytes()),
        "target": null,
        "url": api_url,
        "html_url": html_url,
        "git_url": git_url,
        "download_url": format!("{pages}/{full_name}/raw/branch/{branch}/{path}"),
        "submodule_git_url": null,
        "_links": {"self": api_url, "git": git_url, "html": html_url},
    })
}

pub(super) fn extend(value: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (value, more) {
        object.extend(more);
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |chunk: &[u8]| {
        let bits = chunk.iter().chain([&0; 2]).take(3).fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        let digit = |place: usize| char::from(DIGITS[bits >> (18 - 6 * place) & 63]);
        (0..4).map(|place| if place > chunk.len() { '=' } else { digit(place) }).collect::<String>()
    };
    bytes.chunks(3).map(encode).collect()
}
