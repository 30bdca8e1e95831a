//! Branches and tags (seen on 1.25.5, 1.26.4 and 1.27.0).

use serde_json::json;

use super::access::{Category, Need};
use super::api::{Call, Outcome, not_found, ok};

impl Call<'_> {
    pub(super) fn get_branch(&self, owner: &str, name: &str, branch: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::Reader)?;
        let sha = self.world.repository_ref(&repo).branches.get(branch);
        let sha = sha.ok_or_else(|| not_found(self.world, None))?;
        Ok(ok(&json!({"name": branch, "commit": {"id": sha, "message": "A change\n"}, "protected": false})))
    }

    pub(super) fn get_tag(&self, owner: &str, name: &str, tag: &str) -> Outcome {
        let repo = self.enter(Category::Repository, owner, name, Need::Reader)?;
        let sha = self.world.repository_ref(&repo).tags.get(tag);
        let sha = sha.ok_or_else(|| not_found(self.world, Some(&format!("tag doesn't exist: {tag}"))))?;
        Ok(ok(&json!({"name": tag, "message": "", "id": sha, "commit": {"sha": sha}})))
    }
}
