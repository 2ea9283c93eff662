//! The agent: a process beside a node that does faults to it, from outside, when a drill of its cell says so. It starts the node
//! and ends with it; a second process undoes what it did, should it be killed itself.
//!
//! Start reading at [`run_agent`]; `hands` does things, `cutter` those to the network, `ask` hears what, `undo` is the second process.

mod ask;
mod cut;
mod cutter;
mod hands;
mod options;
mod run_agent;
mod undo;
mod watcher;

pub use options::AgentOptions;
pub use run_agent::run_agent;
pub use undo::undo;
