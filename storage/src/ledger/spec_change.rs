use eyrie_types::{RecordingMode, WallTime};

/// A change of what a camera's spec asks for: in force from `at` until the next one. A deletion is a change to not enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpecChange {
    /// From when on.
    pub at: WallTime,
    /// Whether the camera is switched on.
    pub enabled: bool,
    /// When it is recorded.
    pub mode: RecordingMode,
}

impl SpecChange {
    /// Whether footage is expected while it is in force.
    pub fn expects_footage(&self) -> bool {
        self.enabled && self.mode == RecordingMode::Continuous
    }
}
