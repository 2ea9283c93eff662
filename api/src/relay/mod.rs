//! Live media of any camera of the cell, whichever node runs it: the viewer was authorized here, the bytes come from the camera's
//! owner over the media link, or from its twin when the owner does not answer.
//!
//! ```text
//! handler ─▶ LiveRelay ─┬─▶ this node's own packager
//!                       └─▶ Answers (coalesced, kept) ─▶ MediaLink ─▶ LiveServer of the node that runs it
//! ```
//!
//! A node that answers garbage is one that does not answer: what is no whole playlist, init segment or fragment, of another
//! incarnation, without end, or stands still reaches no viewer (`fetch`), and the twin is asked.
//!
//! `View` decides whom to ask and how a playlist is numbered, without clocks or sockets: numbers never fall for a player that
//! goes on through a failover (docs/adr/0016). Start reading at [`LiveRelay`].

mod answers;
mod fetch;
mod forms;
mod live_relay;
mod source;
mod telemetry;
mod underway;
mod view;

pub(crate) use live_relay::{LiveRelay, RelayError};
