//! What is watched while a drill runs, from outside: the API, the placements, live pictures, playback, and what lies on the
//! disks.

mod api_calls;
mod cell_watch;
mod index_differences;
mod live_ages;
mod logs;
mod phases;
mod plays;
mod recordings;
mod worst;

pub(crate) use api_calls::{ApiCall, ApiCalls};
pub(crate) use cell_watch::{CellWatch, Watched};
pub(crate) use index_differences::index_differences;
pub(crate) use live_ages::LiveAges;
pub(crate) use logs::{Logs, Said, Saying};
pub(crate) use phases::{Evidence, phases};
pub(crate) use plays::{Play, Plays, doubled};
pub use recordings::{Recordings, UnitGap};
pub(crate) use worst::Worst;
