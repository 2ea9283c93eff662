//! The gap ledger: pure functions that derive, from spec history, segment rows, incidents and node runs, what footage was
//! asked for, what is there, and why the rest is missing. Nothing here is ever counted up: the same rows give the same answer.

mod node_run;
mod spec_change;

pub use node_run::NodeRun;
pub use spec_change::SpecChange;
