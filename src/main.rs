//! `dispatch-action` builds a pull request of one repository with a workflow of another, on Gitea, and reports the outcome.

mod closing;
mod comment;
mod config;
mod diagnosis;
mod dispatch;
mod error;
mod gitea;
mod links;
mod message;
mod progress;
#[cfg(test)]
mod properties;
mod reconcile;
mod report;
mod run_statuses;
mod runner;
mod tls;
mod types;
mod wait;

use std::io::{Stdout, stdout};
use std::process::ExitCode;
use std::time::Duration;

use config::{Config, Environment, Task};
use error::Error;
use gitea::Gitea;
use runner::Runner;
use tokio::time::timeout;

/// The most time that a step takes, apart from `wait`. A runner is worth more than an answer that does not come.
const BUDGET: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let mut runner = Runner::new(stdout());
    if std::env::args().nth(1).as_deref() == Some("--version") {
        // The digest that `.ci/build-dist` gives.
        let source = option_env!("SOURCE_DIGEST").unwrap_or("unknown, not built for a release");
        runner.info(&format!("dispatch-action {}, source {source}", env!("CARGO_PKG_VERSION")));
        return ExitCode::SUCCESS;
    }
    let failure = run(&mut runner).err();
    runner.end(failure.map(|error| error.to_string()).as_deref())
}

fn run(runner: &mut Runner<Stdout>) -> Result<(), Error> {
    let environment = Environment::read()?;
    let token = environment.token()?;
    runner.configure(environment.files(), &token);
    let Config { api, pages, roots, task } = environment.config()?;
    let gitea = Gitea::new(api, &token, roots).map_err(Error::Start)?;
    let work = async {
        match &task {
            Task::Dispatch(task) => {
                let run = timeout(BUDGET, dispatch::run(&gitea, &pages, task, runner)).await??;
                if let Some(limits) = task.wait {
                    wait::run(&gitea, &pages, task, limits, run, BUDGET, runner).await?;
                }
            }
            Task::Report(task) => timeout(BUDGET, report::run(&gitea, &pages, task, runner)).await??,
            Task::Reconcile(task) => timeout(BUDGET, reconcile::run(&gitea, &pages, task, runner)).await??,
            Task::Trial => runner.info("The run's pr_head_sha is all zeros: a trial run, so nothing is reported"),
        }
        Ok(())
    };
    // One thread: there is little to do, and most of it is waiting.
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Start(error.to_string()))?
        .block_on(work)
}
