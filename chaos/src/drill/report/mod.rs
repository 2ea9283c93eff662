//! What a drill found: one value, and its three forms for programs (JSON), for CI (JUnit) and for people (one HTML page).

mod check;
mod distribution;
mod gap;
mod model;
mod timeline;
mod verdict;

pub use check::Check;
pub use distribution::Distribution;
pub use gap::{CameraGap, GapPhases};
pub use model::{DrillReport, ReportedDrill, ReportedFault, Round, SCHEMA};
pub use timeline::{Mark, MarkKind};
pub use verdict::{Outcome, Verdict};
