//! Who is alive, as one observer sees it: φ-accrual on the time the observer itself was awake.

mod awake;
mod detector;
mod phi;

pub use awake::Awake;
pub use detector::{Detector, DetectorLimits};
pub use phi::Phi;
