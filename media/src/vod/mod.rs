//! Recordings as HLS video on demand (RFC 8216): playlists over fragments as they lie in recorded files, and what must be done to
//! a file's bytes before a player gets them. Nothing is packaged anew: a segment is some fragments of one file, one after the
//! other, and its addresses name them ([`VodFile`]).
//!
//! Start reading at [`VodPlaylist`]. No file is read here; bytes of files are parsed as if they were hostile.

mod cut;
mod hide;
mod init_facts;
mod keyframe;
mod piece;
mod placed;
mod playlist;
mod request;
mod segment;
mod text;
mod wall;

pub use cut::{SEGMENT_DURATION, SEGMENT_DURATION_MAX, SEGMENT_FRAGMENTS_MAX};
pub use hide::hide_tracks;
pub use init_facts::InitFacts;
pub use keyframe::{keyframe, keyframe_data};
pub use piece::VodPiece;
pub use playlist::{I_FRAME_SPACING_MIN, I_FRAMES_MAX, PLAYLIST_BYTES_MAX, PlaylistTooLarge, VodPlaylist};
pub use request::{UnknownVodFile, VodFile};
pub use segment::VodSegment;
pub use wall::move_to_wall_time;
