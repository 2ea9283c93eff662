//! Plain MP4 files (ISO/IEC 14496-12) as a source: the sample tables of a `moov`, turned into samples in decoding order.
//!
//! No file is read here. Whoever has one walks its top level with [`top_level_box`], reads the body of `moov`, gives it to
//! [`Mp4File::parse`] and reads the samples' bytes where the answer says they lie. All bytes are hostile: counts are checked
//! against the bytes that should hold them before anything is allocated.

pub(crate) mod boxes;
mod error;
mod file;
mod sample_entry;
mod sample_table;

pub use boxes::{TOP_LEVEL_HEADER_BYTES, TopLevelBox, top_level_box};
pub use error::Mp4Error;
pub use file::{MOOV_BYTES_MAX, Mp4File, Mp4Sample, SAMPLE_BYTES_MAX, SAMPLES_MAX};
