//! Source to ring: the ingest of one camera.
//!
//! A source is a camera, a file, a publisher that pushes to this node, or another node that has a session with the camera and feeds
//! this one.
//!
//! One task per camera: it waits for its turn, connects, turns frames into access units and pushes them, and starts over when
//! the source is lost. Each step has its own timeout; silence is noticed by one watch for the whole node.

mod actor;
mod camera_tls;
mod fault;
mod fed;
mod file;
mod framer;
mod network_policy;
mod received;
mod redirect;
mod rtmp;
mod rtsp;
mod session;
pub(crate) mod silence_watch;
mod source_loop;
mod step;
mod tls_tunnel;
mod tracks;
mod way;

pub(crate) use actor::{IngestActor, IngestArgs};
pub(crate) use fault::{Fault, Retry};
pub use network_policy::{ClosedAddress, NetworkError, NetworkPolicy};
pub(crate) use source_loop::ingest;
pub(crate) use step::Step;
