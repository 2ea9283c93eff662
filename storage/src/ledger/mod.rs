//! The gap ledger: pure functions that derive, from spec history, segment rows, incidents and node runs, what footage was
//! asked for, what is there, and why the rest is missing. Nothing here is ever counted up: the same rows give the same answer.
//!
//! [`expected`] − [`spans`] − what retention deleted = [`gaps`], each gap split by cause. Between them they account for every
//! microsecond that the specs asked for, but for the last [`OPEN_TAIL_GRACE`] before now, which is still on its way to the disk.

mod cause;
mod damage;
mod day;
mod expected;
mod gaps;
mod node_run;
mod rows;
mod serving;
mod spans;
mod spec_change;
mod summary;

pub use cause::{Evidence, INCIDENT_SLACK, STARTING_MAX, UNSYNCED_MAX};
pub use damage::sound;
pub use day::{DayItem, DayKind, DayRollup, coarsen, items};
pub use expected::expected;
pub use gaps::{LATE_TAIL_GRACE, OPEN_TAIL_GRACE, gaps};
pub use node_run::NodeRun;
pub use rows::{Ledger, LedgerRows};
pub(crate) use serving::{serving_nodes, serving_runs};
pub use spans::{GAP_MIN, joined, spans};
pub use spec_change::SpecChange;
pub use summary::Summary;
