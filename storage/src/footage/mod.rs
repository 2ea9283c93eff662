//! Reading what was recorded: which fragments cover a range, and their plaintext. Fragments are found through the index and
//! addressed by their entries, so nothing is scanned; each is verified before a byte of it leaves here. Several recordings of one
//! camera are read as one: see [`merge`].
//!
//! Start reading at [`Footage`].

mod alignment;
mod error;
#[allow(clippy::module_inception, reason = "the file is named after the type")]
mod footage;
mod merge;
#[cfg(test)]
mod merge_tests;
mod opened;
mod piece;
mod tracks;

pub use error::FootageError;
pub use footage::{Footage, FootageHead, OPENED_SEGMENTS_MAX, READS_MAX};
pub use piece::{FootagePiece, OpenTail, SegmentRef};
