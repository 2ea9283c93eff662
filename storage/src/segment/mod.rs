//! The segment file, format v1: bytes in, values out. `docs/format-v1.md` is its exact layout, ADR 0002 its reasons.
//!
//! A segment holds the fragments of one camera under one placement epoch. Everything here but [`SegmentReader`] and [`walk`]
//! is pure; the threads that write segments live in [`crate::disk`].

mod boxes;
mod cipher;
mod encoder;
mod error;
mod footer;
mod fragment_flags;
mod fragment_head;
mod layout;
mod merkle;
mod reader;
mod scan;
mod segment_head;
mod walk;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub(crate) use encoder::SegmentEncoder;
pub use encoder::{ClosedSegment, FRAGMENT_BYTES_MAX, FRAGMENTS_MAX, INIT_BYTES_MAX, NewFragment, NewSegment};
pub use error::{FormatError, SegmentError};
pub use footer::Footer;
pub(crate) use fragment_flags::FragmentFlags;
pub use fragment_head::FragmentHead;
pub use layout::{LayoutError, SegmentPath};
pub use merkle::{InclusionProof, MerkleBuilder, merkle_root};
pub use reader::{SegmentReader, plain_length};
pub use scan::{Scan, ScanEnd};
pub use segment_head::SegmentHead;
pub use walk::{FoundSegment, Skipped, Walk, walk};

/// An error with its sources, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}
