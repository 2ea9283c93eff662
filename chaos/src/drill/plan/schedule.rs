use std::time::Duration;

use crate::drill::{Drill, Fault};
use crate::sim::Dice;

/// A fault with its time in one round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// When it begins, after the round did.
    pub begins: Duration,
    /// When it is over.
    pub ends: Duration,
    /// What.
    pub fault: Fault,
    /// The line of the file that says so.
    pub line: u64,
}

/// The faults of a round (counted from 1) by their beginning. One seed always gives the same: of several, it chooses.
pub fn schedule(drill: &Drill, seed: u64, round: u32) -> Vec<Scheduled> {
    let mut dice = Dice::new(seed ^ u64::from(round).rotate_left(32));
    let mut all = Vec::new();
    for timed in &drill.faults {
        for n in 0..timed.times() {
            let Some(fault) = dice.pick(&timed.one_of).cloned() else { continue };
            let begins = timed.begins(n);
            // Of several, one may happen at one moment where the others last.
            let lasts = if fault.is_once() { Duration::ZERO } else { timed.lasts };
            all.push(Scheduled { begins, ends: begins + lasts, fault, line: timed.line });
        }
    }
    all.sort_by_key(|scheduled| scheduled.begins);
    all
}
