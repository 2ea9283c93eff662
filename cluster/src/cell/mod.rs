//! What a cell agrees on: the state machine of its Raft group.
//!
//! [`CellState::apply`] is deterministic and reads no clock. Each command carries what its proposer had seen (a start number, an
//! epoch, a revision), so a late or repeated one is refused or answered [`CellAnswer::Unchanged`], never applied to what came
//! after. Members, cameras and placements are read through [`CellState`]'s accessors; only `apply` writes.

mod apply;
mod apply_cameras;
mod apply_nodes;
mod apply_placements;
mod camera_needs;
mod codec;
mod command;
mod grant;
mod jobs;
mod limits;
mod member;
mod placement;
mod refusal;
mod settings;
mod state;

pub use camera_needs::{CameraKey, CameraNeeds};
pub use codec::{CodecError, WIRE_VERSION};
pub use command::{CellAnswer, CellCommand};
pub use grant::{EPOCHS_PER_GRANT, EpochGrant};
pub use jobs::{JobGrant, JobName};
pub use limits::{
    BATCH_COMMANDS_MAX, CAMERAS_MAX, DEPARTED_NODES_MAX, JOBS_MAX, LABELS_MAX, NODES_MAX, REMOVED_CAMERAS_MAX,
    TEXT_BYTES_MAX,
};
pub use member::{Health, Identity, Member, ProtocolRange, RaftId};
pub use placement::{CellPlacement, MoveMode, PendingMove};
pub use refusal::Refusal;
pub use settings::Settings;
pub use state::CellState;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
