use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{InForce, Struck};
use crate::drill::DrillError;
use crate::drill::disk::Order;
use crate::drill::local::LocalCell;

/// Disks that misbehave, and the order that ends it.
struct Misbehaving {
    cell: Arc<LocalCell>,
    nodes: Vec<usize>,
    end: Order,
}

/// The disks of `nodes` do what `order` says, until the order `end`. The nodes live, so nothing should be taken from them for it.
pub(super) fn begin(cell: &Arc<LocalCell>, nodes: Vec<usize>, order: Order, end: Order) -> Result<Struck, DrillError> {
    let at = cell.now();
    nodes.iter().try_for_each(|node| cell.disk(*node, order).map(drop))?;
    let in_force = Misbehaving { cell: Arc::clone(cell), nodes: nodes.clone(), end };
    Ok(Struck { may_take: false, ..Struck::nodes(at, nodes, in_force) })
}

impl InForce for Misbehaving {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move { self.nodes.iter().try_for_each(|node| self.cell.disk(*node, self.end).map(drop)) }.boxed()
    }
}
