use std::sync::Arc;

use super::Struck;
use super::kill::Down;
use crate::drill::DrillError;
use crate::drill::local::LocalCell;

/// SIGKILL, and then all that was not synced by then is lost: the dead hear nothing of what their disk still does, so this is the
/// moment at which the power went.
pub(super) fn begin(cell: &Arc<LocalCell>, nodes: Vec<usize>, torn: Option<u64>) -> Result<Struck, DrillError> {
    let at = cell.now();
    // All at one moment.
    nodes.iter().try_for_each(|node| cell.kill(*node))?;
    for node in &nodes {
        cell.lose_power(*node, torn.map(|seed| seed ^ *node as u64))?;
    }
    Ok(Struck::nodes(at, nodes.clone(), Down { cell: Arc::clone(cell), nodes }))
}
