//! Where cameras go: state and what the leader sees in, commands out.

mod jobs;
mod loads;
mod moves;
mod plan;
mod planner;
mod rebalance;
mod survival;
mod voters;

pub use plan::{CellPlan, Unplaced, WhyUnplaced};
pub use planner::{MoveReport, PlanFacts, plan_cell};
pub use survival::{Survival, survival};
pub use voters::{RaftMember, RaftView, VoterChange, voter_change, voters_wanted};

#[cfg(test)]
mod tests;
