use std::sync::Arc;

use eyrie_cluster::{CellState, PlacementKey};
use eyrie_types::{CameraId, Slot, TenantId};

use crate::model::CameraNode;

/// Where the cameras of a tenant run, as the cell had it at one moment.
#[derive(Debug)]
pub(crate) struct Whereabouts {
    cell: Arc<CellState>,
    /// The key that is looked up, made once: a page asks for a hundred cameras of one tenant.
    key: PlacementKey,
}

impl Whereabouts {
    /// Looks cameras of `tenant` up in `cell`.
    pub(crate) fn new(cell: Arc<CellState>, tenant: TenantId) -> Self {
        let key = PlacementKey { tenant, camera: CameraId::from_uuid(uuid::Uuid::nil()), slot: Slot::OWNER };
        Self { cell, key }
    }

    /// The nodes that have `camera` and its twin: none while it is switched off, though the cell keeps a place for it.
    pub(crate) fn of(&mut self, camera: CameraId, enabled: bool) -> Places {
        if !enabled {
            return Places::default();
        }
        self.key.camera = camera;
        let node = self.slot(Slot::OWNER);
        // Nothing gets a twin before it has an owner.
        let twin = node.as_ref().and_then(|_| self.slot(Slot::TWIN));
        Places { node, twin }
    }

    fn slot(&mut self, slot: Slot) -> Option<CameraNode> {
        self.key.slot = slot;
        let id = self.cell.placement(&self.key)?.node;
        Some(CameraNode { id, name: self.cell.member(id)?.name.clone() })
    }
}

/// The nodes that have a camera.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// The owner.
    pub(crate) node: Option<CameraNode>,
    /// The twin.
    pub(crate) twin: Option<CameraNode>,
}
