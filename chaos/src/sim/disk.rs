use eyrie_cluster::{Member, SpentEpochs};

use super::raft::RaftDisk;

/// What a machine keeps when its process dies.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    pub(super) raft: RaftDisk,
    /// What the node says of itself; start number and Raft id rise with time.
    pub(super) member: Member,
    pub(super) spent: SpentEpochs,
}
