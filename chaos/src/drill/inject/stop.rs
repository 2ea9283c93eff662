use std::sync::Arc;

use super::Struck;
use super::kill::Down;
use crate::drill::DrillError;
use crate::drill::local::LocalCell;

/// SIGTERM: the node hands its cameras over and ends. It has ended when this is over.
pub(super) async fn begin(cell: &Arc<LocalCell>, nodes: Vec<usize>) -> Result<Struck, DrillError> {
    let at = cell.now();
    for node in &nodes {
        cell.stop(*node).await?;
    }
    Ok(Struck::nodes(at, nodes.clone(), Down { cell: Arc::clone(cell), nodes }))
}
