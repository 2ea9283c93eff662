//! HTTP Live Streaming from memory: low latency (draft-pantos-hls-rfc8216bis) and plain (RFC 8216) from the same playlists.
//!
//! [`LivePackager`] is fed ring units and answers [`LiveRequest`]s; it waits for nothing. What is not there yet is
//! [`LiveAnswer::NotYet`], and whoever drives it asks again when the next part is there: that is blocking reload.
//!
//! Numbers are a function of the ring's: media sequence number = ordinal of the live placement · 2²⁴ + live segment,
//! discontinuity sequence number = ordinal · 2⁷ + sequence of the stream. So packaging may stop and start again, and players
//! go on. The address of the playlists stays when another placement takes over; what they name lies in its own directory.

mod answer;
pub(crate) mod bandwidth;
mod media_playlist;
mod multivariant;
mod ordinal;
mod packager;
mod part_builder;
mod part_target;
mod plausible;
mod rendition;
pub(crate) mod request;
mod segment;
mod window;

pub use answer::{CachePolicy, LiveAnswer, LiveBody, Position};
pub use media_playlist::{CAN_SKIP_UNTIL, HOLD_BACK};
pub use ordinal::{DISCONTINUITY_SHIFT, ORDINAL_SHIFT, lift, ordinal_of};
pub use packager::LivePackager;
pub use part_target::PART_DURATION;
pub use plausible::is_plausible;
pub use rendition::{Rendition, RenditionError};
pub use request::{LiveRequest, LiveRequestError, Reload};
pub use window::{
    GAP_SEGMENTS_MAX, RETIRED_SEGMENTS_MAX, WINDOW_BYTES_CEILING, WINDOW_BYTES_MAX, WINDOW_DURATION,
    WINDOW_DURATION_MIN, WINDOW_SEGMENTS_MIN,
};
