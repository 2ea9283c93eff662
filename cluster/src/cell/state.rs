use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::RangeInclusive;

use eyrie_types::{CellId, Epoch, NodeId, Slot};
use serde::{Deserialize, Serialize};

use super::limits::{DEPARTED_NODES_MAX, REMOVED_CAMERAS_MAX};
use super::{
    CameraKey, CameraNeeds, CellPlacement, EPOCHS_PER_GRANT, EpochGrant, JobGrant, JobName, Member, Refusal, Settings,
};
use crate::PlacementKey;

/// What a cell agrees on. Changed by [`CellState::apply`] only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CellState {
    pub(super) cell: Option<CellId>,
    pub(super) cell_version: u32,
    pub(super) revision: u64,
    /// The last epoch given out, in two parts.
    pub(super) generation: u64,
    pub(super) counter: u32,
    pub(super) members: BTreeMap<NodeId, Member>,
    /// Nodes that left, with their last start; oldest first.
    pub(super) departed: VecDeque<(NodeId, u64)>,
    pub(super) cameras: BTreeMap<CameraKey, CameraNeeds>,
    /// Removed cameras; the set answers, the queue says which is oldest.
    pub(super) removed: BTreeSet<CameraKey>,
    pub(super) removed_order: VecDeque<CameraKey>,
    pub(super) placements: BTreeMap<PlacementKey, CellPlacement>,
    pub(super) jobs: BTreeMap<JobName, JobGrant>,
    pub(super) settings: Settings,
}

impl CellState {
    /// The cell; `None` until it is founded.
    pub fn cell(&self) -> Option<CellId> {
        self.cell
    }

    /// The protocol version the cell speaks.
    pub fn cell_version(&self) -> u32 {
        self.cell_version
    }

    /// How often it has changed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The present generation of epochs.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The last count given out in the present generation.
    pub fn counter(&self) -> u32 {
        self.counter
    }

    /// The members.
    pub fn members(&self) -> &BTreeMap<NodeId, Member> {
        &self.members
    }

    /// One member.
    pub fn member(&self, node: NodeId) -> Option<&Member> {
        self.members.get(&node)
    }

    /// The cameras.
    pub fn cameras(&self) -> &BTreeMap<CameraKey, CameraNeeds> {
        &self.cameras
    }

    /// One camera.
    pub fn camera(&self, key: &CameraKey) -> Option<&CameraNeeds> {
        self.cameras.get(key)
    }

    /// Whether a camera was removed (of the last [`super::REMOVED_CAMERAS_MAX`] that were).
    pub fn was_removed(&self, key: &CameraKey) -> bool {
        self.removed.contains(key)
    }

    /// The placements.
    pub fn placements(&self) -> &BTreeMap<PlacementKey, CellPlacement> {
        &self.placements
    }

    /// One placement.
    pub fn placement(&self, key: &PlacementKey) -> Option<&CellPlacement> {
        self.placements.get(key)
    }

    /// The placements of one camera, by slot.
    pub fn placements_of<'a>(
        &'a self,
        camera: &CameraKey,
    ) -> impl Iterator<Item = (&'a PlacementKey, &'a CellPlacement)> + use<'a> {
        self.placements.range(slots_of(camera))
    }

    /// Who does which job.
    pub fn jobs(&self) -> &BTreeMap<JobName, JobGrant> {
        &self.jobs
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The next run of epochs, as it will be given out.
    pub(super) fn peek_grant(&self, count: u16) -> Result<EpochGrant, Refusal> {
        let (generation, counter) = match self.counter.checked_add(u32::from(count)) {
            Some(_) => (self.generation, self.counter),
            None => (self.generation + 1, 0),
        };
        let first = Epoch::new(generation, counter + 1).map_err(|_| Refusal::NoEpochs)?;
        Ok(EpochGrant { first, count })
    }

    /// Gives out the next run of epochs.
    pub(super) fn grant(&mut self) -> Result<EpochGrant, Refusal> {
        let grant = self.peek_grant(EPOCHS_PER_GRANT)?;
        self.take(grant);
        Ok(grant)
    }

    /// Gives out one epoch.
    pub(super) fn grant_one(&mut self) -> Result<Epoch, Refusal> {
        let grant = self.peek_grant(1)?;
        self.take(grant);
        Ok(grant.first)
    }

    fn take(&mut self, grant: EpochGrant) {
        self.generation = grant.last().generation();
        self.counter = grant.last().counter();
    }

    pub(super) fn bury_camera(&mut self, key: CameraKey) {
        if self.removed.insert(key.clone()) {
            self.removed_order.push_back(key);
        }
        while self.removed_order.len() > REMOVED_CAMERAS_MAX {
            if let Some(oldest) = self.removed_order.pop_front() {
                self.removed.remove(&oldest);
            }
        }
    }

    pub(super) fn bury_node(&mut self, node: NodeId, start: u64) {
        self.departed.retain(|(departed, _)| *departed != node);
        self.departed.push_back((node, start));
        while self.departed.len() > DEPARTED_NODES_MAX {
            self.departed.pop_front();
        }
    }
}

pub(super) fn slots_of(camera: &CameraKey) -> RangeInclusive<PlacementKey> {
    camera.slot(Slot(0))..=camera.slot(Slot(u8::MAX))
}
