//! Drills of a cell that exists: which of them can be run there, and what its agents have to be able to do. Pure.

mod acts;
mod adapt;
mod plan;

pub use acts::{acts_of, cannot_cut};
pub use adapt::{Adapted, adapt};
pub use plan::{ABILITIES, AgentCan, Agents, plan_on_cell};
