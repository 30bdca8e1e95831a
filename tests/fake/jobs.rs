//! Jobs of a run and their steps.

/// How far a run or a job has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    Queued,
    Running,
    /// With its conclusion: `success`, `failure`, `cancelled`, `skipped`, or any other text.
    Completed(String),
}

/// One job of a run.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) progress: Progress,
    /// It is queued and waits for other jobs by `needs`: `waiting` in the API.
    pub(crate) blocked: bool,
    /// Up to 1.26, zero until a runner has taken it.
    pub(crate) attempt: u64,
    pub(crate) created_at: i64,
    pub(crate) started_at: i64,
    pub(crate) completed_at: i64,
    /// The task that the runner got, if a runner took the job.
    pub(crate) task: Option<u64>,
    /// Known once a runner has the job. In the API from 1.26 on.
    pub(crate) steps: Vec<JobStep>,
    /// While this is `None`, there is nothing to download.
    pub(crate) log: Option<Vec<u8>>,
}

/// One step of a job. Its number is its place in the list, from 0.
#[derive(Debug, Clone)]
pub(crate) struct JobStep {
    /// As written: `Run make ${{ inputs.target }}` is not evaluated.
    pub(crate) name: String,
    pub(crate) progress: Progress,
    pub(crate) started_at: i64,
    pub(crate) completed_at: i64,
}

impl JobStep {
    pub(super) fn new(name: &str, progress: Progress, started_at: i64, completed_at: i64) -> Self {
        Self { name: name.to_owned(), progress, started_at, completed_at }
    }
}

impl Job {
    pub(super) fn new(id: u64, name: &str, now: i64, attempt: u64) -> Self {
        Self {
            id,
            name: name.to_owned(),
            progress: Progress::Queued,
            blocked: false,
            attempt,
            created_at: now,
            started_at: 0,
            completed_at: 0,
            task: None,
            steps: Vec::new(),
            log: None,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.progress, Progress::Completed(_))
    }

    pub(super) fn start(&mut self, now: i64, task: u64, attempt: u64) {
        self.progress = Progress::Running;
        self.blocked = false;
        self.attempt = attempt;
        self.started_at = now;
        self.task = Some(task);
        // Two, so that one can be in progress and one queued.
        self.steps =
            vec![JobStep::new("build", Progress::Running, now, 0), JobStep::new("report", Progress::Queued, 0, 0)];
    }

    pub(super) fn complete(&mut self, now: i64, conclusion: &str) {
        if self.is_done() {
            return;
        }
        self.progress = Progress::Completed(conclusion.to_owned());
        self.blocked = false;
        self.completed_at = now;
        for step in self.steps.iter_mut().filter(|step| !matches!(step.progress, Progress::Completed(_))) {
            step.progress = self.progress.clone();
            step.started_at = if step.started_at == 0 { now } else { step.started_at };
            step.completed_at = now;
        }
    }

    pub(super) fn queue_again(&mut self) {
        let (id, attempt) = (self.id, self.attempt);
        *self = Self { created_at: self.created_at, ..Self::new(id, &self.name, 0, attempt) };
    }
}
