//! Ring to LL-HLS, only while somebody watches.

mod actor;
mod feed;
mod handle;
mod live_state;
mod viewers;

pub(crate) use actor::{LiveActor, LiveArgs};
pub(crate) use feed::feed;
pub use handle::{LiveError, LiveHandle, LiveResponse};
pub(crate) use live_state::LiveState;
