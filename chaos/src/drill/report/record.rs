use std::collections::BTreeSet;

use eyrie_types::WallTime;

/// What was done in a round, and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct RoundRecord {
    pub(crate) number: u32,
    /// When the steady state had held.
    pub(crate) began: WallTime,
    pub(crate) ended: WallTime,
    pub(crate) struck: Vec<StruckRecord>,
    /// When the last fault was told to end.
    pub(crate) over: Option<WallTime>,
    /// When the steady state was back.
    pub(crate) steady: Option<WallTime>,
}

/// A fault that was done. Nodes and cameras by their names.
#[derive(Debug, Clone)]
pub(crate) struct StruckRecord {
    pub(crate) kind: &'static str,
    pub(crate) what: String,
    pub(crate) at: WallTime,
    /// When it was over; `None` while it is not.
    pub(crate) ended: Option<WallTime>,
    pub(crate) cut_short: bool,
    pub(crate) nodes: BTreeSet<String>,
    /// Cameras it was done to: those of the nodes, and those chosen themselves.
    pub(crate) cameras: BTreeSet<String>,
    /// Cameras chosen themselves.
    pub(crate) chosen: Vec<String>,
    /// Placements may be taken from the nodes, and rightly so.
    pub(crate) may_take: bool,
}

impl RoundRecord {
    pub(crate) fn new(number: u32, now: WallTime) -> Self {
        Self { number, began: now, ended: now, struck: Vec::new(), over: None, steady: None }
    }

    /// The cameras that a fault of it touched.
    pub(crate) fn touched(&self) -> BTreeSet<&str> {
        self.struck.iter().flat_map(|struck| &struck.cameras).map(String::as_str).collect()
    }
}

impl StruckRecord {
    /// What it was done to, for people.
    pub(crate) fn hit(&self) -> Vec<String> {
        self.nodes.iter().chain(&self.chosen).cloned().collect()
    }
}
