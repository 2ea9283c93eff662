use bytes::Bytes;
use eyrie_types::{Epoch, WallTime};

use crate::Stream;

/// What a feed says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedItem {
    /// Whose units follow: the first item of a feed, and only the first.
    Begin {
        /// The placement that feeds; epochs are unique in a cell.
        epoch: Epoch,
    },
    /// What decodes the units that follow. Its sequence is the feeding ring's: whoever stores the units counts anew.
    Stream(Stream),
    /// An access unit of the last stream.
    Unit(FeedUnit),
    /// The feeding ring let go of this many units before they could be sent; a keyframe follows.
    Skipped {
        /// How many.
        units: u64,
    },
    /// Nothing is to be said, and the feeder lives.
    Alive,
    /// Nothing follows.
    End(FeedEnd),
}

/// An access unit as it is fed: an [`crate::AccessUnit`] without its stream and arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedUnit {
    /// Its number in the feeding ring; see [`crate::RingUnit`].
    pub seq: u64,
    /// Which of the stream's tracks: one that it has.
    pub track: u8,
    /// Decoding can start here.
    pub keyframe: bool,
    /// When it is shown, in ticks of the track's clock since the stream began at the feeder.
    pub pts: i64,
    /// When it is decoded; rises from unit to unit of a track.
    pub dts: i64,
    /// The wall time of `pts`, as the feeder anchored it.
    pub wall: WallTime,
    /// As [`crate::AccessUnit::data`].
    pub data: Bytes,
}

/// Why a feed ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedEnd {
    /// The feeder has closed its session and opens none again: the camera is free.
    Released,
    /// The feeder has lost the camera and tries to get it back.
    Lost,
}
