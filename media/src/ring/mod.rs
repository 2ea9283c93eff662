//! The GOP ring: the one place where a camera's access units wait for those who read them.
//!
//! One writer pushes, any number of readers follow with cursors of their own; bytes are shared, never copied. What is kept:
//! the last few seconds always (so that a viewer starts at once), and beyond them whatever the recorder has not read, up to
//! `bytes_max` for one camera and [`RingBudget`]'s limit for the node. Bytes still held by readers after the ring let go of
//! them stay counted until the last holder drops them.
//!
//! Invariants: units are numbered without holes while the ring holds them; what is stored of a [`crate::Stream`] begins with
//! a keyframe; units of two streams are never in one live segment.

mod budget;
mod gop_ring;
mod live_segmenter;
mod reader;
mod state;
mod stats;
mod unit;
mod writer;

pub use budget::{RING_RESERVED, RingBudget, RingBudgetFull};
pub use gop_ring::{GopRing, RING_BYTES_MAX, RING_WARM, RingConfig, WriterTaken};
pub use live_segmenter::{LIVE_SEGMENT_AUDIO, LIVE_SEGMENT_MAX, LIVE_SEGMENT_MIN};
pub use reader::{Ready, RingReader};
pub use state::{DropReason, FRAGMENT_MEDIA, PushOutcome, Read, ReaderKind, WakeOn};
pub use stats::RingStats;
pub use unit::RingUnit;
pub use writer::RingWriter;

#[cfg(test)]
mod tests;
