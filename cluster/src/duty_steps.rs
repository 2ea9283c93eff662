use std::collections::BTreeMap;
use std::fmt;

use eyrie_types::Epoch;

use crate::{Duty, PlacementKey, StopReason};

/// One step towards what a node is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DutyStep {
    /// Stop an incarnation.
    Stop {
        /// Which placement.
        key: PlacementKey,
        /// Which incarnation.
        epoch: Epoch,
        /// Why.
        reason: StopReason,
    },
    /// Tell a running incarnation what has changed: its spec, where it pulls from, whether it answers live.
    Update {
        /// Which placement.
        key: PlacementKey,
        /// What it is now.
        duty: Duty,
    },
    /// Start an incarnation, when the pacer lets it.
    Start {
        /// Which placement.
        key: PlacementKey,
        /// What it is to be.
        duty: Duty,
    },
}

impl fmt::Display for DutyStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stop { key, epoch, reason } => write!(f, "stop   {key} epoch {epoch}: {reason}"),
            Self::Update { key, duty } => write!(f, "update {key} epoch {}: revision {}", duty.epoch, duty.revision),
            Self::Start { key, duty } => write!(f, "start  {key} epoch {}: revision {}", duty.epoch, duty.revision),
        }
    }
}

/// Compares what a node is to run with the duties its running incarnations were given: by epoch first, for another epoch is another
/// incarnation. Stops first, for they free what starts need.
pub fn reconcile_duties(
    duties: &BTreeMap<PlacementKey, Duty>,
    running: &BTreeMap<PlacementKey, Duty>,
) -> Vec<DutyStep> {
    let stops = running.iter().filter_map(|(key, run)| {
        let reason = match duties.get(key) {
            None => StopReason::Removed,
            Some(duty) if !duty.enabled => StopReason::Disabled,
            Some(duty) if duty.epoch != run.epoch => StopReason::Superseded,
            Some(_) => return None,
        };
        Some(DutyStep::Stop { key: key.clone(), epoch: run.epoch, reason })
    });
    let wanted = || duties.iter().filter(|(_, duty)| duty.enabled);
    let same = |key: &PlacementKey, duty: &Duty| running.get(key).filter(|run| run.epoch == duty.epoch);
    let updates = wanted().filter(|(key, duty)| same(key, duty).is_some_and(|run| run != *duty));
    let updates = updates.map(|(key, duty)| DutyStep::Update { key: key.clone(), duty: *duty });
    let starts = wanted().filter(|(key, duty)| same(key, duty).is_none());
    let starts = starts.map(|(key, duty)| DutyStep::Start { key: key.clone(), duty: *duty });
    stops.chain(updates).chain(starts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::testing::{node, owner};

    fn duty(counter: u32, revision: u64) -> Duty {
        Duty { epoch: Epoch::new(0, counter).unwrap(), revision, enabled: true, feed_from: None, live: true }
    }

    #[test]
    fn another_epoch_is_another_incarnation_and_the_rest_is_an_update() {
        let duties = BTreeMap::from([
            (owner(1), duty(1, 1)),
            (owner(2), duty(2, 2)),
            (owner(3), duty(4, 1)),
            (owner(4), Duty { enabled: false, ..duty(5, 1) }),
            (owner(6), Duty { feed_from: Some(node(1)), ..duty(6, 1) }),
            (owner(7), duty(7, 1)),
        ]);
        let running = BTreeMap::from([
            (owner(1), duty(1, 1)),
            (owner(2), duty(2, 1)),
            (owner(3), duty(3, 1)),
            (owner(4), duty(5, 1)),
            (owner(5), duty(9, 1)),
            (owner(6), duty(6, 1)),
        ]);
        let steps: String = reconcile_duties(&duties, &running).iter().map(|step| format!("{step}\n")).collect();
        assert_eq!(steps, include_str!("../tests/golden/reconcile-duties.txt"), "the steps now read:\n{steps}");
        let enabled = duties.clone().into_iter().filter(|(_, duty)| duty.enabled).collect();
        assert_eq!(reconcile_duties(&duties, &enabled), []);
    }
}
