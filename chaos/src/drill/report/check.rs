use serde::{Deserialize, Serialize};

use crate::drill::{Bound, Limit, Measure};

/// A bound, what was measured, and whether it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was measured.
    pub measure: Measure,
    /// Its bound, in the measure's unit: milliseconds, a number, or hundredths of a percent.
    pub limit: Limit,
    /// What was measured, in the same unit; `None` when nothing was, and then it has not held.
    pub measured: Option<u64>,
    /// It is within the bound.
    pub held: bool,
    /// Where it was worst, in words: which camera, which round. Empty where that means nothing.
    pub worst: String,
}

impl Check {
    /// Holds `measured` against `bound`. What was not measured has not held: a drill never passes for want of measurements.
    pub fn of(bound: Bound, measured: Option<u64>, worst: impl Into<String>) -> Self {
        let Bound { measure, limit } = bound;
        Self { measure, limit, measured, held: measured.is_some_and(|value| limit.holds(value)), worst: worst.into() }
    }

    /// The bound.
    pub const fn bound(&self) -> Bound {
        Bound { measure: self.measure, limit: self.limit }
    }

    /// What was measured, for people.
    pub fn measured_text(&self) -> String {
        self.measured.map_or_else(|| "not measured".to_owned(), |value| self.measure.unit().text(value))
    }
}
