//! Reads the open pull requests: their list, and each of them while the rest of the list is still being read.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, timeout_at};

use super::problems::Problem;
use super::search::{Found, Hidden, Look, Pull, Search};
use super::{LAST_START, PARALLEL};
use crate::forge::{self, PAGE_LIMIT, PAGE_SIZE, PullRequests};
use crate::types::PullRequestNumber;

/// Nothing is read later than this after the start.
const READING_TIME: Duration = Duration::from_secs(35);

/// How many pages of the list are read at a time. A page may be long, and all of them are in memory.
const PARALLEL_PAGES: usize = 2;

/// No further page is read while this many pull requests wait.
const ENOUGH: usize = 2 * PAGE_SIZE;

/// How many requests a closed status takes: the status again, its final status, its comment.
const REQUESTS_TO_CLOSE: u32 = 3;

/// A piece of work: a page of the list, or a pull request.
#[derive(Clone)]
enum Work {
    Page(usize),
    Pull(Pull),
}

/// The result of a piece of work.
enum Done {
    Page(Result<PullRequests, forge::Error>),
    Pull { look: Result<Look, Hidden>, took: Duration },
}

/// What is left to read, and what was read.
pub(super) struct Reader {
    pub(super) start: Instant,
    /// The pages that are left to read, the next one last.
    pages: Vec<usize>,
    waiting: Vec<Pull>,
    under_way: HashMap<u32, Work>,
    heads: HashMap<String, HeadSeen>,
    /// How many pull requests the server says there are.
    total: Option<usize>,
    listed: usize,
    /// How many requests about pull requests and runs were sent, and how long they would have taken one after another.
    requests: u32,
    spent: Duration,
    pub(super) problems: Vec<Problem>,
    /// The links of pending statuses that look like this action's, but were set by another account.
    pub(super) foreign_links: Vec<String>,
    /// How many commits have been read, and whether one of them has the given context.
    pub(super) commits: usize,
    pub(super) has_context: bool,
}

/// A head commit, and the pull request that is read for it.
struct HeadSeen {
    number: PullRequestNumber,
    is_shared: bool,
}

async fn do_work(search: &Search<'_>, id: u32, work: Work) -> (u32, Done) {
    let done = match work {
        Work::Page(page) => Done::Page(search.gitea.open_pull_requests(&search.reconcile.source, page).await),
        Work::Pull(pull) => {
            let start = Instant::now();
            Done::Pull { look: search.look_at(pull).await, took: start.elapsed() }
        }
    };
    (id, done)
}

impl Reader {
    /// `first` is the first page of the list, and `start` is when the step began.
    pub(super) fn new(first: PullRequests, start: Instant) -> Self {
        let (total, size) = (first.total, first.pulls.len());
        // The server's pages may be shorter than requested. The order of the pages is different each time.
        let last = total.filter(|_| size > 0).map_or(1, |total| total.div_ceil(size).min(PAGE_LIMIT));
        let mut pages: Vec<usize> = (2..=last).collect();
        let any = fastrand::usize(..=pages.len());
        pages.rotate_left(any);
        let mut reader = Self {
            start,
            pages,
            waiting: Vec::new(),
            under_way: HashMap::new(),
            heads: HashMap::new(),
            total,
            listed: 0,
            requests: 0,
            spent: Duration::ZERO,
            problems: Vec::new(),
            foreign_links: Vec::new(),
            commits: 0,
            has_context: false,
        };
        reader.take_page(1, first);
        reader
    }

    /// Reads everything that is left, or stops early enough to close what was found. In that case it may be called
    /// again.
    pub(super) async fn read(&mut self, search: &Search<'_>) -> Result<Vec<Found>, Hidden> {
        let (mut under_way, mut found) = (FuturesUnordered::new(), Vec::new());
        let mut id = 0;
        loop {
            while under_way.len() < PARALLEL {
                let Some(work) = self.next_work() else { break };
                id += 1;
                self.under_way.insert(id, work.clone());
                under_way.push(do_work(search, id, work));
            }
            let end = self.end(&found);
            match timeout_at(end, under_way.next()).await {
                Ok(Some((id, done))) => self.take(id, done, &mut found)?,
                Ok(None) | Err(_) => break,
            }
            if Instant::now() >= end {
                break;
            }
        }
        for (_, work) in self.under_way.drain() {
            match work {
                Work::Page(page) => self.pages.push(page),
                Work::Pull(pull) => self.waiting.push(pull),
            }
        }
        // As far as is known: another pull request on an unread page may have the same head.
        for one in &mut found {
            one.shares_head = self.heads.get(one.place.head.sha.as_str()).is_some_and(|head| head.is_shared);
        }
        Ok(found)
    }

    /// Whether there is nothing left to read, or no time.
    pub(super) fn has_ended(&self) -> bool {
        self.pages.is_empty() && self.waiting.is_empty() || self.start.elapsed() >= READING_TIME
    }

    /// How many pull requests are open.
    pub(super) fn pull_requests(&self) -> usize {
        self.listed + self.unlisted()
    }

    /// How many of them have not been read.
    pub(super) fn left_out(&self) -> usize {
        self.unlisted() + self.waiting.len()
    }

    fn unlisted(&self) -> usize {
        if self.pages.is_empty() { 0 } else { self.total.unwrap_or_default().saturating_sub(self.listed) }
    }

    /// What is read next: a page while few pull requests wait, else a random one of the pull requests that wait.
    /// Otherwise the same ones would be left out each time.
    fn next_work(&mut self) -> Option<Work> {
        let pages_under_way = self.under_way.values().filter(|work| matches!(work, Work::Page(_))).count();
        if pages_under_way < PARALLEL_PAGES
            && self.waiting.len() < ENOUGH
            && let Some(page) = self.pages.pop()
        {
            return Some(Work::Page(page));
        }
        let any = (!self.waiting.is_empty()).then(|| fastrand::usize(..self.waiting.len()))?;
        Some(Work::Pull(self.waiting.swap_remove(any)))
    }

    fn take(&mut self, id: u32, done: Done, found: &mut Vec<Found>) -> Result<(), Hidden> {
        let work = self.under_way.remove(&id);
        match done {
            Done::Page(Ok(listed)) => {
                if let Some(Work::Page(page)) = work {
                    self.take_page(page, listed);
                }
            }
            Done::Page(Err(error)) => self.problems.push(Problem::Page(error)),
            Done::Pull { look, took } => {
                let Look { found: of_pull, problems, foreign_links, has_context } = look?;
                self.requests += 1 + u32::try_from(of_pull.len()).unwrap_or(u32::MAX);
                self.spent += took;
                self.commits += 1;
                self.has_context |= has_context;
                self.problems.extend(problems);
                self.foreign_links.extend(foreign_links);
                found.extend(of_pull);
            }
        }
        Ok(())
    }

    /// Pull requests with the same head commit share its statuses, so only one of them is read. If a list changes while
    /// its pages are read, an entry may occur twice.
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

    /// When the reading must end, so that there is time to write what was found so far.
    fn end(&self, found: &[Found]) -> Instant {
        let closable = found.iter().filter(|one| one.answer.is_some()).count();
        self.end_with(u32::try_from(closable).unwrap_or(u32::MAX))
    }

    fn end_with(&self, closable: u32) -> Instant {
        let last = self.start + READING_TIME;
        if self.requests == 0 || closable == 0 {
            return last;
        }
        // Even for a single status, the three requests come one after another.
        let rounds = REQUESTS_TO_CLOSE.saturating_mul(closable).div_ceil(PARALLEL as u32).max(REQUESTS_TO_CLOSE);
        let to_close = (self.spent / self.requests).saturating_mul(rounds);
        last.min((self.start + LAST_START).checked_sub(to_close).unwrap_or(self.start))
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
    fn pull_requests_share_a_head_but_a_repeated_entry_does_not() {
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
    fn what_is_left_out_are_the_waiting_and_the_unlisted_pull_requests() {
        // The head of the second one was deleted, so there is nothing to read.
        let listed = [pull(1, 'a'), json!({"number": 2, "head": {"sha": ""}})];

        let mut reader = Reader::new(page(&listed, Some(5)), Instant::now());

        assert_eq!((reader.pull_requests(), reader.left_out()), (5, 4));
        reader.waiting.clear();
        assert_eq!((reader.pull_requests(), reader.left_out()), (5, 3));
        reader.pages.clear();
        assert_eq!((reader.pull_requests(), reader.left_out()), (2, 0));
    }

    #[test]
    fn list_is_read_in_another_order_each_time() {
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
        (reader.requests, reader.spent) = (200, Duration::from_secs(100));
        let left = |closable| (reader.end_with(closable) - reader.start).as_secs();
        assert_eq!(left(0), READING_TIME.as_secs());
        // Three requests one after another, half a second each.
        assert_eq!(left(1), READING_TIME.as_secs());
        // 400 requests, eight at a time.
        assert_eq!(left(133), LAST_START.as_secs() - 25);
    }
}
