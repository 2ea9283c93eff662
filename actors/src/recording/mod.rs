//! Ring to segment file to index: the recorder of one camera, and the repair of what a crash left behind.
//!
//! Order of writing: the segment key's row is durable before the key is used; bytes are durable before a row of the index
//! tells of them. What is not durable yet is kept in memory and written again after a failed write or sync.

mod actor;
mod cut;
mod left_segments;
mod open_segment;
mod pending;
mod recorder;
mod repair;
mod rotation_pace;
mod runs;

pub(crate) use actor::{RecordingActor, RecordingArgs};
pub use cut::segment_cut;
pub(crate) use left_segments::{LeftSegment, LeftSegments};
pub(crate) use recorder::record;
pub(crate) use repair::adopt_lost;
pub use repair::{Finding, RepairError, RepairReport, check_recordings, repair_index};
pub(crate) use rotation_pace::RotationPace;
