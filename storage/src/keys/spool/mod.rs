//! Key rows that the store has not taken yet, durably beside it: so that a new segment needs no store.
//!
//! One file of slots, a row in each; see [`slot`] for the bytes. A row is written to a free slot and announced after `fdatasync`;
//! once the store has it, or it is shredded, its slot is overwritten with zeros and synced before anybody is told that it is gone.
//! So what lies in memory is all that the file may hold, and a row that was let go of cannot come back after a crash.

mod error;
mod slot;
mod slots;
#[allow(clippy::module_inception, reason = "the file is named after the type")]
mod spool;
mod writer;

pub use error::SpoolError;
pub use spool::{KeySpool, SPOOL_ROWS_MAX, SPOOL_WITHIN};
