//! Media without I/O: bytes and times go in, values come out. No socket, no file, no clock, no async runtime.
//!
//! The unit everything here speaks of is the [`AccessUnit`]; a [`Stream`] says how to decode it.

mod access_unit;
pub mod codec;
pub mod export;
pub mod feed;
mod fmp4;
pub mod hls;
pub mod mp4_file;
mod ring;
pub mod rtmp;
mod stream;
mod ticks;
mod timeline;
pub mod vod;

pub use access_unit::AccessUnit;
pub use fmp4::{
    FRAGMENT_BYTES_MAX, FRAGMENT_DURATION_MAX, FRAGMENT_UNITS_MAX, Fmp4Error, Fragment, Fragmenter, Purpose,
    init_segment,
};
pub use ring::{
    DropReason, FRAGMENT_MEDIA, GopRing, LIVE_SEGMENT_AUDIO, LIVE_SEGMENT_MAX, LIVE_SEGMENT_MIN, PushOutcome,
    RING_BYTES_MAX, RING_RESERVED, RING_WARM, Read, ReaderKind, Ready, RingBudget, RingBudgetFull, RingConfig,
    RingReader, RingStats, RingUnit, RingWriter, WakeOn, WriterTaken,
};
pub use stream::{AudioCodec, AudioTrack, Stream, Track, TrackKind, VideoCodec, VideoTrack};
pub use timeline::{
    ANCHOR_DRIFT_MAX, ANCHOR_JUMP_MAX, Discontinuity, DtsEstimator, GAP_MIN, GapDetector, MediaTime, RtpUnwrapper,
    SLEW_PPM_MAX, SourceUnit, TimelineAnchor,
};
