use eyrie_types::{CameraState, CertificatePin, GapCause};

use super::{NetworkError, Step};

/// Why a camera gives no pictures: one sentence for its status, a state, a cause for the ledger, and whether trying again soon
/// can help. Never holds a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The address may not be reached, or not be resolved.
    #[error("{0}")]
    Network(#[from] NetworkError),
    /// No connection.
    #[error("the camera cannot be reached: {0}")]
    Unreachable(String),
    /// A step took too long.
    #[error("the camera did not answer {0} in time")]
    Timeout(Step),
    /// The camera's certificate is not the one that is trusted.
    #[error(
        "the camera's certificate is not trusted ({why}); if it is the camera's own, with the SHA-256 {shown}, put that into \
         source.certificate_sha256"
    )]
    Certificate {
        /// What is wrong with it.
        why: String,
        /// The one that was shown.
        shown: CertificatePin,
    },
    /// No TLS with the camera.
    #[error("the camera speaks no TLS that this node does: {0}")]
    Tls(String),
    /// User name or password is wrong or missing.
    #[error("the camera refuses the user name or password; check source.username and source.password")]
    Unauthorized,
    /// The path does not exist on the camera.
    #[error("the camera knows no stream at this address (status 404); check the path in source.url")]
    NotFound,
    /// The camera allows no further session.
    #[error("the camera allows no further session (status {0}); close another viewer or recorder of it")]
    SessionLimit(u16),
    /// Another answer than success.
    #[error("the camera answers {step} with status {status}")]
    Rejected {
        /// At which step.
        step: Step,
        /// With which status.
        status: u16,
    },
    /// Too many redirects, or one that leads nowhere.
    #[error("the camera's redirect cannot be followed: {0}")]
    Redirect(String),
    /// The codec of its pictures is unknown.
    #[error("the camera sends {0} video, which is not supported; switch it to H.264 or H.265")]
    UnsupportedCodec(String),
    /// Neither pictures nor sound that could be taken.
    #[error("the camera offers no video track")]
    NoMedia,
    /// Bytes that make no sense.
    #[error("the camera's answer cannot be understood: {0}")]
    Invalid(String),
    /// Connected, and nothing arrives.
    #[error("connected, but no picture has arrived for {0} s")]
    Silent(u64),
    /// Something arrives, and nothing that decoding can begin with.
    #[error(
        "no picture that decoding can begin with has arrived for {0} s; set a shorter keyframe interval (2 s is good)"
    )]
    NoKeyframe(u64),
    /// The camera ended the session.
    #[error("the camera closed the connection")]
    Closed,
    /// The node's memory for frames is full.
    #[error("the node's memory limit leaves no room for this camera: {0}")]
    MemoryLimit(String),
    /// The node that fed this one is gone, or does not feed it; the text says how that showed.
    #[error("the node that has the camera's session feeds this one no more: {0}")]
    FeedLost(String),
    /// The node that is to feed this one has no pictures itself; the text is what it says of the camera.
    #[error("the node that is to feed this one has no pictures: {0}")]
    FeedWaits(String),
    /// The node that fed this one has closed its session with the camera, which is this node's to open now.
    #[error("the camera was handed over by the node that had its only session; connecting to it")]
    FeedReleased,
    /// The camera's session is another node's, which feeds this one from now on.
    #[error("the camera's session is another node's; fed by it from now on")]
    Recalled,
    /// The camera allows this node a session of its own, by its spec.
    #[error("the camera allows a session of this node's own now; connecting to it")]
    FeedOutlived,
    /// The publisher of a camera that is pushed ended, or its connection did.
    #[error("the publisher has gone; waiting for it to connect again")]
    PublisherGone,
    /// What the publisher sends cannot be taken; the text says what to do.
    #[error("the publisher was turned away: {0}")]
    PublisherRefused(String),
    /// The file of a `file` source cannot be played.
    #[error("the file cannot be played: {0}")]
    File(String),
}

/// How soon to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// The camera may be back any moment.
    Soon,
    /// Only a person or a freed session can help.
    Patient,
}

/// Longest part of a peer's words in a status, in characters.
const DETAIL_CHARS_MAX: usize = 160;

impl Fault {
    /// What the camera's status becomes.
    pub(crate) const fn state(&self) -> CameraState {
        match self {
            Self::Network(NetworkError::Unresolved(_))
            | Self::Unreachable(_)
            | Self::Timeout(_)
            | Self::Closed
            | Self::FeedLost(_)
            | Self::FeedWaits(_)
            | Self::FeedReleased
            | Self::Recalled
            | Self::FeedOutlived
            | Self::MemoryLimit(_) => CameraState::Offline,
            Self::Silent(_) | Self::NoKeyframe(_) | Self::PublisherGone => CameraState::Silent,
            Self::Network(_)
            | Self::Certificate { .. }
            | Self::Tls(_)
            | Self::Unauthorized
            | Self::NotFound
            | Self::SessionLimit(_)
            | Self::Rejected { .. }
            | Self::Redirect(_)
            | Self::UnsupportedCodec(_)
            | Self::NoMedia
            | Self::Invalid(_)
            | Self::PublisherRefused(_)
            | Self::File(_) => CameraState::Refused,
        }
    }

    /// What the ledger explains the missing footage with.
    pub(crate) const fn cause(&self) -> GapCause {
        match self {
            Self::Network(NetworkError::Unresolved(_))
            | Self::Unreachable(_)
            | Self::Timeout(_)
            | Self::Closed
            | Self::PublisherGone
            | Self::FeedWaits(_) => GapCause::CameraUnreachable,
            Self::Silent(_) => GapCause::CameraSilent,
            // With a second session there would be no gap.
            Self::SessionLimit(_) | Self::FeedReleased | Self::Recalled | Self::FeedOutlived => {
                GapCause::CameraSessionLimit
            }
            Self::FeedLost(_) => GapCause::NodeDown,
            Self::Invalid(_) | Self::NoKeyframe(_) | Self::PublisherRefused(_) => GapCause::StreamInvalid,
            Self::MemoryLimit(_) => GapCause::MemoryLimit,
            Self::Network(_)
            | Self::Certificate { .. }
            | Self::Tls(_)
            | Self::Unauthorized
            | Self::NotFound
            | Self::Rejected { .. }
            | Self::Redirect(_)
            | Self::UnsupportedCodec(_)
            | Self::NoMedia
            | Self::File(_) => GapCause::CameraRefused,
        }
    }

    /// How soon to try again. A camera at its session limit is tried soon: a lingering session of ours may end any second.
    pub(crate) const fn retry(&self) -> Retry {
        match self.state() {
            CameraState::Refused if !matches!(self, Self::SessionLimit(_) | Self::Invalid(_)) => Retry::Patient,
            _ => Retry::Soon,
        }
    }

    /// Reads retina's error at `step`. Retina offers a status code and a text and nothing between; the text's first line is
    /// kept, for the rest holds addresses and hex dumps.
    pub(super) fn from_retina(step: Step, error: &retina::Error) -> Self {
        match error.status_code() {
            Some(401 | 403) => return Self::Unauthorized,
            Some(404) => return Self::NotFound,
            Some(status @ (453 | 503)) => return Self::SessionLimit(status),
            Some(status) if status >= 300 => return Self::Rejected { step, status },
            _ => {}
        }
        let text = error.to_string();
        if let Some(detail) = text.strip_prefix("Unable to connect to RTSP server: ") {
            return Self::Unreachable(first_line(detail));
        }
        if text.starts_with("Error reading from RTSP peer") || text.starts_with("Error writing to RTSP peer") {
            return Self::Closed;
        }
        Self::Invalid(first_line(&text))
    }
}

/// The first line of what a peer or library said, without control characters, shortened.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(DETAIL_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_is_not_tried_again_soon() {
        assert_eq!((Fault::Unauthorized.state(), Fault::Unauthorized.retry()), (CameraState::Refused, Retry::Patient));
        assert_eq!(Fault::SessionLimit(453).retry(), Retry::Soon);
        assert_eq!(Fault::Closed.retry(), Retry::Soon);
    }

    #[test]
    fn what_a_peer_says_is_shortened_to_one_plain_line() {
        let hostile = format!("a\u{1b}[31m{}\nsecond line", "x".repeat(500));
        let line = first_line(&hostile);
        assert!(line.len() <= DETAIL_CHARS_MAX && !line.contains('\u{1b}') && !line.contains("second"));
    }
}
