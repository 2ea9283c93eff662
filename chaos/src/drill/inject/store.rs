use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{InForce, Struck};
use crate::drill::DrillError;
use crate::drill::local::{LocalCell, Relaying};

struct Away(Arc<LocalCell>);

/// All nodes find their metadata store gone, holding its connections without a word, or
/// answering with errors. The store itself is not touched: the relays
/// that lead to it do this.
pub(super) fn begin(cell: &Arc<LocalCell>, relaying: Relaying) -> Result<Struck, DrillError> {
    let at = cell.now();
    (0..cell.len()).for_each(|node| cell.relay(node, relaying));
    Ok(Struck { may_take: false, ..Struck::nodes(at, Vec::new(), Away(Arc::clone(cell))) })
}

impl InForce for Away {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move {
            (0..self.0.len()).for_each(|node| self.0.relay(node, Relaying::Carry));
            Ok(())
        }
        .boxed()
    }
}
