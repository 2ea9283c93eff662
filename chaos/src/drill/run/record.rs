use std::collections::BTreeSet;

use eyrie_types::WallTime;

/// What was done in a round, and what came of it.
#[derive(Debug)]
pub(super) struct RoundRecord {
    pub(super) number: u32,
    /// When the steady state had held.
    pub(super) began: WallTime,
    pub(super) ended: WallTime,
    pub(super) struck: Vec<StruckRecord>,
    /// When the last fault was told to end.
    pub(super) over: Option<WallTime>,
    /// When the steady state was back.
    pub(super) steady: Option<WallTime>,
}

/// A fault that was done.
#[derive(Debug)]
pub(super) struct StruckRecord {
    pub(super) kind: &'static str,
    pub(super) what: String,
    pub(super) at: WallTime,
    /// When it was over; `None` while it is not.
    pub(super) ended: Option<WallTime>,
    pub(super) cut_short: bool,
    pub(super) nodes: Vec<usize>,
    /// Cameras it was done to: those of the nodes, and those chosen themselves; by number.
    pub(super) cameras: BTreeSet<usize>,
    /// Cameras chosen themselves.
    pub(super) chosen: Vec<usize>,
    /// Placements may be taken from the nodes, and rightly so.
    pub(super) may_take: bool,
}

impl RoundRecord {
    pub(super) fn new(number: u32, now: WallTime) -> Self {
        Self { number, began: now, ended: now, struck: Vec::new(), over: None, steady: None }
    }

    /// The round was broken off.
    pub(super) fn cut_short(&mut self, now: WallTime) {
        self.ended = now;
        for struck in self.struck.iter_mut().filter(|struck| struck.ended.is_none()) {
            (struck.ended, struck.cut_short) = (Some(now), true);
        }
    }
}
