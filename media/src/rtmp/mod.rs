//! RTMP as a publisher speaks it to a server (Adobe's RTMP 1.0, with Enhanced RTMP's codecs), without I/O: bytes in, events and
//! bytes out.
//!
//! ```text
//! bytes ─▶ Handshake ─▶ ChunkReader ─▶ Message ─▶ RtmpServer ─▶ RtmpEvent ─▶ FlvDemuxer ─▶ FlvEvent: tracks and frames
//!                                                    └──▶ ChunkWriter ─▶ bytes for the publisher
//! ```
//!
//! The bytes are hostile. Nothing here panics, allocates more than [`limits`](self) say, or takes a byte of media before the
//! publisher was let in ([`RtmpServer::accept`]).

mod amf0;
mod audio_tag;
mod chunk_reader;
mod chunk_writer;
mod command;
mod error;
mod flv_demuxer;
mod handshake;
mod limits;
mod message;
mod sample_clock;
mod server;
mod video_tag;

pub use error::RtmpError;
pub use flv_demuxer::{FlvDemuxer, FlvEvent};
pub use limits::{MESSAGE_BYTES_MAX, SETUP_BYTES_MAX};
pub use server::{Refusal, RtmpEvent, RtmpServer};

/// Random bytes that a server's side of the handshake holds.
pub const HANDSHAKE_RANDOM_BYTES: usize = handshake::RANDOM_BYTES;

#[cfg(test)]
mod tests;
