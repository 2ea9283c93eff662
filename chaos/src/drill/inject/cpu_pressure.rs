use std::process::Child;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{InForce, Struck};
use crate::drill::local::LocalCell;
use crate::drill::{DrillError, Percent};

/// Processes that compute for nothing; killed when dropped.
struct Burning(Vec<Child>);

/// As many processes as have to run all the time to ask for `share` of the machine's cores. Nodes of a local cell share the
/// machine, so it is done to all of them, whomever it was meant for.
pub(super) fn begin(cell: &Arc<LocalCell>, nodes: Vec<usize>, share: Percent) -> Result<Struck, DrillError> {
    let at = cell.now();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let burners = (u64::from(share.as_hundredths()) * cores).div_ceil(u64::from(Percent::WHOLE.as_hundredths())).max(1);
    let mut burning = Burning(Vec::new());
    for _ in 0..burners {
        burning.0.push(cell.burner()?);
    }
    Ok(Struck { may_take: false, ..Struck::nodes(at, nodes, burning) })
}

impl InForce for Burning {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move {
            drop(self);
            Ok(())
        }
        .boxed()
    }
}

impl Drop for Burning {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // Our own children, not waited for yet; one that is gone is fine.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
