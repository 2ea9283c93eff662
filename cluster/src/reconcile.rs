use std::collections::BTreeMap;
use std::fmt;

use eyrie_types::{CameraId, Epoch, Slot, TenantId};
use serde::{Deserialize, Serialize};

use crate::{Command, Plan, StopReason};

/// A placement without its incarnation: which slot of which camera.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlacementKey {
    /// Whose camera.
    pub tenant: TenantId,
    /// Which camera.
    pub camera: CameraId,
    /// Owner or twin.
    pub slot: Slot,
}

impl fmt::Display for PlacementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.camera, self.slot)
    }
}

/// What a placement of this node should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Desired {
    /// The incarnation.
    pub epoch: Epoch,
    /// The revision of the camera's spec.
    pub revision: u64,
    /// Off: the placement is this node's, and nothing runs.
    pub enabled: bool,
}

/// What a placement of this node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// Its incarnation.
    pub epoch: Epoch,
    /// The revision it runs with.
    pub revision: u64,
}

/// Compares what should run with what runs. An incarnation keeps running through changes of its spec, so that its footage
/// stays in one epoch; only switching a camera off, removing it, or another epoch ends an incarnation.
pub fn reconcile(desired: &BTreeMap<PlacementKey, Desired>, running: &BTreeMap<PlacementKey, Running>) -> Plan {
    let stops = running.iter().filter_map(|(key, run)| {
        let reason = match desired.get(key) {
            None => StopReason::Removed,
            Some(Desired { enabled: false, .. }) => StopReason::Disabled,
            Some(want) if run.epoch != want.epoch => StopReason::Superseded,
            Some(_) => return None,
        };
        Some(Command::Stop { key: key.clone(), epoch: run.epoch, reason })
    });
    let updates = desired.iter().filter_map(|(key, want)| {
        let run = running.get(key)?;
        let stale = want.enabled && run.epoch == want.epoch && run.revision != want.revision;
        stale.then(|| Command::Update { key: key.clone(), epoch: run.epoch, from: run.revision, to: want.revision })
    });
    let starts = desired.iter().filter_map(|(key, want)| {
        let missing = running.get(key).is_none_or(|run| run.epoch != want.epoch);
        let start = || Command::Start { key: key.clone(), epoch: want.epoch, revision: want.revision };
        (want.enabled && missing).then(start)
    });
    Plan { commands: stops.chain(updates).chain(starts).collect() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(n: u8) -> PlacementKey {
        let camera = CameraId::from_uuid_bytes(n);
        PlacementKey { tenant: TenantId::default_tenant(), camera, slot: Slot::OWNER }
    }

    /// Ids that read well in golden files.
    trait FromByte {
        fn from_uuid_bytes(n: u8) -> Self;
    }

    impl FromByte for CameraId {
        fn from_uuid_bytes(n: u8) -> Self {
            format!("00000000-0000-7000-8000-0000000000{n:02x}").parse().unwrap()
        }
    }

    fn epoch(counter: u32) -> Epoch {
        Epoch::new(0, counter).unwrap()
    }

    #[test]
    fn the_plan_reads_as_the_golden_file() {
        let desired = BTreeMap::from([
            (key(1), Desired { epoch: epoch(3), revision: 1, enabled: true }),
            (key(2), Desired { epoch: epoch(3), revision: 5, enabled: true }),
            (key(3), Desired { epoch: epoch(3), revision: 2, enabled: false }),
            (key(4), Desired { epoch: epoch(3), revision: 1, enabled: true }),
            (key(6), Desired { epoch: epoch(3), revision: 1, enabled: false }),
            (key(7), Desired { epoch: epoch(4), revision: 2, enabled: true }),
        ]);
        let running = BTreeMap::from([
            (key(2), Running { epoch: epoch(3), revision: 4 }),
            (key(3), Running { epoch: epoch(3), revision: 1 }),
            (key(4), Running { epoch: epoch(3), revision: 1 }),
            (key(5), Running { epoch: epoch(2), revision: 9 }),
            (key(7), Running { epoch: epoch(3), revision: 1 }),
        ]);
        let plan = reconcile(&desired, &running).to_string();
        assert_eq!(plan, include_str!("../tests/golden/reconcile.txt"), "the plan now reads:\n{plan}");
    }

    /// Carries a plan out on plain maps, as the shell would on actors.
    fn apply(plan: &Plan, running: &mut BTreeMap<PlacementKey, Running>) {
        for command in &plan.commands {
            match command {
                Command::Stop { key, .. } => drop(running.remove(key)),
                Command::Update { key, to, .. } => running.get_mut(key).unwrap().revision = *to,
                Command::Start { key, epoch, revision } => {
                    let fresh = Running { epoch: *epoch, revision: *revision };
                    assert!(running.insert(key.clone(), fresh).is_none(), "started twice: {key}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_plan_carried_out_leaves_nothing_to_do(
            want in prop::collection::btree_map(0u8..12, (0u32..4, 0u64..4, any::<bool>()), 0..12),
            run in prop::collection::btree_map(0u8..12, (0u32..4, 0u64..4), 0..12)
        ) {
            let desired = |(n, (e, revision, enabled))| (key(n), Desired { epoch: epoch(e), revision, enabled });
            let desired: BTreeMap<_, _> = want.into_iter().map(desired).collect();
            let mut running: BTreeMap<_, _> =
                run.into_iter().map(|(n, (e, revision))| (key(n), Running { epoch: epoch(e), revision })).collect();
            apply(&reconcile(&desired, &running), &mut running);
            prop_assert!(reconcile(&desired, &running).is_empty());
            prop_assert_eq!(running.len(), desired.values().filter(|d| d.enabled).count());
        }
    }
}
