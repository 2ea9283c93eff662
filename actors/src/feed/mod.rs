//! One session, several recordings: the node that has a camera's session gives what it receives to the others that record it.
//!
//! ```text
//! camera ─▶ ingest ─▶ ring ─▶ Giving (a reader of its own) ─▶ /feed/… over the media link ─▶ ingest of another node ─▶ its ring
//! ```
//!
//! A camera that allows one session is twinned and moved this way (docs/adr/0017). Only a ring that the camera itself fills is
//! given away, so that no two nodes ever feed each other. The framing is [`eyrie_media::feed`].

mod feeders;
mod giving;
mod handler;
mod query;
mod source;

use std::time::Duration;

pub(crate) use feeders::Feeders;
pub(crate) use handler::FeedHandler;
pub(crate) use query::FeedQuery;
pub(crate) use source::Source;

/// Feeds of one camera at a time: its other recording, and the new side of a move of either.
pub(crate) const FEEDS_MAX: usize = 4;
/// How much of the past a feed begins with, in live segments: one or two GOPs, so that a new recording overlaps the old one.
const HISTORY_SEGMENTS: u64 = 2;
/// How often a feed says that it lives, while nothing else is to be said.
const ALIVE_EVERY: Duration = Duration::from_secs(1);
/// How long a feed waits for a camera that was lost. Less than a fed node takes for silence.
const LOST_AFTER: Duration = Duration::from_secs(2);
