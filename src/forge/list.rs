//! Lists with pages.

use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;

use super::http::Answer;
use super::retry::Limits;
use super::{Error, Gitea, Kind};

/// The largest page size (`MAX_RESPONSE_ITEMS`, 50 unless the server's administrator lowers it).
pub(crate) const PAGE_SIZE: usize = 50;
/// How many pages of a list are read at most. No real commit, run or repository has 20,000 statuses, jobs or open pull
/// requests.
pub(crate) const PAGE_LIMIT: usize = 400;
/// The size limit of all pages of a list together, in bytes. The whole list is in memory.
const LIST_LIMIT: usize = 64 << 20;

impl Gitea {
    /// All entries of a list, and the time of the first response. `X-Total-Count` gives the number of entries; the list
    /// of jobs has this header since 1.26. Without the header, `split` finds the total in the body. The `total_count`
    /// of the combined status is not used: it counts one page only.
    pub(super) async fn list<P: DeserializeOwned, T>(
        &self,
        url: Url,
        limits: Limits,
        split: impl Fn(P) -> (Vec<T>, Option<usize>),
    ) -> Result<(Vec<T>, Option<OffsetDateTime>), Error> {
        let mut entries = Vec::new();
        let (mut answered_at, mut length, mut page) = (None, 0, 1);
        loop {
            let mut url = url.clone();
            let (number, size) = (page.to_string(), PAGE_SIZE.to_string());
            url.query_pairs_mut().append_pair("page", &number).append_pair("limit", &size);
            let answer: Answer<P> = self.get(url.clone(), limits).await?;
            length += answer.length;
            let (found, total_in_body) = split(answer.value);
            answered_at = answered_at.or(answer.date);
            let found_here = found.len();
            entries.extend(found);
            match answer.total.or(total_in_body) {
                Some(total) if entries.len() >= total => return Ok((entries, answered_at)),
                Some(total) if found_here == 0 => {
                    return Err(self.not_gitea(url, format!("the list has {} entries of {total}", entries.len())));
                }
                None if found_here < PAGE_SIZE => return Ok((entries, answered_at)),
                _ => page += 1,
            }
            if page > PAGE_LIMIT || entries.len() > PAGE_LIMIT * PAGE_SIZE || length > LIST_LIMIT {
                let (entries, size) = (PAGE_LIMIT * PAGE_SIZE, LIST_LIMIT >> 20);
                let cause = format!("the list has more than {entries} entries or {size} MiB");
                return Err(self.http.error(Method::GET, url, Kind::TooLong { cause }));
            }
        }
    }
}
