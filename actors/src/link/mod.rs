//! Sessions between the nodes of a cell, over ractor_cluster: heartbeats, questions and answers. Raft has connections of its own,
//! media a third.
//!
//! ```text
//! Link ─ call, cast ─▶ LinkSession ─ credits ─▶ gateway of the peer (a remote actor) ─▶ NodeSession ─▶ PeerStream
//! PeerStream ─▶ NodeSession ─▶ Gateway, the only actor that peers can reach ─▶ LinkHandler
//! ```
//!
//! What ractor_cluster leaves to us is here: a peer that stands still is noticed by pings of our own and its session closed; what
//! is on its way to a peer is bounded, and what is beyond is refused at once; every call has a deadline; lost sessions are dialed
//! again; two nodes that dial each other end with one session. [`SessionHost`] stands in for ractor_cluster's `NodeServer`, which
//! would open a listener of its own, with no more than a shared word before it.
//!
//! Start reading at [`Link`].

mod credits;
mod dialing;
mod error;
mod gateway;
mod handler;
mod host;
#[allow(clippy::module_inception, reason = "the file is named after the type")]
mod link;
mod liveness;
mod message;
mod raw_bytes;
mod session;
mod sessions;
mod stream;
mod telemetry;

pub use credits::{CREDIT_BYTES_MAX, CREDIT_MESSAGES_MAX};
pub use error::LinkError;
pub use handler::LinkHandler;
pub use link::{LINK_PEERS_MAX, Link, LinkConfig};
pub use liveness::{PING_EVERY, PONG_WITHIN};
pub use message::{LINK_MESSAGE_BYTES_MAX, LinkAnswer, LinkCast, LinkRequest};
pub use session::{CALLS_MAX, LinkPeer};
