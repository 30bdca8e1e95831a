//! Whether, and how, a run is commented on.

/// The input `comment`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommentMode {
    /// A new comment per run.
    Create,
    /// One comment per pull request and context, edited in place.
    Update,
    /// One comment per pull request, with a row for each context.
    Table,
    Off,
}

/// The inputs `comment` and `comment-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Commenting {
    pub(crate) mode: CommentMode,
    /// `comment-on: failure`: no new comment for a run that ended in `success` or `skipped`.
    pub(crate) only_failures: bool,
}

/// The inputs `log-lines` and `log-lines-public`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogLines {
    /// How many last lines of the first failed job's log go into the comment, at most 200. 0: none.
    pub(crate) count: u8,
    /// Whether the log of a private target may go into a comment of a public source.
    pub(crate) may_be_public: bool,
}
