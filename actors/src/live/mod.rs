//! Ring to LL-HLS, only while somebody watches: here, or through another node ([`LiveQuestion`]).

mod actor;
mod feed;
mod handle;
mod live_state;
mod question;
mod relayed_viewers;
mod server;
mod told;
mod viewers;

pub(crate) use actor::{LiveActor, LiveArgs};
pub(crate) use feed::feed;
pub(crate) use handle::viewer_number;
pub use handle::{LiveError, LiveHandle, LiveResponse};
pub(crate) use live_state::LiveState;
pub use question::{LiveQuestion, LiveWanted};
pub(crate) use relayed_viewers::RelayedViewers;
pub(crate) use server::LiveServer;
pub use told::{LiveHeard, LiveKeyframe};
