//! The server's abilities: the only module that compares version numbers.

use std::num::NonZeroU64;

use serde::Deserialize;

use super::http::Answer;
use super::retry::VERSION;
use super::{Error, Gitea};
use crate::text::one_line;
use crate::types::{RunId, RunNumber};

/// A server's kind and version, such as `1.26.4`, `1.27.0+dev-1-gabc`, or Forgejo's `9.0.0-dev+gitea-1.22.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// Major and minor number.
    version: (u32, u32),
    is_forgejo: bool,
}

impl Server {
    fn new(version: &str) -> Option<Self> {
        let mut numbers = version.split('.').map_while(|number| number.parse().ok());
        // Every Forgejo version names the Gitea version that Forgejo started from (seen on 9.0.0, otherwise read in the
        // source).
        let is_forgejo = version.contains("+gitea-");
        Some(Self { version: (numbers.next()?, numbers.next()?), is_forgejo })
    }

    /// The version for people: `1.26`.
    pub(crate) fn version(&self) -> String {
        format!("{}.{}", self.version.0, self.version.1)
    }

    /// Forgejo's name and version, if the server is not Gitea: its runs cannot be followed.
    pub(crate) fn other_forge(&self) -> Option<String> {
        self.is_forgejo.then(|| format!("Forgejo {}", self.version()))
    }

    /// Whether it is Forgejo, whose API for Actions differs.
    pub(crate) fn is_forgejo(&self) -> bool {
        self.is_forgejo
    }

    /// Whether the response to a dispatch names the run.
    pub(crate) fn names_dispatched_runs(&self) -> bool {
        self.is_gitea_of((1, 26))
    }

    fn is_gitea_of(&self, version: (u32, u32)) -> bool {
        !self.is_forgejo && self.version >= version
    }

    /// Whether it lists the jobs of a run.
    pub(crate) fn lists_jobs(&self) -> bool {
        self.is_gitea_of((1, 25))
    }

    /// The number in the address of a run's page: its id, or its number in the repository.
    pub(crate) fn page_number(&self, id: RunId, index: RunNumber) -> RunNumber {
        if self.has_pages_by_id() { page_by_id(id) } else { index }
    }

    fn has_pages_by_id(&self) -> bool {
        self.is_gitea_of((1, 26))
    }

    /// A server whose version is unknown. It counts as a current one.
    pub(crate) fn current() -> Self {
        Self { version: (1, 26), is_forgejo: false }
    }
}

/// The number in a run's address on a server that uses the id there: since Gitea 1.26.
pub(super) fn page_by_id(id: RunId) -> RunNumber {
    NonZeroU64::from(id).into()
}

impl Server {
    /// The run of a page, on a server that names dispatched runs. There, the number is the id.
    pub(crate) fn run_of_page(number: RunNumber) -> RunId {
        NonZeroU64::from(number).into()
    }
}

impl Gitea {
    /// The server's kind and version.
    pub(crate) async fn server(&self) -> Result<Server, Error> {
        #[derive(Deserialize)]
        struct Version {
            version: String,
        }
        let url = self.api.join(["version"]);
        let Answer { value: Version { version }, .. } = self.get(url.clone(), VERSION).await?;
        Server::new(&version).ok_or_else(|| self.not_gitea(url, format!("the version is {}", one_line(&version))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgejo_is_recognised_by_its_version_and_gets_no_gitea_abilities() {
        let server = |version| Server::new(version).unwrap();
        for version in ["9.0.0-dev+gitea-1.22.0", "15.0.3+gitea-1.22.0"] {
            let forgejo = server(version);
            assert!(forgejo.other_forge().unwrap().starts_with("Forgejo "), "{version}");
            assert!(!forgejo.names_dispatched_runs() && !forgejo.lists_jobs(), "{version}");
        }
        for version in ["1.26.4", "1.27.0+dev-1-gabc", "2.0.0"] {
            assert_eq!(server(version).other_forge(), None, "{version}");
            assert!(server(version).names_dispatched_runs(), "{version}");
        }
        assert!(!server("1.25.5").names_dispatched_runs());
        assert_eq!(Server::new("Forgejo"), None);
    }
}
