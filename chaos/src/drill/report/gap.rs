use serde::{Deserialize, Serialize};

/// One gap of one camera.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraGap {
    /// The camera's name.
    pub camera: String,
    /// It has a twin.
    pub twinned: bool,
    /// One of its nodes, or the camera itself, was touched.
    pub touched: bool,
    /// When it began: the sending of the first missing unit.
    pub began_ms: u64,
    /// How long: from the last unit before it to the first after it, one frame interval less; 0 where nothing is missing.
    pub lasted_ms: u64,
    /// How many access units are missing, by their numbers.
    pub missing: u64,
    /// The cause the ledger gives; `None` when it gives none.
    pub cause: Option<String>,
    /// What the time went into, as far as it could be seen.
    pub phases: GapPhases,
}

/// What the time of a gap went into, one after the other. A phase that could not be seen is `None`, and its time is in the next
/// one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapPhases {
    /// Before the fault: recorded in memory, and lost with the node, for the fragment they belong to was not finished.
    pub unwritten_ms: Option<u64>,
    /// Until the cell held the node to be dead.
    pub detection_ms: Option<u64>,
    /// Until the placement had its new node.
    pub decision_ms: Option<u64>,
    /// Until that node was connected to the camera.
    pub connect_ms: Option<u64>,
    /// Until the first keyframe was there.
    pub keyframe_ms: Option<u64>,
}

impl GapPhases {
    /// The phases with their names, in their order.
    pub const fn named(&self) -> [(&'static str, Option<u64>); 5] {
        [
            ("unwritten", self.unwritten_ms),
            ("detection", self.detection_ms),
            ("decision", self.decision_ms),
            ("connect", self.connect_ms),
            ("keyframe", self.keyframe_ms),
        ]
    }
}
