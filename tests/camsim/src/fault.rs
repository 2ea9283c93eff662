use serde::{Deserialize, Serialize};

/// What a camera can be told to do wrong. A lasting fault is in force until it is cleared or another takes its place; the ones
/// marked *once* happen at once and leave the fault in force alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum Fault {
    /// Connections stay, and nothing at all is sent: neither media nor answers.
    Stall,
    /// Requests are answered, and no media is sent.
    Silence,
    /// One byte a second is sent.
    Drip,
    /// *Once*: connections of the stream are closed.
    Close {
        /// With RST instead of FIN.
        reset: bool,
    },
    /// The first request that names the stream is answered by closing the connection.
    Hangup {
        /// With RST instead of FIN.
        reset: bool,
    },
    /// Requests other than OPTIONS are answered with this status; playing sessions go on.
    Refuse {
        /// Such as 404 or 503.
        status: u16,
    },
    /// Every password is wrong: always 401.
    WrongPassword,
    /// A second session is refused with this status.
    OneSession {
        /// Such as 453 or 503.
        status: u16,
    },
    /// As [`Fault::OneSession`] with 453, and a session that ends without TEARDOWN keeps its place for a while.
    LingeringSession {
        /// For how long, in milliseconds.
        for_ms: u64,
    },
    /// From the next keyframe on the stream's alternate clip is sent, with its own parameter sets in band; cleared, the first clip
    /// comes back at a keyframe. Without an alternate clip nothing changes.
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
        /// Length in bytes, at most 64 MiB.
        bytes: usize,
    },
    /// Requests are answered with bytes that are not RTSP.
    Garbage,
    /// DESCRIBE is answered with 302 and this address.
    Redirect {
        /// The `Location` header.
        url: String,
    },
    /// Of the RTP packets, one in so many is lost.
    LosePackets {
        /// Every `one_in`th packet; 0 and 1 lose all.
        one_in: u32,
    },
    /// No sender reports are sent.
    NoSenderReports,
}
