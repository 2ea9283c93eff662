use std::time::Duration;

use crate::drill::{Drill, Fault, TimedFault};
use crate::sim::Dice;

/// What is to be done in a round, and when.
#[derive(Debug)]
pub(super) struct Step<'a> {
    /// How long after the round's beginning.
    pub(super) at: Duration,
    /// The fault's number in the round, counted from 0.
    pub(super) number: usize,
    /// It begins with this; `None` ends it.
    pub(super) begins: Option<&'a Fault>,
}

/// The steps of a round by time; of several faults, one is chosen now.
pub(super) fn steps<'a>(drill: &'a Drill, dice: &mut Dice) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    let mut number = 0;
    for timed in &drill.faults {
        for time in 0..timed.times() {
            let at = timed.begins(time);
            steps.push(Step { at, number, begins: choose(timed, dice) });
            steps.push(Step { at: at + timed.lasts, number, begins: None });
            number += 1;
        }
    }
    // Ends before beginnings at one moment, but of one fault that has no length.
    steps.sort_by_key(|step| (step.at, step.begins.is_some(), step.number));
    let mut begun = std::collections::BTreeSet::new();
    let (mut in_order, mut early) = (Vec::with_capacity(steps.len()), Vec::new());
    for step in steps {
        if step.begins.is_none() && !begun.contains(&step.number) {
            early.push(step);
            continue;
        }
        begun.insert(step.number);
        let number = step.number;
        in_order.push(step);
        if let Some(at) = early.iter().position(|step| step.number == number) {
            in_order.push(early.remove(at));
        }
    }
    in_order
}

fn choose<'a>(timed: &'a TimedFault, dice: &mut Dice) -> Option<&'a Fault> {
    dice.pick(&timed.one_of)
}
