//! Reading what was recorded: which fragments cover a range, and their plaintext. Fragments are found through the index and
//! addressed by their entries, so nothing is scanned; each is verified before a byte of it leaves here. Several recordings of one
//! camera are read as one: see [`merge`].
//!
//! ```text
//! index (all nodes) → rows → nodes that do not answer are left out → merge → pieces
//! a fragment → a file of this node's disks, or bytes of another node's ([`Elsewhere`]) → checked and opened here
//! ```
//!
//! Start reading at [`Footage`].

mod alignment;
mod elsewhere;
mod error;
#[allow(clippy::module_inception, reason = "the file is named after the type")]
mod footage;
mod handing_over;
mod holders;
mod merge;
#[cfg(test)]
mod merge_tests;
mod neighbours;
mod opened;
mod opening;
mod piece;
mod repairing;
mod stand_in;
mod tracks;

pub use elsewhere::{Elsewhere, ElsewhereError, SegmentName, StoredPlace};
pub use error::FootageError;
pub use footage::{Footage, FootageFound, FootageHead, OPENED_SEGMENTS_MAX, READS_MAX};
pub use neighbours::{ASKS_MAX, FRAGMENT_WITHIN, HEAD_WITHIN, REACH_ANYHOW_WITHIN, REACH_WITHIN};
pub use piece::{FootagePiece, OpenTail, SegmentRef};
pub use repairing::StoredFragment;
pub use stand_in::StandIn;
