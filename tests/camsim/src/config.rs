use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::clip::{ClipSpec, Clips};
use crate::rtsp::Auth;

/// A simulated camera: one stream at one path.
#[derive(Debug, Clone)]
pub struct StreamConfig {
    /// Where it is found, such as `cam1` or `axis-media/media.amp`: no leading slash.
    pub path: String,
    /// What it shows.
    pub clip: ClipSpec,
    /// What it shows under [`crate::Fault::AlternateClip`]: equal to `clip` but in size, bitrate, name and scene.
    pub alternate: Option<ClipSpec>,
    /// Who may see it.
    pub auth: Auth,
    /// How many sessions it grants at once; further ones are refused with 453. `None`: any number.
    pub sessions_max: Option<usize>,
    /// Whether RTCP sender reports are sent.
    pub sender_reports: bool,
    /// Whether a session starts at the next keyframe, or at once with whatever comes.
    pub start_at_keyframe: bool,
    /// Access units sent with one write, 1 to 25. More cost less and come later.
    pub aus_per_write: u32,
    /// A session whose client says nothing for this long is ended; clients learn it from the `Session` header.
    pub session_timeout: Duration,
}

impl StreamConfig {
    /// A camera anyone may watch, well behaved in all.
    pub fn new(path: impl Into<String>, clip: ClipSpec) -> Self {
        Self {
            path: path.into(),
            clip,
            alternate: None,
            auth: Auth::None,
            sessions_max: None,
            sender_reports: true,
            start_at_keyframe: true,
            aus_per_write: 1,
            session_timeout: Duration::from_secs(60),
        }
    }

    /// The same camera with credentials.
    #[must_use]
    pub fn with_auth(self, auth: Auth) -> Self {
        Self { auth, ..self }
    }
}

/// A server of simulated cameras.
#[derive(Debug, Clone)]
pub struct CamSimConfig {
    /// Where RTSP is served; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The clip cache.
    pub clip_dir: PathBuf,
    /// The cameras.
    pub streams: Vec<StreamConfig>,
    /// Decides session ids, SSRCs, first sequence numbers and first timestamps.
    pub seed: u64,
}

impl CamSimConfig {
    /// These cameras on a free port of the loopback interface, with the default clip cache.
    pub fn loopback(streams: Vec<StreamConfig>) -> Self {
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { bind, clip_dir: Clips::default_dir(), streams, seed: 1 }
    }
}
