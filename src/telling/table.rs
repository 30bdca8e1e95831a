//! The table of `comment: table`: what the statuses of a commit say, as a pure function to Markdown.
//!
//! The table is a view. It contains nothing from an older comment, so it does not matter who writes it or how often.

use super::comment_failures::lines;
use super::comment_length::bounded;
use super::marker;
use crate::forge::{Statuses, User};
use crate::links::PageBase;
use crate::run::FailedJobs;
use crate::text::{self, markdown, one_line};
use crate::types::{Head, PullRequestNumber, RepoName, RunNumber, RunRef};

/// How many rows are shown at most.
const SHOWN: usize = 50;

/// The rows of a commit's table, sorted by context.
#[derive(Debug, PartialEq)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
}

/// A context whose status links to a run.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    context: String,
    state: String,
    description: String,
    repo: RepoName,
    number: RunNumber,
}

impl Row {
    /// Whether its state is a failure or an error.
    pub(super) fn is_failed(&self) -> bool {
        matches!(self.state.as_str(), "failure" | "error")
    }

    pub(super) fn is_of(&self, run: &RunRef) -> bool {
        self.repo == run.target && self.number == run.number
    }

    pub(super) fn run(&self) -> (&RepoName, RunNumber) {
        (&self.repo, self.number)
    }

    fn cells(&self, pages: &PageBase) -> [String; 4] {
        let icon = match self.state.as_str() {
            "success" => "✅",
            "failure" => "❌",
            "error" | "warning" => "⚠️",
            "pending" => "⏳",
            "skipped" => "⏭️",
            _ => "❔",
        };
        let cell = |text: &str| markdown(&one_line(text));
        let link = format!("[run log]({})", pages.run(&self.repo, self.number));
        [cell(&self.context), format!("{icon} {}", cell(&self.state)), cell(&self.description), link]
    }
}

impl Table {
    /// The statuses that these accounts have set with a link to a run on this server, in any repository.
    pub(super) fn new(statuses: &Statuses, pages: &PageBase, own: &[User]) -> Self {
        let is_own = |user: Option<User>| user.is_some_and(|user| own.contains(&user));
        let rows = statuses.statuses.iter().filter(|status| is_own(status.creator)).filter_map(|status| {
            let (repo, number) = pages.run_in(&status.target_url)?;
            let (context, state, description) =
                (status.context.clone(), status.state.clone(), status.description.clone());
            Some(Row { context, state, description, repo, number })
        });
        let mut rows: Vec<Row> = rows.collect();
        rows.sort_by(|one, other| one.context.cmp(&other.context));
        Self { rows }
    }

    /// The whole comment. `failed` has the runs whose failed jobs are known.
    pub(super) fn to_markdown(
        &self,
        pages: &PageBase,
        head: &Head,
        number: PullRequestNumber,
        failed: &[(RunRef, FailedJobs)],
    ) -> String {
        let (shown, left_out) = self.rows.split_at(self.rows.len().min(SHOWN));
        let commit = pages.commit(&head.source, &head.sha);
        let title = format!("**Builds of [{}]({commit})**", head.sha.short());
        let cells: Vec<_> = shown.iter().map(|row| row.cells(pages)).collect();
        let table = text::table(["Build", "Outcome", "Description", "Run"], &cells).trim_end().to_owned();
        let more = (!left_out.is_empty()).then(|| {
            let failed = left_out.iter().filter(|row| row.is_failed()).count();
            format!("and {} more, of which {failed} failed", left_out.len())
        });
        let lists: Vec<String> = shown.iter().filter_map(|row| row.failed_jobs(pages, failed)).collect();
        let fold = (!lists.is_empty())
            .then(|| format!("<details><summary>Failed jobs</summary>\n\n{}\n\n</details>", lists.join("\n\n")));
        let blocks: Vec<String> = [title, table].into_iter().chain(more).chain(fold).collect();
        bounded(&blocks.join("\n\n"), &marker::of_table(number))
    }

    /// Whether two comments have the same table, whatever they say about failed jobs.
    pub(super) fn is_same(one: &str, other: &str) -> bool {
        let table = |body: &str| {
            let end = body.find("\n\n<details>").or_else(|| body.rfind("\n\n")).unwrap_or(body.len());
            body[..end].to_owned()
        };
        table(one.trim_end()) == table(other.trim_end())
    }
}

impl Row {
    /// The failed jobs under the name of the context.
    fn failed_jobs(&self, pages: &PageBase, failed: &[(RunRef, FailedJobs)]) -> Option<String> {
        let (run, jobs) = failed.iter().find(|(run, _)| self.is_failed() && self.is_of(run))?;
        let lines = lines(jobs, pages, run);
        let name = markdown(&one_line(&self.context));
        (!lines.is_empty()).then(|| format!("{name}\n\n{}", text::list(&lines).trim_end()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::property_tests::{config, text};

    const BASE: &str = "https://gitea.example.com";

    fn status(context: &str, state: &str, description: &str, creator: i64, link: &str) -> Value {
        json!({"context": context, "status": state, "description": description, "creator": {"id": creator}, "target_url": link})
    }

    fn shown(statuses: &[Value], failed: &[(RunRef, FailedJobs)]) -> String {
        let statuses = statuses.iter().map(|status| serde_json::from_value(status.clone()).unwrap()).collect();
        let statuses = Statuses { statuses, answered_at: None };
        let pages = BASE.parse().unwrap();
        let sha = "7f68d9e953af69e55bb25a20071f79226f30f732".parse().unwrap();
        let head = Head { source: "a/source".parse().unwrap(), sha, pull_request: Some("7".parse().unwrap()) };
        Table::new(&statuses, &pages, &[User { id: 2 }]).to_markdown(&pages, &head, "7".parse().unwrap(), failed)
    }

    fn run(repo: &str, number: u32) -> String {
        format!("{BASE}/{repo}/actions/runs/{number}")
    }

    fn run_ref(repo: &str, number: &str) -> RunRef {
        RunRef { target: repo.parse().unwrap(), id: number.parse().unwrap(), number: number.parse().unwrap() }
    }

    #[test]
    fn table_has_a_row_for_each_own_status_that_links_to_a_run() {
        let failed: Vec<crate::forge::Job> = serde_json::from_value(json!([{
            "name": "build", "conclusion": "failure", "html_url": "http://10.0.0.1/a/product-b/actions/runs/31/jobs/42",
            "steps": [{"name": "Run make test", "conclusion": "failure"}],
            "started_at": "2026-11-26T07:00:00Z", "completed_at": "2026-11-26T07:02:05Z",
        }]))
        .unwrap();
        let product_b = run_ref("a/product-b", "31");
        let statuses = [
            status("product-c/build", "pending", "Dispatched to a/product-c", 2, &run("a/product-c", 32)),
            status("product-b/build", "failure", "Failing after 2m5s", 2, &run("a/product-b", 31)),
            // At another address of the same server.
            status(
                "product-a/build",
                "success",
                "Successful in 1m12s",
                2,
                "http://gitea:3000/a/product-a/actions/runs/30",
            ),
            status("lint", "success", "Not a run", 2, BASE),
            status("forged", "success", "Not by this account", 3, &run("a/product-a", 33)),
            status("product-d/build", "error", "Not dispatched", 2, &run("a/product-d", 36)),
            status("docs", "skipped", "Has been skipped", 2, &run("a/product-a", 35)),
            status("odd", "cancelled", "x | y", 2, &run("a/product-a", 34)),
        ];
        insta::assert_snapshot!(shown(&statuses, &[(product_b, FailedJobs::of(&failed))]), @r#"
        **Builds of [7f68d9e953](https://gitea.example.com/a/source/commit/7f68d9e953af69e55bb25a20071f79226f30f732)**

        | Build | Outcome | Description | Run |
        | --- | --- | --- | --- |
        | docs | ⏭️ skipped | Has been skipped | [run log](https://gitea.example.com/a/product-a/actions/runs/35) |
        | odd | ❔ cancelled | x \| y | [run log](https://gitea.example.com/a/product-a/actions/runs/34) |
        | product-a/build | ✅ success | Successful in 1m12s | [run log](https://gitea.example.com/a/product-a/actions/runs/30) |
        | product-b/build | ❌ failure | Failing after 2m5s | [run log](https://gitea.example.com/a/product-b/actions/runs/31) |
        | product-c/build | ⏳ pending | Dispatched to a/product-c | [run log](https://gitea.example.com/a/product-c/actions/runs/32) |
        | product-d/build | ⚠️ error | Not dispatched | [run log](https://gitea.example.com/a/product-d/actions/runs/36) |

        <details><summary>Failed jobs</summary>

        product-b/build

        - **build** failed in step "Run make test" after 2m5s ([log](https://gitea.example.com/a/product-b/actions/runs/31/jobs/42))

        </details>

        <!-- dispatch-action:?table=7 -->
        "#);
    }

    #[test]
    fn tables_are_the_same_whatever_they_say_about_failed_jobs() {
        let failed: Vec<crate::forge::Job> =
            serde_json::from_value(json!([{"name": "build", "conclusion": "failure"}])).unwrap();
        let failed = |repo: &str, number: &str| vec![(run_ref(repo, number), FailedJobs::of(&failed))];
        let table = |number, failed: &[(RunRef, FailedJobs)]| {
            shown(&[status("build", "failure", "Failing", 2, &run("a/b", number))], failed)
        };
        let (short, long) = (table(31, &[]), table(31, &failed("a/b", "31")));
        assert!(long.contains("<details>") && !short.contains("<details>"));
        assert!(Table::is_same(&short, &long) && Table::is_same(&long, &format!("{short}\n")));
        assert!(!Table::is_same(&long, &table(32, &failed("a/b", "32"))));
        // Jobs of another run, and of another repository's run with the same number.
        assert_eq!(table(31, &failed("a/b", "32")), short);
        assert_eq!(table(31, &failed("a/c", "31")), short);
    }

    #[test]
    fn fifty_rows_are_shown_and_the_others_counted() {
        let row = |number: u32| {
            let state = if number > 52 { "failure" } else { "success" };
            status(&format!("build {number:02}"), state, "", 2, &run("a/b", number))
        };
        let statuses: Vec<Value> = (1..=53).map(row).collect();
        let shown = shown(&statuses, &[]);
        assert_eq!(shown.matches("| build ").count(), 50);
        insta::assert_snapshot!(shown.lines().skip(55).collect::<Vec<_>>().join("\n"), @"
        and 3 more, of which 1 failed

        <!-- dispatch-action:?table=7 -->
        ");
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn table_keeps_its_form_whatever_the_statuses_say(texts in vec((text(), text(), text()), 1..5)) {
            let rows: Vec<Value> =
                texts.iter().map(|(context, state, words)| status(context, state, words, 2, &run("a/b", 30))).collect();
            let shown = shown(&rows, &[]);
            let lines: Vec<&str> = shown.lines().collect();
            prop_assert_eq!(lines.len(), 4 + rows.len() + 2, "{}", shown);
            for line in &lines[4..4 + rows.len()] {
                let bare = line.replace("\\\\", "").replace(&format!("[run log]({})", run("a/b", 30)), "");
                let active = bare.match_indices(|c| "`*_[]()<>&!#|~@$".contains(c)).filter(|(at, _)| !bare[..*at].ends_with('\\'));
                prop_assert_eq!(active.map(|(_, mark)| mark).collect::<String>(), "|||||", "{}", line);
            }
        }
    }
}
