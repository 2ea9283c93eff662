use std::process::Child;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{InForce, Struck};
use crate::drill::local::LocalCell;
use crate::drill::{DrillError, Percent};

/// What is taken at most: a drill is not to end what else runs on the machine.
const TAKEN_BYTES_MAX: u64 = 8 << 30;

/// A process that holds memory; killed when dropped.
struct Holding(Child);

/// A process takes a share of the memory that is free. Nodes of a local cell share the machine, so it is done to all of them,
/// whomever it was meant for.
pub(super) fn begin(cell: &Arc<LocalCell>, nodes: Vec<usize>, share: Percent) -> Result<Struck, DrillError> {
    let at = cell.now();
    let free = std::fs::read_to_string("/proc/meminfo").map_err(DrillError::io("reading /proc/meminfo"))?;
    let free = free
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    let free: u64 = free.ok_or_else(|| DrillError::Refused("/proc/meminfo does not say what is free".to_owned()))?;
    let whole = u64::from(Percent::WHOLE.as_hundredths());
    let bytes = (free * 1024 / whole * u64::from(share.as_hundredths())).min(TAKEN_BYTES_MAX);
    let holding = Holding(cell.hog(bytes)?);
    Ok(Struck { may_take: false, ..Struck::nodes(at, nodes, holding) })
}

impl InForce for Holding {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move {
            drop(self);
            Ok(())
        }
        .boxed()
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        // Our own child, not waited for yet; one that is gone is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
