//! What this server can: the only room that compares version numbers.

use serde::Deserialize;

use super::http::Answer;
use super::retry::VERSION;
use super::{Error, Gitea};
use crate::text::one_line;

impl Gitea {
    /// The server's version, such as `1.26.4` or `1.27.0+dev-1-gabc`: major and minor number.
    pub(crate) async fn version(&self) -> Result<(u32, u32), Error> {
        #[derive(Deserialize)]
        struct Version {
            version: String,
        }
        let url = self.api.join(["version"]);
        let Answer { value: Version { version }, .. } = self.get(url.clone(), VERSION).await?;
        let mut numbers = version.split('.').map_while(|number| number.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(major), Some(minor)) => Ok((major, minor)),
            _ => Err(self.not_gitea(url, format!("the version is {}", one_line(&version)))),
        }
    }
}
