//! `dispatch-action` builds a pull request of one repository with a workflow of another, on Gitea, and reports the outcome.

mod config;
mod deadline;
mod diagnosis;
mod error;
mod files;
mod forge;
mod links;
mod modes;
mod probes;
#[cfg(test)]
mod property_tests;
mod proxy;
mod run;
mod runner;
mod signals;
mod telling;
mod text;
mod tls;
mod types;
mod workflow_file;

use std::io::{Stdout, stdout};
use std::process::ExitCode;

use config::{Config, Environment, Task};
use deadline::Deadline;
use error::Error;
use forge::Gitea;
use modes::{check, dispatch, reconcile, report, trial_report, wait};
use nix::sys::prctl::set_dumpable;
use runner::Runner;
use signals::Underway;

fn main() -> ExitCode {
    let mut runner = Runner::new(stdout());
    if std::env::args().nth(1).as_deref() == Some("--version") {
        // The digest that `.ci/build-dist` sets.
        let source = option_env!("SOURCE_DIGEST").unwrap_or("unknown, not built for a release");
        runner.info(&format!("dispatch-action {}, source {source}", env!("CARGO_PKG_VERSION")));
        return ExitCode::SUCCESS;
    }
    // Prevents a core file, which would contain the token, and keeps other programs of this user from reading it in
    // memory.
    set_dumpable(false).ok();
    let failure = run(&mut runner).err();
    let exit_code = runner.end(failure.as_ref().map(Error::to_string).as_deref());
    match failure {
        Some(Error::Stopped(stopped)) => stopped.exit_code(),
        _ => exit_code,
    }
}

fn run(runner: &mut Runner<Stdout>) -> Result<(), Error> {
    let environment = Environment::read()?;
    let token = environment.token()?;
    runner.configure(environment.files(), &token);
    let Config { api, pages, pages_are_known, roots, proxy, task } = environment.config()?;
    let deadline = Deadline::in_a_minute();
    let underway = Underway::default();
    let gitea = Gitea::new(api, &token, roots, proxy, deadline, underway.clone()).map_err(Error::Start)?;
    let work = async {
        match &task {
            Task::Dispatch(task) => {
                let run = deadline.bound(dispatch::run(&gitea, &pages, task, runner)).await??;
                if let (Some((run, place)), Some(limits)) = (run, task.wait) {
                    wait::run(&gitea, &pages, &place, &run, limits, runner).await?;
                }
            }
            Task::Report(task) => deadline.bound(report::run(&gitea, &pages, task, runner)).await??,
            Task::Reconcile(task) => {
                let work = reconcile::run(&gitea, &pages, pages_are_known, task, runner);
                deadline.bound(work).await??;
            }
            Task::TrialReport(task) => deadline.bound(trial_report::run(&gitea, task, runner)).await??,
            Task::Check(task) => check::run(&gitea, &pages, task, runner).await?,
            Task::Nothing(why) => runner.info(why),
        }
        Ok(())
    };
    signals::run(work, &underway).map_err(|error| Error::Start(error.to_string()))?
}
