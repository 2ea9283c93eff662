use std::time::Duration;

use eyrie_media::rtmp::{Refusal, RtmpError};

/// Why a publisher was not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// No camera of that name is here, or its key is another.
    #[error("no camera takes this address; check it, or ask for a new one")]
    BadKey,
    /// Somebody else publishes.
    #[error("somebody else publishes to this camera already; stop that, then try again")]
    Busy,
    /// Its host tried too often.
    #[error("too many attempts; try again in {} s", .0.as_secs() + 1)]
    TooOften(Duration),
    /// It speaks TLS to a node without a certificate.
    #[error("it speaks TLS, and this node has no certificate: set tls.certificate, or publish with rtmp://")]
    NoCertificate,
    /// It does not speak TLS, which it has to.
    #[error("it does not speak TLS, without which this node takes nobody (rtmp_tls): publish with rtmps://")]
    NotTls,
    /// What it says to agree on TLS makes no sense, or it does not like what this node says.
    #[error("no TLS could be agreed on: {0}")]
    Tls(String),
    /// It did not come to the point.
    #[error("it did not ask to publish in time")]
    TooSlow,
    /// It closed the connection.
    #[error("it closed the connection before it asked to publish")]
    Gone,
    /// It speaks something else, or too much.
    #[error(transparent)]
    Rtmp(#[from] RtmpError),
}

impl Refused {
    /// Its name in metrics.
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::BadKey => "bad_key",
            Self::Busy => "busy",
            Self::TooOften(_) => "too_often",
            Self::NoCertificate => "no_certificate",
            Self::NotTls => "not_tls",
            Self::Tls(_) => "tls",
            Self::TooSlow => "too_slow",
            Self::Gone => "gone",
            Self::Rtmp(_) => "protocol",
        }
    }

    /// What the publisher is told; `None` when it cannot be told anything.
    pub(super) const fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::BadKey => Some(Refusal::BadKey),
            Self::Busy | Self::TooOften(_) => Some(Refusal::Busy),
            Self::NoCertificate | Self::NotTls | Self::Tls(_) | Self::TooSlow | Self::Gone | Self::Rtmp(_) => None,
        }
    }
}
