//! What a comment and the step's summary say of the jobs that failed.

use super::Teller;
use crate::forge::Job;
use crate::links::PageBase;
use crate::run::FailedJobs;
use crate::text::{self, duration, markdown, one_line};
use crate::types::{Outcome, RunRef};

/// How many jobs are named.
const SHOWN: usize = 5;

/// What is said of a failed run beside its outcome; of any other run nothing.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    jobs: FailedJobs,
}

impl Failures {
    pub(crate) fn new(jobs: FailedJobs) -> Self {
        Self { jobs }
    }

    /// The failed jobs as lines of Markdown, for a list.
    pub(crate) fn lines(&self, teller: &Teller<'_>) -> Vec<String> {
        lines(&self.jobs, teller.pages, teller.run)
    }

    /// The block of Markdown under the first line of a comment.
    pub(super) fn to_markdown(&self, teller: &Teller<'_>) -> Option<String> {
        let lines = self.lines(teller);
        (!lines.is_empty()).then(|| text::list(&lines).trim_end().to_owned())
    }
}

/// The failed jobs of a run as lines of Markdown: the worst, and how many more there are.
fn lines(failed: &FailedJobs, pages: &PageBase, run: &RunRef) -> Vec<String> {
    let FailedJobs { jobs, .. } = failed;
    let mut lines: Vec<String> = jobs.iter().take(SHOWN).map(|job| line(job, pages, run)).collect();
    if jobs.len() > SHOWN {
        lines.push(format!("and {} more", jobs.len() - SHOWN));
    }
    lines
}

/// One job. The link is built from our own base: the host in the server's answer may be an internal one.
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
    use serde_json::{Value, json};

    use super::*;

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
        assert_eq!(shown(&json!([{"name": "build", "conclusion": "success"}])), "");
    }

    #[test]
    fn hostile_names_are_text() {
        let steps = json!([{"name": "Run `x` </details> ](javascript:alert(1))\n\n# @all", "conclusion": "failure"}]);
        insta::assert_snapshot!(shown(&json!([job("@all [x](http://evil.example)\n- **y**", "failure", &steps)])), @r#"- **\@all \[x\]\(http://evil.example\) - \*\*y\*\*** failed in step "Run \`x\` \</details\> \]\(javascript:alert\(1\)\)  \# \@all" after 2m5s ([log](https://gitea.example.com/a/b/actions/runs/26/jobs/42))"#);
    }
}
