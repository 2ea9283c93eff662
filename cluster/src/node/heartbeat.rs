use eyrie_types::{Epoch, NodeId};
use serde::{Deserialize, Serialize};

use crate::MoveReport;

/// What a node has heard of the one it writes to: permits it to act, see [`crate::Lease`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    /// The start of the receiver that was heard.
    pub start: u64,
    /// `sent_us` of the last heartbeat heard from it.
    pub sent_us: u64,
}

/// Every 200 ms from each node to the voters, and from the voters to all. Fields are only ever added at the end, with a new
/// protocol version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Who lives.
    pub node: NodeId,
    /// In which start.
    pub start: u64,
    /// When it was sent, in microseconds on the sender's monotonic clock: its number, too.
    pub sent_us: u64,
    /// The sender leads, and is ready to.
    pub leads: bool,
    /// How much of the log it has applied.
    pub applied: u64,
    /// What it has heard of the receiver.
    pub echo: Option<Echo>,
    /// Whom the sender has not heard for too long, with its start. From voters only; empty while it doubts itself.
    pub silent: Vec<(NodeId, u64)>,
    /// What it says of its sides of pending moves, by their first epochs.
    pub moves: Vec<(Epoch, MoveReport)>,
    /// Placements that run there.
    pub running: u32,
    /// Those of them that record.
    pub recording: u32,
}
