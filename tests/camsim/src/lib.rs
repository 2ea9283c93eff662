//! camsim: a server of simulated cameras (RTSP 1.0, RFC 2326) that is good for a thousand sessions at little CPU, numbers every
//! access unit it sends, and misbehaves on command.
//!
//! A clip is encoded once by ffmpeg and cut into RTP payloads when it is loaded; all sessions share them. One timer
//! paces all streams. For each access unit and session only headers are written, into one buffer, sent with one system call.
//! Units are due on a schedule that counts from the server's start, whether or not anyone watches: all sessions of a
//! stream are in step, and a client that was away sees by the numbers ([`au_number`]) exactly what it missed.

pub mod au_number;
mod clip;
mod config;
mod connection;
pub mod control;
pub mod demo;
mod error;
mod fault;
mod journal;
mod output;
mod pacer;
mod rtp;
mod rtsp;
mod schedule;
mod server;
mod session;
mod stats;
mod stream;

pub use clip::{AudioCodec, AudioSpec, ClipError, ClipSpec, Clips, Scene, VideoCodec};
pub use config::{CamSimConfig, StreamConfig};
pub use error::CamSimError;
pub use fault::Fault;
pub use journal::{JournalEntry, Step};
pub use rtsp::Auth;
pub use server::CamSim;
pub use stats::StreamStats;
