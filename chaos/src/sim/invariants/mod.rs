//! What must hold whatever happens, one rule a file. Each is written against what happened, not against the code that decides.

mod applied;
mod capacity;
pub(super) mod drain_loses_nothing;
mod epochs_grow;
mod generations_grow;
mod max_sessions;
mod needless_moves;
pub(super) mod one_live_owner;
mod one_node_per_epoch;
pub(super) mod one_worker_per_job;
mod owners_live;
mod sound_verdicts;
mod stale_commands;
mod twins_apart;
mod voters_rule;
mod zones;

use std::collections::BTreeMap;
use std::fmt;

use eyrie_cluster::PlacementKey;
use eyrie_types::Epoch;

pub(super) use owners_live::why_not_settled;

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which rule: the name of its file.
    pub rule: &'static str,
    /// What was seen.
    pub what: String,
}

impl Violation {
    pub(super) fn new(rule: &'static str, what: impl Into<String>) -> Self {
        Self { rule, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}

/// What the rules remember.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Which process of which machine ran an epoch of a placement.
    pub(super) ran: BTreeMap<(PlacementKey, Epoch), (usize, u64)>,
    /// The highest epoch that was ever granted of a placement, also of one that is gone.
    pub(super) granted: BTreeMap<PlacementKey, Epoch>,
    /// Moves begun and finished or abandoned, for the tally.
    pub(super) moves: u64,
    pub(super) takeovers: u64,
    pub(super) deaths: u64,
    pub(super) refused: u64,
}
