use proptest::collection::vec;
use proptest::prelude::*;
use reqwest::Url;

use super::{base, config, number, repo, text};
use crate::links::{ApiBase, PageBase, run_number_in};
use crate::types::{RepoName, RunNumber, WorkflowFile};

/// The original of a percent-encoded text.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).unwrap()
}

/// Whether `url` is an address of the same server as `base`, below its path.
fn is_below(url: &Url, base: &PageBase) -> bool {
    let base = Url::parse(&base.to_string()).unwrap();
    let path = base.path().trim_end_matches('/');
    url.origin() == base.origin()
        && url.username().is_empty()
        && url.password().is_none()
        && url.path().starts_with(&format!("{path}/"))
}

/// An address that looks like the page of a run of `a/b`, and often is one.
fn address() -> impl Strategy<Value = String> {
    let part = |own: &'static str| prop_oneof![6 => Just(own.to_owned()), 1 => text()];
    let number = prop_oneof![4 => number(), 1 => "[+0 ]{0,2}[0-9]{0,3}"];
    let end = prop_oneof![Just(String::new()), Just("/jobs/0".to_owned()), text()];
    (part("https://"), part("gitea.example.com"), part(""), part("/a/B"), part("/actions/runs/"), number, end).prop_map(
        |(scheme, host, path, repo, runs, number, end)| format!("{scheme}{host}{path}{repo}{runs}{number}{end}"),
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn base_is_plain(start in "https?://", host in prop_oneof!["[a-z]{1,3}", text()], end in text()) {
        for text in [format!("{start}{host}/{end}"), format!("{start}{host}{end}"), end] {
            let Ok(base) = text.parse::<ApiBase>() else { continue };
            let shown = base.to_string();
            prop_assert!(shown.starts_with("http://") || shown.starts_with("https://"), "{}", shown);
            prop_assert!(shown.chars().all(|c| c.is_ascii_alphanumeric() || "-._~/:[]".contains(c)), "{}", shown);
            prop_assert!(!base.host().is_empty());
            prop_assert_eq!(shown.parse::<ApiBase>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn joined_segments_stay_segments(base in base(), segments in vec(text(), 1..5)) {
        // Like the parsed types: no control characters, and no empty, `.` or `..` segment.
        let segments: Vec<String> = segments
            .into_iter()
            .map(|segment| segment.replace(char::is_control, "_"))
            .filter(|segment| !matches!(segment.as_str(), "" | "." | ".."))
            .collect();
        let url = base.to_string().parse::<ApiBase>().unwrap().join(segments.iter().map(String::as_str));
        prop_assert!(is_below(&url, &base) || segments.is_empty());
        prop_assert!(url.query().is_none() && url.fragment().is_none());
        let own = Url::parse(&base.to_string()).unwrap();
        let found: Vec<String> = url.path_segments().unwrap().map(decoded).filter(|segment| !segment.is_empty()).collect();
        let own = own.path_segments().unwrap().filter(|segment| !segment.is_empty()).map(str::to_owned);
        prop_assert_eq!(found, own.chain(segments).collect::<Vec<_>>());
    }

    #[test]
    fn page_of_a_workflow_names_the_workflow_only(base in base(), repo in repo(), stem in text()) {
        let Ok(workflow) = format!("{stem}.yml").parse::<WorkflowFile>() else { return Ok(()) };
        let url = base.workflow(&repo, &workflow);
        prop_assert!(is_below(&url, &base));
        let path = format!("/{repo}/actions");
        prop_assert!(url.path().ends_with(&path) && url.fragment().is_none());
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        prop_assert_eq!(pairs, [("workflow".to_owned(), workflow.as_str().to_owned())]);
        prop_assert!(!url.as_str().contains(['(', ')', '<', '>', ' ', '"']), "{}", url);
    }

    #[test]
    fn page_of_a_run_belongs_to_its_repository_only(base in base(), repo in repo(), other in repo(), number in number()) {
        let run: RunNumber = number.parse().unwrap();
        let page = base.run(&repo, run);
        prop_assert!(is_below(&page, &base));
        prop_assert_eq!(base.run_number(page.as_str(), &repo), Some(run));
        prop_assert_eq!(base.run_number(page.as_str(), &other), (repo == other).then_some(run));
        for address in [page.to_string(), page.as_str().replace("https://", "http://").replace("gitea.example.com", "gitea:3000")] {
            prop_assert_eq!(base.run_number(&address, &repo).is_some(), address == page.as_str());
            prop_assert_eq!(base.run_number_elsewhere(&address, &repo), Some(run));
            prop_assert_eq!(base.run_number_elsewhere(&address, &other), (repo == other).then_some(run));
        }
        for address in [page.to_string(), format!("{page}/jobs/0")] {
            prop_assert_eq!(run_number_in(&address, &repo), Some(run));
            prop_assert_eq!(run_number_in(&address, &other), (repo == other).then_some(run));
        }
    }

    #[test]
    fn nothing_else_is_the_page_of_a_run(address in address()) {
        let base: PageBase = "https://gitea.example.com".parse().unwrap();
        let repo: RepoName = "a/b".parse().unwrap();
        if let Some(run) = base.run_number(&address, &repo) {
            let address = Url::parse(&address).unwrap();
            prop_assert!(address.as_str().eq_ignore_ascii_case(base.run(&repo, run).as_str()), "{}", address);
        }
        if let Some(run) = base.run_number_elsewhere(&address, &repo) {
            let page = format!("/a/b/actions/runs/{run}");
            let path = Url::parse("https://x").unwrap().join(&address).unwrap().path().replace("//", "/");
            prop_assert!(path.trim_end_matches('/').eq_ignore_ascii_case(&page), "{}", address);
        }
        if let Some(run) = run_number_in(&address, &repo) {
            let page = format!("/a/b/actions/runs/{run}/");
            prop_assert!(format!("/{address}/").to_ascii_lowercase().contains(&page), "{}", address);
        }
    }
}
