//! Lists in pages.

use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;

use super::http::Answer;
use super::retry::Limits;
use super::{Error, Gitea, Kind, not_gitea};

/// The most entries that a page may have (`MAX_RESPONSE_ITEMS`, 50 unless the server's administrator lowers it).
const PAGE_SIZE: usize = 50;
/// The most pages that are read of a list.
pub(super) const PAGE_LIMIT: usize = 20;
/// As many pages of pull requests: more than any repository has open.
pub(super) const PULL_REQUEST_PAGE_LIMIT: usize = 400;

impl Gitea {
    /// All entries of a list, and when the server answered first. How many there are is told by `X-Total-Count`, which the
    /// list of jobs has from 1.26 on, else by the total that `split` finds in the body; the `total_count` of the combined
    /// status is none, since it counts the page alone.
    pub(super) async fn list<P: DeserializeOwned, T>(
        &self,
        url: Url,
        page_limit: usize,
        limits: Limits,
        split: impl Fn(P) -> (Vec<T>, Option<usize>),
    ) -> Result<(Vec<T>, Option<OffsetDateTime>), Error> {
        let mut entries = Vec::new();
        let mut answered_at = None;
        for page in 1..=page_limit {
            let mut url = url.clone();
            let (number, size) = (page.to_string(), PAGE_SIZE.to_string());
            url.query_pairs_mut().append_pair("page", &number).append_pair("limit", &size);
            let Answer { value, total, date } = self.get(url.clone(), limits).await?;
            let (found, total_in_body) = split(value);
            answered_at = answered_at.or(date);
            let found_here = found.len();
            entries.extend(found);
            match total.or(total_in_body) {
                Some(total) if entries.len() >= total => return Ok((entries, answered_at)),
                Some(total) if found_here == 0 => {
                    return Err(not_gitea(url, format!("the list has {} entries of {total}", entries.len())));
                }
                None if found_here < PAGE_SIZE => return Ok((entries, answered_at)),
                _ if page == page_limit => {
                    let cause = format!("the list has more than {page_limit} pages");
                    return Err(Error { method: Method::GET, url, attempts: 1, kind: Kind::TooLong { cause } });
                }
                _ => {}
            }
        }
        Ok((entries, answered_at))
    }
}
