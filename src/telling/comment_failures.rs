//! What a comment and the step's summary say about the jobs that failed.

use super::Teller;
use crate::forge::Job;
use crate::links::PageBase;
use crate::run::{FailedJobs, LogExcerpt};
use crate::text::{self, duration, markdown, one_line};
use crate::types::{CommentMode, Commenting, LogLines, Outcome, RunRef};

/// How many jobs are named.
const SHOWN: usize = 5;

/// What is said about a failed run besides its outcome. Empty for any other run.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    jobs: FailedJobs,
    excerpt: Option<LogExcerpt>,
    /// Why the end of the log is not shown although the user wanted it: a sentence for the log.
    pub(crate) note: Option<String>,
}

impl Teller<'_> {
    /// What is said about a run that ended with these failed jobs. The end of the first job's log is read if it is
    /// wanted and a comment can show it. A table has no place for it.
    pub(crate) async fn failures(&self, jobs: FailedJobs, commenting: Commenting, wanted: LogLines) -> Failures {
        let head = &self.place.head;
        let has_place = matches!(commenting.mode, CommentMode::Create | CommentMode::Update);
        let job = jobs.jobs.first().filter(|_| wanted.count > 0 && has_place && head.pull_request.is_some());
        let read = match job {
            Some(job) => LogExcerpt::read(self.gitea, &head.source, &self.run.target, job, wanted).await.map(Some),
            None => Ok(None),
        };
        match read {
            Ok(excerpt) => Failures { jobs, excerpt, note: None },
            Err(note) => Failures { jobs, excerpt: None, note: Some(note) },
        }
    }
}

impl Failures {
    pub(super) fn jobs(&self) -> &FailedJobs {
        &self.jobs
    }

    /// The failed jobs as lines of Markdown, for a list.
    pub(crate) fn lines(&self, teller: &Teller<'_>) -> Vec<String> {
        lines(&self.jobs, teller.pages, teller.run)
    }

    /// The block of Markdown under the first line of a comment.
    pub(super) fn to_markdown(&self, teller: &Teller<'_>) -> Option<String> {
        let lines = self.lines(teller);
        let list = (!lines.is_empty()).then(|| text::list(&lines).trim_end().to_owned());
        let blocks: Vec<String> = list.into_iter().chain(self.excerpt.as_ref().map(fold)).collect();
        (!blocks.is_empty()).then(|| blocks.join("\n\n"))
    }
}

/// The end of a log, folded, in a fence that no line of the log can close.
fn fold(LogExcerpt { lines }: &LogExcerpt) -> String {
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(3.max(longest + 1));
    let title = match lines.len() {
        1 => "The last line of the first job's log".to_owned(),
        count => format!("The last {count} lines of the first job's log"),
    };
    format!("<details><summary>{title}</summary>\n\n{fence}text\n{}\n{fence}\n\n</details>", lines.join("\n"))
}

/// The failed jobs of a run as lines of Markdown: the worst ones, and how many more there are.
pub(super) fn lines(failed: &FailedJobs, pages: &PageBase, run: &RunRef) -> Vec<String> {
    let FailedJobs { jobs, .. } = failed;
    let mut lines: Vec<String> = jobs.iter().take(SHOWN).map(|job| line(job, pages, run)).collect();
    if jobs.len() > SHOWN {
        lines.push(format!("and {} more", jobs.len() - SHOWN));
    }
    lines
}

/// One job. The link is built from our own base: the host in the server's response may be internal.
fn line(job: &Job, pages: &PageBase, run: &RunRef) -> String {
    let name = markdown(&one_line(&job.name));
    let what = match job.outcome() {
        Some(Outcome::TimedOut) => "timed out".to_owned(),
        Some(Outcome::Unlisted(word)) => format!("ended with {}", markdown(&one_line(&word))),
        _ => "failed".to_owned(),
    };
    let step = job.failed_step().map(|step| format!(" in step \"{}\"", markdown(&one_line(&step.name))));
    let elapsed = job.elapsed().map(|elapsed| format!(" after {}", duration(elapsed)));
    let link =
        job.page_number(&run.target).map(|number| format!(" ([log]({}))", pages.job(&run.target, run.number, number)));
    format!("**{name}** {what}{}{}{}", step.unwrap_or_default(), elapsed.unwrap_or_default(), link.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::property_tests::{config, text as hostile};
    use crate::text::plain;

    fn shown(jobs: &Value) -> String {
        let jobs: Vec<Job> = serde_json::from_value(jobs.clone()).unwrap();
        let run = RunRef { target: "a/b".parse().unwrap(), id: "26".parse().unwrap(), number: "26".parse().unwrap() };
        text::list(&lines(&FailedJobs::of(&jobs), &"https://gitea.example.com".parse().unwrap(), &run))
    }

    fn job(name: &str, conclusion: &str, steps: &Value) -> Value {
        json!({
            "id": 42, "name": name, "conclusion": conclusion, "run_attempt": 1, "steps": steps,
            "html_url": "http://10.0.0.1:3000/a/b/actions/runs/26/jobs/42",
            "started_at": "2026-11-26T07:00:00Z", "completed_at": "2026-11-26T07:02:05Z",
        })
    }

    #[test]
    fn failed_job_is_named_with_its_step_its_time_and_its_page() {
        let steps = json!([
            {"name": "Run actions/checkout@v4", "conclusion": "success"},
            {"name": "Run make test", "conclusion": "failure"},
            {"name": "Run make install", "conclusion": "skipped"},
        ]);
        let before_1_26 = job("build", "failure", &Value::Null);
        let of_test = job("test", "timed_out", &json!([]));
        let jobs = json!([job("build", "failure", &steps)]);
        insta::assert_snapshot!(shown(&jobs), @r#"- **build** failed in step "Run make test" after 2m5s ([log](https://gitea.example.com/a/b/actions/runs/26/jobs/42))"#);
        insta::assert_snapshot!(shown(&json!([of_test, before_1_26, {"name": "odd", "conclusion": "ex*ploded"}])), @r"
        - **odd** ended with ex\*ploded
        - **build** failed after 2m5s ([log](https://gitea.example.com/a/b/actions/runs/26/jobs/42))
        - **test** timed out after 2m5s ([log](https://gitea.example.com/a/b/actions/runs/26/jobs/42))
        ");
    }

    #[test]
    fn five_jobs_are_named_and_the_others_counted() {
        let jobs: Vec<Value> =
            (1..=8).map(|number| json!({"name": format!("test {number}"), "conclusion": "failure"})).collect();
        insta::assert_snapshot!(shown(&json!(jobs)), @"
        - **test 1** failed
        - **test 2** failed
        - **test 3** failed
        - **test 4** failed
        - **test 5** failed
        - and 3 more
        ");
        assert!(!shown(&json!(jobs[..5])).contains("more"));
        assert_eq!(shown(&json!([{"name": "build", "conclusion": "success"}])), "");
    }

    #[test]
    fn end_of_a_log_is_folded_in_a_fence_that_it_cannot_close() {
        let excerpt =
            |lines: &[&str]| fold(&LogExcerpt { lines: lines.iter().map(|line| (*line).to_owned()).collect() });
        insta::assert_snapshot!(excerpt(&["make: *** [test] Error 1", "##[error]Process completed with exit code 2."]), @"
        <details><summary>The last 2 lines of the first job's log</summary>

        ```text
        make: *** [test] Error 1
        ##[error]Process completed with exit code 2.
        ```

        </details>
        ");
        insta::assert_snapshot!(excerpt(&["````", "</details> @all"]), @"
        <details><summary>The last 2 lines of the first job's log</summary>

        `````text
        ````
        </details> @all
        `````

        </details>
        ");
    }

    #[test]
    fn hostile_names_are_text() {
        let steps = json!([{"name": "Run `x` </details> ](javascript:alert(1))\n\n# @all", "conclusion": "failure"}]);
        insta::assert_snapshot!(shown(&json!([job("@all [x](http://evil.example)\n- **y**", "failure", &steps)])), @r#"- **\@all \[x\]\(http://evil.example\) - \*\*y\*\*** failed in step "Run \`x\` \</details\> \]\(javascript:alert\(1\)\)  \# \@all" after 2m5s ([log](https://gitea.example.com/a/b/actions/runs/26/jobs/42))"#);
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn names_of_jobs_and_steps_stay_in_their_line(name in hostile(), step in hostile(), word in hostile()) {
            let step = json!([{"name": step, "conclusion": "failure"}]);
            let shown = shown(&json!([job(&name, "failure", &step), job("odd", &word, &Value::Null)]));
            for line in shown.lines() {
                prop_assert!(line.starts_with("- **"), "{}", line);
                // Two marks around the name. All others are escaped, except in the link to the job's page.
                let bare = line.replace("\\\\", "").replace("([log](https://gitea.example.com/a/b/actions/runs/26/jobs/42))", "");
                let active = bare.match_indices(|c| "`*_[]()<>&!#|~@$".contains(c)).filter(|(at, _)| !bare[..*at].ends_with('\\'));
                prop_assert_eq!(active.map(|(_, mark)| mark).collect::<String>(), "****", "{}", line);
            }
        }

        #[test]
        fn log_stays_in_its_fence(lines in vec(hostile(), 1..9)) {
            let lines: Vec<String> = lines.iter().map(|line| plain(line)).collect();
            let fold = fold(&LogExcerpt { lines: lines.clone() });
            let (head, rest) = fold.split_once("</summary>\n\n").unwrap();
            prop_assert!(head.starts_with("<details><summary>The last "));
            let (opening, rest) = rest.split_once("text\n").unwrap();
            let (inside, end) = rest.rsplit_once(&format!("\n{opening}")).unwrap();
            prop_assert!(opening.len() >= 3 && opening.chars().all(|c| c == '`'));
            prop_assert_eq!(end, "\n\n</details>");
            prop_assert_eq!(inside, lines.join("\n"));
            prop_assert!(!inside.contains(opening));
        }
    }
}
