//! What is watched while a drill runs, from outside: the API, the placements, and what lies on the disks.

mod api_calls;
mod cell_watch;
mod logs;
mod phases;
mod recordings;

pub(crate) use api_calls::{ApiCall, ApiCalls};
pub(crate) use cell_watch::{CellWatch, Watched};
pub(crate) use logs::{Logs, Said, Saying};
pub(crate) use phases::{Evidence, phases};
pub use recordings::{Recordings, UnitGap};
