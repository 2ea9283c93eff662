use serde::{Deserialize, Serialize};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at_ms: u64,
    /// What sort.
    pub kind: MarkKind,
    /// What, in words.
    pub text: String,
}

/// The sort of a [`Mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A fault began or ended.
    Fault,
    /// The cell decided something: a leader, a verdict of death, a placement.
    Cell,
    /// A probe stopped or began again to show what it must.
    Probe,
    /// A guardrail broke the drill off, or somebody did.
    Guard,
    /// The steady state was lost or is back.
    Steady,
}

impl MarkKind {
    /// The word in a report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Cell => "cell",
            Self::Probe => "probe",
            Self::Guard => "guard",
            Self::Steady => "steady",
        }
    }
}
