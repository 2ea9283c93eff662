use eyrie_cluster::{CellState, EpochGrant, PlacementKey};
use eyrie_types::{CameraId, Epoch, NodeId, Slot, TenantId};

/// A node that can be asked for a camera's live media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    /// Owner or twin.
    pub(super) slot: Slot,
    /// Which node.
    pub(super) node: NodeId,
    /// The epochs it runs the camera under.
    pub(super) grant: EpochGrant,
}

/// Who has `camera`, as the cell agreed: the owner first, then its twin.
pub(super) fn sources(cell: &CellState, tenant: &TenantId, camera: CameraId) -> Vec<Source> {
    let of = |slot| {
        let key = PlacementKey { tenant: tenant.clone(), camera, slot };
        let placement = cell.placement(&key)?;
        Some(Source { slot, node: placement.node, grant: placement.grant })
    };
    [Slot::OWNER, Slot::TWIN].into_iter().filter_map(of).collect()
}

/// The node that runs the incarnation `epoch` of a placement, or is about to.
pub(super) fn node_of(
    cell: &CellState,
    tenant: &TenantId,
    camera: CameraId,
    slot: Slot,
    epoch: Epoch,
) -> Option<NodeId> {
    let placement = cell.placement(&PlacementKey { tenant: tenant.clone(), camera, slot })?;
    let runs = |node: &NodeId| {
        let since = (*node == placement.node).then_some(placement.since);
        let grant = placement.grant_of(*node);
        // An earlier grant of the same placing may be the one that runs.
        grant.is_some_and(|grant| {
            grant.contains(epoch) || since.is_some_and(|since| (since..=grant.last()).contains(&epoch))
        })
    };
    placement.nodes().find(runs)
}
