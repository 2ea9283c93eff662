use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::kill::Down;
use super::{InForce, Struck};
use crate::drill::DrillError;
use crate::drill::local::LocalCell;

struct Silent(Down);

/// Its link goes down, and then it is killed: nobody sees a connection close.
pub(super) fn begin(cell: &Arc<LocalCell>, nodes: Vec<usize>) -> Result<Struck, DrillError> {
    let at = cell.now();
    for node in &nodes {
        cell.set_sound(*node, false);
        cell.link(*node, false)?;
        cell.kill(*node)?;
    }
    Ok(Struck::nodes(at, nodes.clone(), Silent(Down { cell: Arc::clone(cell), nodes })))
}

impl InForce for Silent {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move {
            let Down { cell, nodes } = &self.0;
            nodes.iter().try_for_each(|node| cell.link(*node, true))?;
            Box::new(self.0).end().await
        }
        .boxed()
    }
}
