//! Taking footage out: from the init segments and `moof`s of recorded fragments to one plain MP4 file (ISO/IEC 14496-12) that
//! begins with its `moov`, so that it plays while it arrives and in whatever plays MP4.
//!
//! No fragment is held: of each, only its tables are kept ([`ExportBuilder`]). The outcome is an [`ExportLayout`], which has
//! the head of the file and says of every byte after it which fragment it lies in; so a part of the file can be made without
//! the rest. Media bytes are those of the fragments, unchanged.
//!
//! ```text
//! ftyp | moov | mdat (64-bit size) | mdat body of fragment 0 | mdat body of fragment 1 | …
//! ```
//!
//! # Times
//! Within a stretch without a hole, samples have the media times of their fragments: what the camera's clock said. Where
//! something is missing, or the camera's clock started anew, the file goes straight on: **gaps are closed up**, not held. A held
//! gap shows a picture that stands for an hour, which nobody can tell from a camera that hangs, is more than the 32 bits of a
//! sample's duration hold after 13 h at 90 kHz, and makes players seek through nothing; what is missing is told beside the file
//! instead. Sound and pictures stay in step: each stretch begins, for all tracks at once, when the longest track of those
//! before has ended, and a track that ended earlier holds its last sample until then.
//!
//! A change of parameters is another sample description of the same track; a change of codec is another track, since players
//! take one codec a track.

mod builder;
mod error;
mod init;
mod layout;
mod moof;
mod moov;
mod table;
mod track;

pub use builder::{ExportBuilder, SAMPLES_MAX, TRACKS_MAX};
pub use error::ExportError;
pub use init::ExportInit;
pub use layout::{ExportLayout, ExportPart};
pub use moof::FragmentTables;
