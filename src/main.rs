//! `dispatch-action` builds a pull request of one repository with a workflow of another, on Gitea, and reports the outcome.

mod config;
mod deadline;
mod diagnosis;
mod error;
mod files;
mod forge;
mod links;
mod modes;
#[cfg(test)]
mod property_tests;
mod proxy;
mod run;
mod runner;
mod telling;
mod text;
mod tls;
mod types;

use std::io::{Stdout, stdout};
use std::process::ExitCode;

use config::{Config, Environment, Task};
use deadline::Deadline;
use error::Error;
use forge::Gitea;
use modes::{dispatch, reconcile, report, wait};
use runner::Runner;

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
    let Config { api, pages, roots, proxy, task } = environment.config()?;
    let deadline = Deadline::in_a_minute();
    let gitea = Gitea::new(api, &token, roots, proxy, deadline).map_err(Error::Start)?;
    let work = async {
        match &task {
            Task::Dispatch(task) => {
                let run = deadline.bound(dispatch::run(&gitea, &pages, task, runner)).await??;
                if let (Some(run), Some(limits)) = (run, task.wait) {
                    wait::run(&gitea, &pages, &task.place, &run, limits, runner).await?;
                }
            }
            Task::Report(task) => deadline.bound(report::run(&gitea, &pages, task, runner)).await??,
            Task::Reconcile(task) => deadline.bound(reconcile::run(&gitea, &pages, task, runner)).await??,
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
