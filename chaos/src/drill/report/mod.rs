//! What a drill found: one value, and its three forms for programs (JSON), for CI (JUnit) and for people (one HTML page).

mod check;
mod distribution;
#[cfg(feature = "run")]
mod draft;
mod escape;
#[cfg(feature = "run")]
mod found;
mod gap;
mod html;
mod json;
mod junit;
mod model;
#[cfg(feature = "run")]
mod record;
mod svg;
mod timeline;
mod verdict;

pub use check::Check;
pub use distribution::Distribution;
#[cfg(feature = "run")]
pub(crate) use draft::Draft;
#[cfg(feature = "run")]
pub(crate) use found::{ApiCall, Found, Play, Taken, Worst};
pub use gap::{CameraGap, GapPhases};
pub use json::ReportError;
pub use model::{DrillReport, ReportedDrill, ReportedFault, Round, SCHEMA};
#[cfg(feature = "run")]
pub(crate) use record::{RoundRecord, StruckRecord};
pub use timeline::{Mark, MarkKind};
pub use verdict::{Outcome, Verdict};
