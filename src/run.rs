//! What a run is, and how far it has come.

pub(crate) mod progress;
