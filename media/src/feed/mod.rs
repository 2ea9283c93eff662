//! A camera's access units on their way from the node that has the camera's session to one that must record it too.
//!
//! One direction, a byte stream, integers big-endian, version 1:
//!
//! ```text
//! "EYFD" | version (1) | epoch of the feeding placement (8)                                once
//! kind (1) | length of the body (4) | body                                                 from then on
//!
//! kind 1, stream:  sequence (8) | number of tracks (1) | for each: clock rate (4) | codec (1) | by codec:
//!                    1 H.264, 2 H.265    length (2) | body of the avcC or hvcC box
//!                    16 AAC              length (2) | AudioSpecificConfig
//!                    17 G.711 A, 18 µ    samples per second (4) | channels (2)
//! kind 2, unit:    ring number (8) | track (1) | flags (1): 1 is a keyframe | pts (8) | dts (8) | wall time, µs (8) | data
//! kind 3, skipped: units (8)
//! kind 4, alive:   nothing
//! kind 5, end:     reason (1): 1 released, 2 lost
//! ```
//!
//! What decodes the units comes before the first of them and again at each discontinuity. Times are those of the feeding node, so
//! both recordings carry the same ones. A kind that is not known is passed over, and bytes behind the known end of a body too: a
//! later release may add both. The peer has proved the cell's secret; its bytes are treated as hostile all the same.

mod decoder;
mod encoder;
mod error;
mod item;
mod track_bytes;

pub use decoder::FeedDecoder;
pub use encoder::FeedEncoder;
pub use error::FeedError;
pub use item::{FeedEnd, FeedItem, FeedUnit};

#[cfg(test)]
mod tests;

/// What a feed begins with.
const MAGIC: [u8; 4] = *b"EYFD";
/// The version of the framing.
const VERSION: u8 = 1;
/// Magic, version and epoch.
const HEAD_BYTES: usize = 13;
/// Kind and length.
const RECORD_HEAD_BYTES: usize = 5;
/// A unit's body before its data.
const UNIT_HEAD_BYTES: usize = 34;

const STREAM: u8 = 1;
const UNIT: u8 = 2;
const SKIPPED: u8 = 3;
const ALIVE: u8 = 4;
const END: u8 = 5;

/// The data of a unit, at most: no ring holds a longer one.
pub const FEED_UNIT_BYTES_MAX: usize = crate::RING_BYTES_MAX.as_u64() as usize;
/// Any other body, at most: eight tracks with the longest configuration that is taken, and room for what a later release adds.
pub const FEED_BODY_BYTES_MAX: usize = 64 * 1024;
/// Tracks of a stream, at most: pictures, sound, and room for more.
pub const FEED_TRACKS_MAX: usize = 8;
/// The configuration of a track, at most: parameter sets have some hundred bytes.
pub const FEED_CONFIG_BYTES_MAX: usize = 4 * 1024;
/// Ticks of a media clock are taken up to this, either side of 0: a million years at 90 kHz, and far from any overflow.
const TICKS_MAX: i64 = i64::MAX / 4;
