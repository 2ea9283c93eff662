//! Connections between the nodes of a cell: one TCP listener for all of them.
//!
//! ```text
//! TCP → TLS 1.3 → mutual proof of the cell's secret, bound to the TLS session → greetings → Raft | actors | media
//! ```
//!
//! Nobody gets to what lies behind without the secret: until then a connection may send frames of 1 KiB at most, within 5 s,
//! and 64 connections at a time (16 of one address) may try. A greeting says which protocol versions, which cell, which node,
//! which start of it and what for; each side refuses what does not fit, and tells the other why. Who is turned away is
//! counted by reason. Start reading at [`Peers`].

mod book;
mod config;
mod dialer;
mod error;
pub(crate) mod frame;
mod handshake;
mod listener;
mod message;
mod peers;
mod proof;
mod refusals;
mod stream;
mod tls;

pub use config::{
    ATTEMPT_DEADLINE, HANDSHAKE_DEADLINE, NAME_CHARS_MAX, PEER_PORT, PeerConfig, PeerTls, SECRET_CHARS_MIN,
};
pub use dialer::{Dialer, with_port};
pub use error::{PeerConfigError, PeerError};
pub use listener::{PeerListener, PeerRoutes};
pub use message::{PROTOCOL_MAX, PROTOCOL_MIN, PROTOCOL_OF_MEDIA, PeerHello, Purpose, RefusalReason};
pub use peers::Peers;
pub use stream::PeerStream;
