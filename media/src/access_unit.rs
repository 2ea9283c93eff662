use std::sync::Arc;

use bytes::Bytes;
use eyrie_types::{Monotonic, WallTime};

use crate::Stream;

/// One coded picture, or one coded frame of sound, with its times. Cheap to clone: the bytes are shared.
#[derive(Debug, Clone)]
pub struct AccessUnit {
    /// What decodes it, and which stretch without discontinuity it belongs to.
    pub stream: Arc<Stream>,
    /// Which of the stream's tracks.
    pub track: u8,
    /// When it is shown, in ticks of the track's clock since the stream began; never negative but for B-frame lead-in.
    pub pts: i64,
    /// When it is decoded, in the same ticks; rises with each unit of a track.
    pub dts: i64,
    /// Decoding can start here.
    pub keyframe: bool,
    /// Video: NAL units, each after its length in four bytes, big-endian. Sound: the raw frame.
    pub data: Bytes,
    /// The wall time of `pts`, anchored on arrival and slewed by at most 500 ppm.
    pub wall: WallTime,
    /// When its last byte arrived.
    pub arrival: Monotonic,
}

impl AccessUnit {
    /// Whether it belongs to the stream's video track.
    pub fn is_video(&self) -> bool {
        self.stream.video().is_some_and(|(i, ..)| i == usize::from(self.track))
    }
}
