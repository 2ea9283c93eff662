use std::fmt;
use std::time::Duration;

/// A step of setting up an RTSP session, each bounded in time by itself, so that a status can say which one hung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The TCP connection and the handshake of TLS, where the camera speaks it.
    Tls,
    /// The TCP connection and DESCRIBE (RFC 2326 section 10.2), with authentication.
    Describe,
    /// SETUP of one track (section 10.4).
    Setup,
    /// PLAY (section 10.5).
    Play,
    /// Reading the target of a redirect (section 11.3).
    Redirect,
}

impl Step {
    /// How long the step may take: some cameras wake up their encoder at PLAY, and authentication takes a round trip more.
    pub(crate) const fn timeout(self) -> Duration {
        match self {
            Self::Tls | Self::Describe | Self::Play => Duration::from_secs(6),
            Self::Setup | Self::Redirect => Duration::from_secs(4),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls => "the TLS handshake",
            Self::Describe => "DESCRIBE",
            Self::Setup => "SETUP",
            Self::Play => "PLAY",
            Self::Redirect => "the redirect",
        })
    }
}
