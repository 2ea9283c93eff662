use serde::Serialize;

/// What a simulated camera does wrong; its JSON is what the simulated camera server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum CameraFault {
    /// Connections stay, and nothing at all is sent.
    Stall,
    /// Requests are answered, and no media is sent.
    Silence,
    /// One byte a second is sent.
    Drip,
    /// *Once*: its connections are closed.
    Close {
        /// With RST instead of FIN.
        reset: bool,
    },
    /// Each new connection is closed at its first request.
    Hangup {
        /// With RST instead of FIN.
        reset: bool,
    },
    /// New requests are answered with this status.
    Refuse {
        /// Such as 404 or 503.
        status: u16,
    },
    /// Every password is wrong.
    WrongPassword,
    /// A second session is refused.
    OneSession {
        /// With this status, such as 453.
        status: u16,
    },
    /// One session at a time, and one that ends without TEARDOWN keeps its place for a while.
    LingeringSession {
        /// For how long, in milliseconds.
        for_ms: u64,
    },
    /// Resolution and parameter sets change at a keyframe.
    AlternateClip,
    /// *Once*: RTP times jump, and go on from there.
    TimestampJump {
        /// Forwards or backwards, in milliseconds.
        by_ms: i64,
    },
    /// RTP times of sessions that start now wrap past 2³² soon.
    TimestampWrap {
        /// How long after PLAY, in milliseconds.
        in_ms: u64,
    },
    /// Descriptions are padded to this length.
    HugeSdp {
        /// Length in bytes.
        bytes: u64,
    },
    /// Requests are answered with bytes that are not RTSP.
    Garbage,
    /// Packets are lost on the way.
    LosePackets {
        /// Every one in so many.
        one_in: u32,
    },
    /// No sender reports are sent.
    NoSenderReports,
}

impl CameraFault {
    /// It happens at one moment and does not last.
    pub const fn is_once(self) -> bool {
        matches!(self, Self::Close { .. } | Self::TimestampJump { .. })
    }
}
