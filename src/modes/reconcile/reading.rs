//! Reads the open pull requests: their list, and each of them while the rest of the list is still being read.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, timeout_at};

use super::problems::Problem;
use super::search::{Found, Look, Pull, Search};
use super::{Error, LAST_START, PARALLEL};
use crate::forge::{self, PAGE_LIMIT, PAGE_SIZE, PullRequests};
use crate::types::PullRequestNumber;

/// The most time that is spent on reading.
const READING_TIME: Duration = Duration::from_secs(40);

/// How many pages of the list are read at a time: a page may be long, and both are in memory.
const PARALLEL_PAGES: usize = 2;

/// How many requests a closed status takes: the status again, its final status, its comment.
const REQUESTS_TO_CLOSE: u32 = 3;

/// What was read.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) found: Vec<Found>,
    pub(super) problems: Vec<Problem>,
    /// The links of pending statuses that look like those of this action, and were set by somebody else.
    pub(super) foreign_links: Vec<String>,
    /// How many pull requests are open.
    pub(super) pull_requests: usize,
    /// How many of them there was no time for.
    pub(super) left_out: usize,
    /// How many commits have been looked at, and whether one of them has the given context.
    pub(super) commits: usize,
    pub(super) has_context: bool,
}

/// A piece of work: a page of the list, or a pull request.
enum Work {
    Page(usize),
    Pull(Pull),
}

/// What came of it.
enum Done {
    Page(usize, Result<PullRequests, forge::Error>),
    /// With the time that it took.
    Pull(Result<Look, Error>, Duration),
}

/// What is to be read, and what has been.
struct Reader {
    start: Instant,
    /// The next page is the last one here.
    pages: Vec<usize>,
    pages_under_way: usize,
    waiting: Vec<Pull>,
    heads: HashMap<String, HeadSeen>,
    /// How many pull requests the server says there are.
    total: Option<usize>,
    listed: usize,
    /// How many requests about pull requests and runs were sent, and how long they took, as if one after another.
    requests: u32,
    spent: Duration,
    /// How many statuses are to be written.
    closable: u32,
    seen: Seen,
}

/// A commit, by the pull request that is looked at for it.
struct HeadSeen {
    number: PullRequestNumber,
    is_shared: bool,
}

/// Reads all, or as much as leaves time to write what was found. `first` is the first page of the list.
pub(super) async fn read(search: &Search<'_>, first: PullRequests, start: Instant) -> Result<Seen, Error> {
    let mut reader = Reader::new(first, start);
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < PARALLEL {
            let Some(work) = reader.next_work() else { break };
            under_way.push(do_work(search, work));
        }
        let end = reader.end();
        match timeout_at(end, under_way.next()).await {
            Ok(Some(done)) => reader.take(done)?,
            Ok(None) | Err(_) => break,
        }
        if Instant::now() >= end {
            break;
        }
    }
    let left = under_way.len();
    Ok(reader.into_seen(left))
}

async fn do_work(search: &Search<'_>, work: Work) -> Done {
    match work {
        Work::Page(page) => Done::Page(page, search.gitea.open_pull_requests(&search.reconcile.source, page).await),
        Work::Pull(pull) => {
            let start = Instant::now();
            Done::Pull(search.look_at(pull).await, start.elapsed())
        }
    }
}

impl Reader {
    fn new(first: PullRequests, start: Instant) -> Self {
        let (total, size) = (first.total, first.pulls.len());
        // The server's pages may be shorter than what is requested. Each time another page comes next.
        let last = total.filter(|_| size > 0).map_or(1, |total| total.div_ceil(size).min(PAGE_LIMIT));
        let mut pages: Vec<usize> = (2..=last).collect();
        let any = fastrand::usize(..=pages.len());
        pages.rotate_left(any);
        let mut reader = Self {
            start,
            pages,
            pages_under_way: 0,
            waiting: Vec::new(),
            heads: HashMap::new(),
            total,
            listed: 0,
            requests: 0,
            spent: Duration::ZERO,
            closable: 0,
            seen: Seen::default(),
        };
        reader.take_page(1, first);
        reader
    }

    /// What is read next: a page while few are under way, else any pull request that waits, so that it is not always the same
    /// ones that there is no time for.
    fn next_work(&mut self) -> Option<Work> {
        if self.pages_under_way < PARALLEL_PAGES {
            if let Some(page) = self.pages.pop() {
                self.pages_under_way += 1;
                return Some(Work::Page(page));
            }
        }
        let any = (!self.waiting.is_empty()).then(|| fastrand::usize(..self.waiting.len()))?;
        Some(Work::Pull(self.waiting.swap_remove(any)))
    }

    fn take(&mut self, done: Done) -> Result<(), Error> {
        match done {
            Done::Page(page, read) => {
                self.pages_under_way -= 1;
                match read {
                    Ok(listed) => self.take_page(page, listed),
                    Err(error) => self.seen.problems.push(Problem::Page(error)),
                }
            }
            Done::Pull(look, spent) => {
                let Look { found, problems, foreign_links, has_context } = look?;
                self.requests += 1 + u32::try_from(found.len()).unwrap_or(u32::MAX);
                self.spent += spent;
                self.closable += found.iter().map(|one| u32::from(one.answer.is_some())).sum::<u32>();
                self.seen.commits += 1;
                self.seen.has_context |= has_context;
                self.seen.found.extend(found);
                self.seen.problems.extend(problems);
                self.seen.foreign_links.extend(foreign_links);
            }
        }
        Ok(())
    }

    /// Pull requests of one commit share its statuses: one of them is looked at. A list that changes while its pages are read may
    /// have an entry twice.
    fn take_page(&mut self, page: usize, listed: PullRequests) {
        let is_full = listed.pulls.len() >= PAGE_SIZE;
        for pull in listed.pulls {
            let Some(pull) = Pull::new(&pull) else {
                self.listed += 1;
                continue;
            };
            if let Some(head) = self.heads.get_mut(pull.sha.as_str()) {
                let is_another = head.number != pull.number;
                head.is_shared |= is_another;
                self.listed += usize::from(is_another);
            } else {
                let head = HeadSeen { number: pull.number, is_shared: false };
                self.heads.insert(pull.sha.as_str().to_owned(), head);
                self.listed += 1;
                self.waiting.push(pull);
            }
        }
        if self.total.is_none() && is_full && page < PAGE_LIMIT {
            self.pages.push(page + 1);
        }
    }

    /// When the reading has to end, so that what was found until now can be written.
    fn end(&self) -> Instant {
        let last = self.start + READING_TIME;
        if self.requests == 0 || self.closable == 0 {
            return last;
        }
        // However few they are, the three requests of one come after one another.
        let rounds = (REQUESTS_TO_CLOSE * self.closable).div_ceil(PARALLEL as u32).max(REQUESTS_TO_CLOSE);
        let to_close = (self.spent / self.requests).saturating_mul(rounds);
        last.min((self.start + LAST_START).checked_sub(to_close).unwrap_or(self.start))
    }

    /// `under_way` pieces of work were given up.
    fn into_seen(self, under_way: usize) -> Seen {
        let Self { pages, pages_under_way, waiting, heads, total, listed, mut seen, .. } = self;
        for one in &mut seen.found {
            one.shares_head = heads.get(one.place.head.sha.as_str()).is_some_and(|head| head.is_shared);
        }
        let unlisted = match pages.len() + pages_under_way {
            0 => 0,
            _ => total.unwrap_or_default().saturating_sub(listed),
        };
        seen.pull_requests = listed + unlisted;
        seen.left_out = unlisted + waiting.len() + (under_way - pages_under_way.min(under_way));
        seen
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn page(pulls: &[Value], total: Option<usize>) -> PullRequests {
        PullRequests { pulls: serde_json::from_value(Value::from(pulls)).unwrap(), total }
    }

    fn pull(number: u32, sha: char) -> Value {
        json!({"number": number, "head": {"sha": sha.to_string().repeat(40)}})
    }

    #[test]
    fn pull_requests_share_a_head_and_one_that_is_listed_twice_does_not() {
        let listed = [pull(1, 'a'), pull(2, 'b'), pull(3, 'c'), pull(4, 'b'), pull(3, 'c')];

        let reader = Reader::new(page(&listed, Some(4)), Instant::now());

        let mut looked_at: Vec<_> = reader.waiting.iter().map(|pull| pull.number.to_string()).collect();
        looked_at.sort();
        assert_eq!(looked_at, ["1", "2", "3"]);
        let is_shared = |sha: &str| reader.heads[&sha.repeat(40)].is_shared;
        assert_eq!(["a", "b", "c"].map(is_shared), [false, true, false]);
        assert_eq!(reader.listed, 4);
    }

    #[test]
    fn list_begins_with_another_page_each_time() {
        let pulls: Vec<_> = (1..=20).map(|number| pull(number, 'a')).collect();
        let first = || Reader::new(page(&pulls, Some(1000)), Instant::now()).pages;
        // The server's pages have 20 entries.
        let mut all = first();
        all.sort_unstable();
        assert_eq!(all, (2..=50).collect::<Vec<_>>());
        assert!((0..100).any(|_| first().last() != first().last()));
    }

    #[test]
    fn without_a_total_the_list_ends_with_a_page_that_is_not_full() {
        let pulls = |count: u32| (1..=count).map(|number| pull(number, 'a')).collect::<Vec<_>>();
        let mut reader = Reader::new(page(&pulls(50), None), Instant::now());
        assert_eq!(reader.pages, [2]);
        reader.pages.pop();
        reader.take_page(2, page(&pulls(49), None));
        assert_eq!(reader.pages, [0_usize; 0]);
    }

    #[test]
    fn reading_leaves_time_to_close_what_was_found() {
        let mut reader = Reader::new(page(&[], None), Instant::now());
        let left = |reader: &Reader| (reader.end() - reader.start).as_secs();
        (reader.requests, reader.spent) = (200, Duration::from_secs(100));
        assert_eq!(left(&reader), READING_TIME.as_secs());
        // Three requests after one another, of half a second each.
        reader.closable = 1;
        assert_eq!(left(&reader), READING_TIME.as_secs());
        // 400 requests, eight at a time.
        reader.closable = 133;
        assert_eq!(left(&reader), LAST_START.as_secs() - 25);
    }
}
