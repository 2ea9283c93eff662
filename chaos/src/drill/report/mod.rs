//! What a drill found: one value, and its three forms for programs (JSON), for CI (JUnit) and for people (one HTML page).

mod check;
mod distribution;
mod escape;
mod gap;
mod html;
mod json;
mod junit;
mod model;
mod svg;
mod timeline;
mod verdict;

pub use check::Check;
pub use distribution::Distribution;
pub use gap::{CameraGap, GapPhases};
pub use json::ReportError;
pub use model::{DrillReport, ReportedDrill, ReportedFault, Round, SCHEMA};
pub use timeline::{Mark, MarkKind};
pub use verdict::{Outcome, Verdict};
