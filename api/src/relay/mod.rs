//! Live media of any camera of the cell, whichever node runs it: the viewer was authorized here, the bytes come from the camera's
//! owner over the media link, or from its twin when the owner does not answer.
//!
//! ```text
//! handler ─▶ LiveRelay ─┬─▶ this node's own packager
//!                       └─▶ Answers (coalesced, kept) ─▶ MediaLink ─▶ LiveServer of the node that runs it
//! ```
//!
//! `View` decides whom to ask and how a playlist is numbered, without clocks or sockets: numbers never fall for a player that
//! goes on through a failover (docs/adr/0016). Start reading at [`LiveRelay`].

mod answers;
mod fetch;
mod forms;
mod live_relay;
mod source;
mod telemetry;
mod view;

pub(crate) use live_relay::{LiveRelay, RelayError};
