use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{InForce, Struck};
use crate::drill::local::{LocalCell, PacketFault};
use crate::drill::{DrillError, Percent};

/// From here on, a node may be held to be dead, and rightly so: its answers come later than a live one's, or TCP sends a packet so
/// often that they do.
const LATE: Duration = Duration::from_millis(300);
const LOST: Percent = Percent::hundredths(500);

struct Slow {
    cell: Arc<LocalCell>,
    nodes: Vec<usize>,
    end: PacketFault,
}

/// Packets to and from nodes are late, or lost at times.
pub(super) fn begin(cell: &Arc<LocalCell>, nodes: Vec<usize>, fault: PacketFault) -> Result<Struck, DrillError> {
    let at = cell.now();
    nodes.iter().try_for_each(|node| cell.set_packets(*node, fault))?;
    let (may_take, end) = match fault {
        PacketFault::Late(late) => (late.is_some_and(|(by, jitter)| by + jitter >= LATE), PacketFault::Late(None)),
        PacketFault::Lost(lost) => (lost.is_some_and(|lost| lost >= LOST), PacketFault::Lost(None)),
    };
    let slow = Slow { cell: Arc::clone(cell), nodes: nodes.clone(), end };
    Ok(Struck { may_take, ..Struck::nodes(at, nodes, slow) })
}

impl InForce for Slow {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move { self.nodes.iter().try_for_each(|node| self.cell.set_packets(*node, self.end)) }.boxed()
    }
}
