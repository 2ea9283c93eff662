use serde::{Deserialize, Serialize};

use crate::{Epoch, Slot, TimeRange, WallTime};

/// Why footage is missing. One word a cause, stable in the API and in stored rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapCause {
    /// No connection to the camera could be made.
    CameraUnreachable,
    /// Connected, but the camera sent nothing.
    CameraSilent,
    /// The camera refused: credentials, address or codec.
    CameraRefused,
    /// The camera refused because it allows no further session.
    CameraSessionLimit,
    /// The camera's stream could not be understood.
    StreamInvalid,
    /// Access units were lost between camera and node.
    PacketsLost,
    /// The first connection after the start or a change of spec was still being made.
    Starting,
    /// The node was not running.
    NodeDown,
    /// A part of the camera's tree crashed and was restarted.
    ProcessRestart,
    /// The memory limit left no room for the camera.
    MemoryLimit,
    /// The disk had no room.
    DiskFull,
    /// The disk was mounted or had turned read-only.
    DiskReadOnly,
    /// The disk could not keep up.
    DiskSlow,
    /// The disk answered with an error.
    DiskError,
    /// A segment key could not be made durable.
    KeyUnavailable,
    /// Footage was recorded, but its file is lost or damaged.
    Damaged,
    /// It was recorded, and the node that holds it does not answer now. Never booked: it is a gap for as long as that lasts.
    NodeUnreachable,
    /// Nothing known explains it.
    Unknown,
}

impl GapCause {
    /// Every cause, in the order of declaration: for metrics that start at zero and for tests.
    pub const ALL: [Self; 18] = [
        Self::CameraUnreachable,
        Self::CameraSilent,
        Self::CameraRefused,
        Self::CameraSessionLimit,
        Self::StreamInvalid,
        Self::PacketsLost,
        Self::Starting,
        Self::NodeDown,
        Self::ProcessRestart,
        Self::MemoryLimit,
        Self::DiskFull,
        Self::DiskReadOnly,
        Self::DiskSlow,
        Self::DiskError,
        Self::KeyUnavailable,
        Self::Damaged,
        Self::NodeUnreachable,
        Self::Unknown,
    ];

    /// The word used in the API, in metrics and in stored rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CameraUnreachable => "camera_unreachable",
            Self::CameraSilent => "camera_silent",
            Self::CameraRefused => "camera_refused",
            Self::CameraSessionLimit => "camera_session_limit",
            Self::StreamInvalid => "stream_invalid",
            Self::PacketsLost => "packets_lost",
            Self::Starting => "starting",
            Self::NodeDown => "node_down",
            Self::ProcessRestart => "process_restart",
            Self::MemoryLimit => "memory_limit",
            Self::DiskFull => "disk_full",
            Self::DiskReadOnly => "disk_read_only",
            Self::DiskSlow => "disk_slow",
            Self::DiskError => "disk_error",
            Self::KeyUnavailable => "key_unavailable",
            Self::Damaged => "damaged",
            Self::NodeUnreachable => "node_unreachable",
            Self::Unknown => "unknown",
        }
    }

    /// Reads back a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }
}

/// A stretch for which the spec asked for footage and none is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Gap {
    /// Its first moment.
    pub start: WallTime,
    /// The first moment after it.
    pub end: WallTime,
    /// Why.
    pub cause: GapCause,
}

/// Something that went wrong for a placement, from when until when: what the ledger explains gaps with. Open while `end` is
/// `None`. It never makes a gap by itself: only missing fragments do, and those that were found damaged ([`GapCause::Damaged`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Which placement of the camera.
    pub slot: Slot,
    /// Its incarnation.
    pub epoch: Epoch,
    /// What went wrong.
    pub cause: GapCause,
    /// When it began.
    pub start: WallTime,
    /// When it was over.
    pub end: Option<WallTime>,
}

impl Incident {
    /// The stretch it covers, open ends reaching to `now`.
    pub fn range(&self, now: WallTime) -> Option<TimeRange> {
        TimeRange::new(self.start, self.end.unwrap_or(now)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_reads_back_and_matches_its_json() {
        for cause in GapCause::ALL {
            assert_eq!(GapCause::from_word(cause.as_str()), Some(cause));
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.as_str());
        }
    }
}
