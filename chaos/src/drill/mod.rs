//! Drills: faults on purpose against a running cell, with a hypothesis beforehand and a verdict afterwards.
//!
//! Plain values and pure functions of them: `file/` reads a [`Drill`], `plan/` decides whether it may be run and what it does,
//! [`Guard`] when it is broken off, `report/` writes a [`DrillReport`]. With the feature `run` also the shell: `run/` carries a
//! drill out on the cell of `local/`, `inject/` does the faults (those of disks with the layer of `disk/`), `watch/` looks on.

#[cfg(feature = "run")]
pub mod agent;
#[cfg(feature = "run")]
pub mod api;
mod blast_radius;
mod camera_fault;
mod catalogue;
mod choice;
#[cfg(feature = "run")]
mod disk;
mod disk_calls;
#[cfg(feature = "run")]
mod error;
mod fault;
mod fault_kind;
pub mod file;
mod guard;
mod guardrails;
#[cfg(feature = "run")]
mod hold_memory;
#[cfg(feature = "run")]
mod inject;
#[cfg(feature = "run")]
mod local;
mod measure;
mod model;
pub mod on_cell;
mod percent;
pub mod plan;
mod probe;
pub mod report;
#[cfg(feature = "run")]
mod run;
mod target;
mod timed_fault;
#[cfg(feature = "run")]
mod watch;

pub use blast_radius::{BlastRadius, CameraLimit, Shared};
pub use camera_fault::CameraFault;
pub use catalogue::CATALOGUE;
pub use choice::{CameraChoice, NodeChoice};
#[cfg(feature = "run")]
pub use disk::{DiskArgs, serve as serve_disk};
pub use disk_calls::DiskCalls;
#[cfg(feature = "run")]
pub use error::DrillError;
pub use fault::{CutOff, EndWith, Fault, Way};
pub use fault_kind::FaultKind;
pub use guard::{DeadMan, Guard, Seen};
pub use guardrails::{CamerasSilent, FailingApi, Guardrails};
#[cfg(feature = "run")]
pub use hold_memory::hold_memory;
#[cfg(feature = "run")]
pub use local::{Guest, Launcher, Place, Relaying, dies_with_us, relay};
pub use measure::{Bound, Limit, Measure, Unit};
pub use model::{Drill, Settle};
pub use percent::Percent;
pub use plan::{Abilities, CameraFacts, CellFacts, NodeFacts, Plan, Refusal};
pub use probe::{ApiProbe, GapProbe, LiveProbe, PlaybackProbe, Probe};
pub use report::DrillReport;
#[cfg(feature = "run")]
pub use run::{RunOptions, Say, dry_run, run};
pub use target::{ApiTarget, LocalStore, LocalTarget, Target, TokenSource};
pub use timed_fault::{Again, TimedFault};
#[cfg(feature = "run")]
pub use watch::{Recordings, UnitGap};
