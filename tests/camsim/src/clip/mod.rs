//! Clips: what cameras show. Encoded once by ffmpeg into a cache directory, then held in memory, already cut into RTP payloads
//! that all sessions share.

mod cache;
mod encode;
mod error;
mod loaded;
mod movie;
mod packetize;
mod scene;
mod sdp;
mod spec;

pub use cache::Clips;
pub use error::ClipError;
pub(crate) use loaded::{AudioTrack, Clip, VideoUnit};
pub(crate) use packetize::Packet;
pub use scene::Scene;
pub(crate) use sdp::VIDEO_PAYLOAD_TYPE;
pub use spec::{AudioCodec, AudioSpec, ClipSpec, VideoCodec};
