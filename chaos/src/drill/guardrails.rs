use std::time::Duration;

use super::{CameraLimit, Percent};

/// When a drill is broken off: all faults end, what was changed is restored, and the verdict is "aborted".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrails {
    /// More nodes are not up than this.
    pub nodes_down: Option<u32>,
    /// Too many cameras are not being recorded for too long.
    pub cameras_silent: Option<CamerasSilent>,
    /// The API fails too often.
    pub failing_api: Option<FailingApi>,
    /// The whole drill takes longer than this, all rounds together.
    pub longest: Duration,
}

/// Cameras that nobody records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CamerasSilent {
    /// More than these.
    pub more_than: CameraLimit,
    /// For longer than this without a break.
    pub lasting: Duration,
}

/// An API that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailingApi {
    /// Less than this share of the calls succeed.
    pub below: Percent,
    /// Over this time.
    pub window: Duration,
}
