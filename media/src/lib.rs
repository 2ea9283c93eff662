//! Media without I/O: bytes and times go in, values come out. No socket, no file, no clock, no async runtime.
//!
//! The unit everything here speaks of is the [`AccessUnit`]; a [`Stream`] says how to decode it.

mod access_unit;
mod stream;

pub use access_unit::AccessUnit;
pub use stream::{AudioCodec, AudioTrack, Stream, Track, TrackKind, VideoCodec, VideoTrack};
