//! The agent: a process beside a node that does faults to it, from outside, when a drill of its cell says so. It starts the node
//! and ends with it, or stands beside one that somebody else starts; a second process undoes what it did, should it be killed
//! itself.
//!
//! Start reading at [`run_agent`]; `hands` does things, `cutter` those to the network, `ask` hears what, `undo` is the second
//! process.

mod ask;
mod cut;
mod cutter;
mod hands;
mod means;
mod node;
mod options;
mod process;
mod run_agent;
mod undo;
mod watcher;

pub use means::{Means, Service};
pub use options::AgentOptions;
pub use run_agent::run_agent;
pub use undo::undo;
