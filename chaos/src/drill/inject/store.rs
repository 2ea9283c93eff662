use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{InForce, Struck};
use crate::drill::DrillError;
use crate::drill::local::{LocalCell, Relaying};

struct Away(Arc<LocalCell>);

/// All nodes find their metadata store gone, or holding its connections without a word. The store itself is not touched: the relay
/// that leads to it does this.
pub(super) fn begin(cell: &Arc<LocalCell>, relaying: Relaying) -> Result<Struck, DrillError> {
    let at = cell.now();
    cell.relay(relaying);
    Ok(Struck { may_take: false, ..Struck::nodes(at, Vec::new(), Away(Arc::clone(cell))) })
}

impl InForce for Away {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move {
            self.0.relay(Relaying::Carry);
            Ok(())
        }
        .boxed()
    }
}
