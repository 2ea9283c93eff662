//! What is watched while a drill runs, from outside: the API, the placements, live pictures, playback, and what lies on the
//! disks.

mod ages;
mod api_calls;
mod cell_watch;
mod index_differences;
mod live_ages;
mod logs;
mod phases;
mod plays;
mod recordings;

pub(crate) use ages::Ages;
pub(crate) use api_calls::ApiCalls;
pub(crate) use cell_watch::{CellWatch, Watched};
pub(crate) use index_differences::index_differences;
pub(crate) use live_ages::LiveAges;
pub(crate) use logs::{Logs, Said, Saying};
pub(crate) use phases::{Evidence, phases};
pub(crate) use plays::{DURABLE_AFTER, PIECE, Plays, before, doubled, named};
pub use recordings::{Recordings, UnitGap};
