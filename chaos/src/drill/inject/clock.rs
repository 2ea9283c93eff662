use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{InForce, Struck};
use crate::drill::DrillError;
use crate::drill::local::LocalCell;

struct Wrong {
    cell: Arc<LocalCell>,
    nodes: Vec<usize>,
}

/// The wall clocks of nodes are wrong, and right again at the end. Nobody asks them meanwhile: what signs people in says until
/// when.
pub(super) fn begin(cell: &Arc<LocalCell>, nodes: Vec<usize>, by_ms: i64) -> Result<Struck, DrillError> {
    let at = cell.now();
    for node in &nodes {
        cell.set_sound(*node, false);
        cell.step_clock(*node, by_ms)?;
    }
    let wrong = Wrong { cell: Arc::clone(cell), nodes: nodes.clone() };
    Ok(Struck { may_take: false, ..Struck::nodes(at, nodes, wrong) })
}

impl InForce for Wrong {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move {
            for node in &self.nodes {
                self.cell.step_clock(*node, 0)?;
                self.cell.await_up(*node).await?;
            }
            Ok(())
        }
        .boxed()
    }
}
