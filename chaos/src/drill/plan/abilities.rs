use crate::drill::{FaultKind, Measure};

/// What a target can do. What it cannot is refused before anything is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// Faults.
    pub faults: &'static [FaultKind],
    /// What its probes measure.
    pub measures: &'static [Measure],
}

impl Abilities {
    /// All there is.
    pub const ALL: Self = Self { faults: FaultKind::ALL, measures: &Measure::ALL };
}
