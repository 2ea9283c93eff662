//! Cameras that push: a listener of RTMP, and the door of each camera that publishers come in by.
//!
//! ```text
//! publisher ─▶ RtmpListener: TLS if its first byte says so, handshake, connect, publish
//!              ├─▶ key right, place free ─▶ PublishDoor of the camera ─▶ ingest ─▶ ring
//!              └── refused: audited, counted, told to the publisher; no media was read
//! ```
//!
//! An address is `rtmps://HOST:PORT/live/CAMERA.KEY`, or `rtmp://` in the clear, at the same port. One publishes to a camera at a
//! time: whoever is in stays in for as long as media comes; another one with the right key waits [`TAKE_OVER_WAIT`] for the
//! place, which is more than it takes to notice that the first is silent, and is refused then.

mod audit;
mod door;
mod entry;
mod listener;
mod publisher;
mod refused;
mod socket;
mod tls;

use std::time::Duration;

use eyrie_types::CameraId;

pub(crate) use door::{OpenDoor, PublishDoor};
pub(crate) use listener::RtmpListener;
pub(crate) use publisher::Publisher;
pub use tls::RtmpTls;

/// The application of all addresses: the first part of their paths.
pub const PUBLISH_APP: &str = "live";

/// How long a second publisher waits for the place of the first: longer than silence takes to be noticed.
const TAKE_OVER_WAIT: Duration = Duration::from_millis(3_500);

/// The name that a publisher publishes under: the rest of its address's path.
pub fn publish_name(camera: CameraId, key: &str) -> String {
    format!("{camera}.{key}")
}

/// Camera and key that a name names.
fn parse_name(name: &str) -> Option<(CameraId, &str)> {
    // Some publishers append a query to what they are told.
    let name = name.split('?').next()?;
    let (camera, key) = name.split_once('.')?;
    Some((camera.parse().ok()?, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_which_camera_and_with_which_key() {
        let camera = CameraId::generate();
        assert_eq!(parse_name(&publish_name(camera, "secret")), Some((camera, "secret")));
        assert_eq!(parse_name(&format!("{camera}.secret?x=y")), Some((camera, "secret")));
        for wrong in ["", "stream", ".secret", "1.2"] {
            assert_eq!(parse_name(wrong), None, "{wrong}");
        }
    }
}
