use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{InForce, Struck};
use crate::drill::DrillError;
use crate::drill::local::LocalCell;

/// Nodes that are down.
pub(super) struct Down {
    pub(super) cell: Arc<LocalCell>,
    pub(super) nodes: Vec<usize>,
}

/// SIGKILL.
pub(super) fn begin(cell: &Arc<LocalCell>, nodes: Vec<usize>) -> Result<Struck, DrillError> {
    let at = cell.now();
    nodes.iter().try_for_each(|node| cell.kill(*node))?;
    Ok(Struck::nodes(at, nodes.clone(), Down { cell: Arc::clone(cell), nodes }))
}

impl InForce for Down {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move {
            self.nodes.iter().try_for_each(|node| self.cell.begin(*node))?;
            for node in &self.nodes {
                self.cell.await_up(*node).await?;
            }
            Ok(())
        }
        .boxed()
    }
}
