//! Media between the nodes of a cell: HTTP/2 on connections of [`crate::peer::Purpose::Media`], which have proved the cell's
//! secret.
//!
//! ```text
//! MediaLink::ask(node, GET /live/…) ──▶ one connection to that node ──▶ its MediaHandlers ──▶ the handler of "live"
//! ```
//!
//! One connection a pair of nodes and direction: made when somebody first asks, kept, and made again, after a jittered pause, when
//! somebody asks after it was lost. Whoever asks hears of a peer that cannot be reached at once, of one that stands still within
//! [`SILENT_AFTER`], and of one that does not answer within the deadline of the question. A reader that stops keeps at most
//! [`STREAM_WINDOW_BYTES`] and holds up no other: windows of all streams together fit the connection's.
//!
//! Both sides have proved the secret, and what a peer says of a viewer's rights is believed (docs/adr/0014): the node that is
//! asked looks after what is its own to know, as tenants of cameras and its lease.

mod body;
mod error;
mod handlers;
mod link;
mod peer;
mod server;
mod telemetry;

use std::time::Duration;

pub use body::{BoxedMediaBody, MediaBody, empty, full};
pub use error::MediaLinkError;
pub use handlers::{MediaHandler, MediaHandlers};
pub use link::{MediaLink, MediaLinkConfig, MediaPeer};

/// Questions to one peer, and of one peer, that are being answered at a time: each camera watched here and run there holds two or
/// three, each camera fed one.
pub const STREAMS_MAX: usize = 256;
/// Bytes of one answer that may be on their way or unread: a part of 1 s at 2 Mbit/s, and 1 Gbit/s at 2 ms between zones.
pub const STREAM_WINDOW_BYTES: u32 = 256 << 10;
/// Bytes of all answers of one peer that may be: all streams' windows, so that none waits for another's reader.
pub const CONNECTION_WINDOW_BYTES: u32 = STREAM_WINDOW_BYTES * STREAMS_MAX as u32;
/// Largest frame taken: fewer for a segment of media, and still short beside what others wait for.
const FRAME_BYTES_MAX: u32 = 64 << 10;

/// How long an answer's first byte may take, unless the question says otherwise ([`MediaLink::ask_within`]).
pub const FIRST_BYTE_WITHIN: Duration = Duration::from_secs(3);
/// A connection on which nothing came for so long is pinged.
const PING_AFTER: Duration = Duration::from_millis(500);
/// How long the answer to a ping may take: a peer that stands still is found, an own stall of less does no harm.
const PONG_WITHIN: Duration = Duration::from_millis(1250);
/// When a peer that stands still has lost its connection.
pub const SILENT_AFTER: Duration = PING_AFTER.saturating_add(PONG_WITHIN);
/// How long a question waits for a connection, whatever its own deadline: another node may have the answer. Dialing goes on.
const CONNECT_WITHIN: Duration = Duration::from_millis(1500);
/// How long reaching all addresses of a peer may take.
const DIAL_WITHIN: Duration = Duration::from_secs(6);
/// Most peers: a cell has at most 100 nodes.
const PEERS_MAX: usize = 256;
/// Attempts of one question: on the connection that was there, and on a new one when that was lost before the question was sent.
const ATTEMPTS_MAX: usize = 2;
