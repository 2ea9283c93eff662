//! Fragmented MP4 (ISO/IEC 14496-12 clause 8.8): the init segment of a stream, and fragments that share the bytes of the
//! access units they carry.
//!
//! The boxes are mp4-atom's; what is decided here is which tracks go in, what a sample's duration is and where a fragment
//! ends. A fragment never refers to anything outside itself (default-base-is-moof), so it may be moved, cut out or sealed alone.

mod durations;
mod error;
mod fragment;
mod fragmenter;
mod init;
mod purpose;
mod writer;

pub(crate) use durations::{Durations, Sample};
pub use error::Fmp4Error;
pub use fragment::Fragment;
pub use fragmenter::{FRAGMENT_BYTES_MAX, FRAGMENT_DURATION_MAX, FRAGMENT_UNITS_MAX, Fragmenter};
pub(crate) use fragmenter::{covered_us, hole_us, leading_track};
pub use init::init_segment;
pub use purpose::Purpose;
pub(crate) use writer::write_fragment;
