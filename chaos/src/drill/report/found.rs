use std::time::Duration;

use eyrie_types::WallTime;

/// What the probes of a drill found, beside gaps.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Calls of the API.
    pub(crate) calls: Vec<ApiCall>,
    /// Ranges that were played.
    pub(crate) plays: Vec<Play>,
    /// The longest time without fresh live pictures.
    pub(crate) live: Option<Worst>,
    /// What playback shows twice.
    pub(crate) doubled: Option<Worst>,
    /// Where index and disks differ.
    pub(crate) index: Option<Worst>,
    /// Placements that were taken from a node without a plan.
    pub(crate) taken: Vec<Taken>,
}

/// A call of the API.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiCall {
    /// When it was made.
    pub(crate) at: WallTime,
    /// How long the answer took.
    pub(crate) took: Duration,
    /// It was answered, and with success.
    pub(crate) succeeded: bool,
}

/// A range that was played, or was to be.
#[derive(Debug, Clone)]
pub(crate) struct Play {
    /// Of which camera.
    pub(crate) camera: String,
    /// How long until its playlists were there.
    pub(crate) took: Duration,
    /// Why not all of it was answered; `None` where it was.
    pub(crate) failed: Option<String>,
}

/// What was measured where it was worst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Worst {
    /// In the measure's unit.
    pub(crate) measured: u64,
    /// Where, in words; empty where that means nothing.
    pub(crate) text: String,
}

/// A placement that was taken from a node without a plan. All by name.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    /// When it was seen.
    pub(crate) at: WallTime,
    pub(crate) camera: String,
    pub(crate) from: String,
    pub(crate) to: String,
}
