//! Playback of recordings: which footage answers a range, and how its bytes get to a player.

mod delivery;
mod listing;
mod places;

pub(crate) use delivery::deliver;
pub(crate) use listing::{Listing, list, problem, silent};
pub(crate) use places::{PlaybackPlace, PlaybackPlaces};
