use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use rustix::process::Signal;

use super::{InForce, Struck};
use crate::drill::DrillError;
use crate::drill::local::LocalCell;

struct Paused {
    cell: Arc<LocalCell>,
    nodes: Vec<usize>,
}

/// SIGSTOP.
pub(super) fn begin(cell: &Arc<LocalCell>, nodes: Vec<usize>) -> Result<Struck, DrillError> {
    let at = cell.now();
    for node in &nodes {
        cell.set_sound(*node, false);
        cell.signal(*node, Signal::STOP)?;
    }
    Ok(Struck::nodes(at, nodes.clone(), Paused { cell: Arc::clone(cell), nodes }))
}

impl InForce for Paused {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move {
            for node in &self.nodes {
                self.cell.signal(*node, Signal::CONT)?;
                self.cell.set_sound(*node, true);
            }
            Ok(())
        }
        .boxed()
    }
}
