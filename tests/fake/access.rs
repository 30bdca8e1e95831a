//! Who sends a request, and what they may do. The checks are in Gitea's order: first the token's scope, then the
//! repository, then the user.

use super::api::{Call, error, not_found};
use super::faults::Answer;
use super::world::{Repository, Scope, Token, World};
use super::{Permission, Version};

/// The group of endpoints, which decides the scope that a token needs.
#[derive(Clone, Copy)]
pub(super) enum Category {
    Issue,
    Repository,
    User,
}

/// The right that an endpoint requires of the user.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// Sees the repository. A public one needs no token at all.
    Reader,
    SignedIn,
    Writer,
    Owner,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    None,
    Read,
    Write,
    Owner,
}

impl Scope {
    fn text(self) -> &'static str {
        match self {
            Self::ReadIssue => "read:issue",
            Self::WriteIssue => "write:issue",
            Self::ReadRepository => "read:repository",
            Self::WriteRepository => "write:repository",
            Self::ReadUser => "read:user",
            Self::WriteUser => "write:user",
        }
    }
}

impl Category {
    /// The scope for reading and the scope for writing. The second includes the first.
    fn scopes(self) -> (Scope, Scope) {
        match self {
            Self::Issue => (Scope::ReadIssue, Scope::WriteIssue),
            Self::Repository => (Scope::ReadRepository, Scope::WriteRepository),
            Self::User => (Scope::ReadUser, Scope::WriteUser),
        }
    }
}

/// The token in an `Authorization` header. No header means nobody; a wrong header is an error.
pub(super) fn authenticate(world: &World, authorization: Option<&str>) -> Result<Option<Token>, Answer> {
    let Some(authorization) = authorization else { return Ok(None) };
    let value =
        authorization.split_once(' ').filter(|(scheme, _)| ["token", "bearer"].contains(&&*scheme.to_lowercase()));
    let token = value.and_then(|(_, value)| world.tokens.get(value.trim()));
    let message = match world.version {
        Version::Forgejo | Version::V1_24 => "user does not exist [uid: 0, name: ]",
        Version::V1_25 | Version::V1_26 | Version::V1_27 => "invalid username, password or token",
    };
    token.cloned().map(Some).ok_or_else(|| error(world, 401, message))
}

impl Call<'_> {
    /// Refuses a token without the scope for this kind of request.
    pub(super) fn check_scope(&self, category: Category) -> Result<(), Answer> {
        let Some(held) = self.caller.as_ref().and_then(|token| token.scopes.as_ref()) else { return Ok(()) };
        let (read, write) = category.scopes();
        let needed = if self.method == "GET" { read } else { write };
        if held.contains(&needed) || held.contains(&write) {
            return Ok(());
        }
        let held: Vec<&str> = held.iter().map(|scope| scope.text()).collect();
        let message = format!(
            "token does not have at least one of required scope(s), required=[{}], token scope={}",
            needed.text(),
            held.join(",")
        );
        Err(error(self.world, 403, &message))
    }

    /// Lets the caller into a repository, or says why not. Returns the repository's name.
    pub(super) fn enter(&self, category: Category, owner: &str, name: &str, need: Need) -> Result<String, Answer> {
        self.check_scope(category)?;
        let full_name = format!("{owner}/{name}");
        let access = self.world.repositories.get(&full_name).map_or(Access::None, |repository| self.access(repository));
        if let Some(new) = self.world.renamed.get(&full_name) {
            // By the path alone, whatever the method.
            let location = self.path().replacen(&full_name, new, 1);
            return Err(Answer::new(301, "text/html; charset=utf-8", "").header("Location", location));
        }
        if access == Access::None {
            return Err(not_found(self.world, None));
        }
        if need >= Need::SignedIn && self.caller.is_none() {
            return Err(error(self.world, 401, "token is required"));
        }
        if need >= Need::Writer && access < Access::Write {
            return Err(error(self.world, 403, "user should have a permission to write to a repo"));
        }
        if need >= Need::Owner && access < Access::Owner {
            return Err(error(self.world, 403, "user should be the owner of the repo"));
        }
        Ok(full_name)
    }

    /// If Actions are switched off, they cannot be read, except by those who could switch them on (read).
    pub(super) fn check_actions(&self, repo: &str) -> Result<(), Answer> {
        let repository = self.world.repository_ref(repo);
        if repository.actions_enabled || self.access(repository) >= Access::Owner {
            return Ok(());
        }
        let message = "user should have specific read permission or be a repo admin or a site admin";
        Err(error(self.world, 403, message))
    }

    /// What the caller may do in the repository.
    pub(super) fn access(&self, repository: &Repository) -> Access {
        let public = if repository.private { Access::None } else { Access::Read };
        let Some(token) = &self.caller else { return public };
        if let Some(own) = &token.job_of {
            return if *own == repository.full_name() { Access::Write } else { public };
        }
        if token.user == repository.owner || self.is_admin() {
            return Access::Owner;
        }
        match repository.collaborators.get(&token.user) {
            Some(Permission::Write) => Access::Write,
            Some(Permission::Read) => Access::Read,
            None => public,
        }
    }

    pub(super) fn is_admin(&self) -> bool {
        let user = self.caller.as_ref().and_then(|token| self.world.users.get(&token.user));
        user.is_some_and(|user| user.admin)
    }

    /// The name of the user who sends the request.
    pub(super) fn user(&self) -> String {
        self.caller.as_ref().map_or_else(String::new, |token| token.user.clone())
    }
}
