use std::sync::Arc;

use futures::future::join_all;

use super::Struck;
use super::kill::Down;
use crate::drill::local::LocalCell;
use crate::drill::{DrillError, EndWith};

/// All nodes are ended at one moment.
pub(super) async fn begin(cell: &Arc<LocalCell>, with: EndWith) -> Result<Struck, DrillError> {
    let (at, nodes) = (cell.now(), (0..cell.len()).collect::<Vec<_>>());
    match with {
        EndWith::Kill => nodes.iter().try_for_each(|node| cell.kill(*node))?,
        EndWith::Stop => {
            join_all(nodes.iter().map(|node| cell.stop(*node)))
                .await
                .into_iter()
                .collect::<Result<Vec<_>, _>>()
                .map(drop)?;
        }
    }
    Ok(Struck::nodes(at, nodes.clone(), Down { cell: Arc::clone(cell), nodes }))
}
