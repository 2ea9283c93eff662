//! Drills: faults on purpose against a running cell, with a hypothesis beforehand and a verdict afterwards.
//!
//! Everything here is a plain value or a pure function of one. `file/` reads a [`Drill`], `plan/` decides whether it may be run and what it
//! does, [`Guard`] when it is broken off, `report/` writes a [`DrillReport`].

mod blast_radius;
mod camera_fault;
mod choice;
mod fault;
mod fault_kind;
pub mod file;
mod guard;
mod guardrails;
mod measure;
mod model;
mod percent;
pub mod plan;
mod probe;
pub mod report;
mod target;
mod timed_fault;

pub use blast_radius::{BlastRadius, CameraLimit, Shared};
pub use camera_fault::CameraFault;
pub use choice::{CameraChoice, NodeChoice};
pub use fault::{CutOff, EndWith, Fault, Way};
pub use fault_kind::FaultKind;
pub use guard::{DeadMan, Guard, Seen};
pub use guardrails::{CamerasSilent, FailingApi, Guardrails};
pub use measure::{Bound, Limit, Measure, Unit};
pub use model::{Drill, Settle};
pub use percent::Percent;
pub use plan::{Abilities, CameraFacts, CellFacts, NodeFacts, Plan, Refusal};
pub use probe::{ApiProbe, GapProbe, LiveProbe, PlaybackProbe, Probe};
pub use report::DrillReport;
pub use target::{ApiTarget, LocalStore, LocalTarget, Target, TokenSource};
pub use timed_fault::{Again, TimedFault};
