use std::time::Duration;

use super::{BlastRadius, Bound, Guardrails, Probe, Target, TimedFault};

/// A drill, read and found to make sense.
///
/// A *round* is: wait until the steady state has held for [`Settle::held`]; the faults in their times; wait until the steady state
/// is back, at most [`Drill::recover`]. There are [`Drill::repeat`] of them, and the verdict is over all.
///
/// Steady state means: every node up, a leader known, every camera recording (twice, where it has a twin), nothing moving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drill {
    /// Its name: a-z, 0-9 and '-'; part of file names.
    pub name: String,
    /// What is believed to hold, in words: one paragraph.
    pub hypothesis: String,
    /// What it is run against.
    pub target: Target,
    /// The steady state before each round.
    pub settle: Settle,
    /// What is watched, and what it must show. Never empty.
    pub probes: Vec<Probe>,
    /// What goes wrong, by its beginning. Never empty.
    pub faults: Vec<TimedFault>,
    /// How long after the last fault of a round the steady state must be back; later fails the drill.
    pub recover: Duration,
    /// How many rounds.
    pub repeat: u32,
    /// What may be touched.
    pub blast_radius: BlastRadius,
    /// When it is broken off.
    pub guardrails: Guardrails,
    /// A fault ends by itself when whoever runs the drill is not heard for this long.
    pub dead_man: Duration,
}

/// How the steady state is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settle {
    /// It must hold for this long without a break.
    pub held: Duration,
    /// Within this time, or the drill is refused; in a later round, broken off.
    pub within: Duration,
}

impl Drill {
    /// All that must hold at the end.
    pub fn bounds(&self) -> Vec<Bound> {
        self.probes.iter().flat_map(Probe::bounds).collect()
    }

    /// How long after its start the faults of a round are over.
    pub fn faults_end(&self) -> Duration {
        self.faults.iter().map(TimedFault::ends).max().unwrap_or_default()
    }

    /// How long it takes at most, all rounds together.
    pub fn longest(&self) -> Duration {
        (self.settle.within + self.faults_end() + self.recover).saturating_mul(self.repeat)
    }
}
