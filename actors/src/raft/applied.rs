use std::sync::Arc;

use eyrie_cluster::CellState;

/// The cell's state, as far as this node has applied the log.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// Index of the last applied entry; 0 before the first.
    pub index: u64,
    /// The state after it.
    pub state: Arc<CellState>,
}
