//! Time: from a source's timestamps and the moments its units arrive to presentation, decoding and wall time.
//!
//! Durations come from the source's media clock alone. Wall time follows the machine's clock, but moves against media time by
//! at most [`SLEW_PPM_MAX`]; what cannot be slewed away starts a new [`crate::Stream`].

mod anchor;
mod dts;
mod gap;
mod rtp;

pub use anchor::{
    ANCHOR_DRIFT_MAX, ANCHOR_JUMP_MAX, Discontinuity, MediaTime, SLEW_PPM_MAX, SourceUnit, TimelineAnchor,
};
pub use dts::DtsEstimator;
pub use gap::{GAP_MIN, GapDetector};
pub use rtp::RtpUnwrapper;

#[cfg(test)]
mod tests;
