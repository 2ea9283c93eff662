use std::sync::Arc;

use bytes::Bytes;
use eyrie_types::WallTime;

use crate::Stream;

/// The unit of recording: one `moof` and `mdat`, with what the index needs to know of it.
#[derive(Debug, Clone)]
pub struct Fragment {
    /// What decodes it.
    pub stream: Arc<Stream>,
    /// Its bytes in order: the boxes, then the shared bytes of its access units.
    pub chunks: Vec<Bytes>,
    /// The wall time at which its first picture is due (without video: its first sound). Reordering of pictures is taken
    /// out, so that fragments without a hole between them adjoin.
    pub start: WallTime,
    /// The media time it covers by the clock of its video, in microseconds. Zero when a stream that has video gave only
    /// sound: it is kept and can be heard, but is no footage.
    pub duration_us: u32,
    /// Decoding can start at its first picture.
    pub starts_gop: bool,
    /// It is the first of a stream that follows another one: never to be joined to the fragment before.
    pub discontinuity: bool,
    /// SHA-256 of the VCL NAL units of its first keyframe, shortened to 16 bytes; zero without one.
    pub keyframe_hash: [u8; 16],
    /// The ring's number of its first access unit.
    pub first_seq: u64,
    /// The ring's number of its last access unit.
    pub last_seq: u64,
    /// How many access units right before it were lost between the ring and the recorder.
    pub holes: u64,
}

impl Fragment {
    /// Bytes of all chunks.
    pub fn bytes(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.len() as u64).sum()
    }
}
