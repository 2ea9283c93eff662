use eyrie_types::WallTime;
use serde::{Deserialize, Serialize};

use super::{CameraGap, Check, Distribution, Mark, Verdict};

/// The version of a report's JSON. It rises when a reader of the one before would misread the new one.
pub const SCHEMA: u32 = 1;

/// Everything a drill found. Times within it are milliseconds since [`DrillReport::started`], by one monotonic clock.
///
/// Texts come from files and from the cell and are hostile: each of the three forms escapes them its own way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillReport {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The drill.
    pub drill: ReportedDrill,
    /// The release that was drilled, as it calls itself.
    pub eyrie: String,
    /// The seed of its choices: the same file and seed choose the same order of faults.
    pub seed: u64,
    /// When it began.
    pub started: WallTime,
    /// How long it took.
    pub took_ms: u64,
    /// What it says of the hypothesis.
    pub verdict: Verdict,
    /// Each bound with what was measured, over all rounds.
    pub checks: Vec<Check>,
    /// Each round that was begun.
    pub rounds: Vec<Round>,
    /// How measured times are spread, over all rounds.
    pub distributions: Vec<Distribution>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedDrill {
    /// Its name.
    pub name: String,
    /// What was believed to hold.
    pub hypothesis: String,
    /// What it was run against, in words.
    pub target: String,
    /// The plan's lines, as a dry run prints them.
    pub plan: Vec<String>,
}

/// One round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Counted from 1.
    pub number: u32,
    /// When its steady state had held, and its clock began.
    pub began_ms: u64,
    /// When it was over.
    pub ended_ms: u64,
    /// How long after the end of its last fault the steady state was back; `None` when it was not, or nobody waited for it.
    pub recovered_ms: Option<u64>,
    /// What was done, and when.
    pub faults: Vec<ReportedFault>,
    /// What happened meanwhile, by time.
    pub marks: Vec<Mark>,
    /// Each gap of each camera.
    pub gaps: Vec<CameraGap>,
}

/// A fault that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedFault {
    /// Its word.
    pub kind: String,
    /// It in words, as in the file.
    pub what: String,
    /// Which nodes or cameras were chosen.
    pub hit: Vec<String>,
    /// When it began.
    pub began_ms: u64,
    /// When it was over; `None` when it could not be ended, which fails the drill.
    pub ended_ms: Option<u64>,
    /// It ended because nobody was heard, or the drill was broken off.
    pub cut_short: bool,
}
