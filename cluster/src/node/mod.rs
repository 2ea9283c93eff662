//! What every node does in the control plane, as a sans-IO core: the simulation and the real node run the same code.

mod asked;
mod cell_node;
mod heartbeat;
mod holding;
mod io;
mod leader;
mod timing;

pub use cell_node::CellNode;
pub use heartbeat::{Echo, Heartbeat};
pub use io::{CellOutput, CellReport, Duty, LocalFacts, LocalRun, NodeSetup};
pub use timing::{
    CALM_AFTER, CONFIRM_AGAIN_AFTER, DEAF_AFTER, HANDOVER, HEARTBEAT, MOVE_COOLING, MOVE_PATIENCE, OPINION_AGE_MAX,
    PLAN_INTERVAL, PROPOSAL_PATIENCE, RECENT, REPORT_INTERVAL, START_PATIENCE, TICK, UNFIT_AFTER, UP_AFTER,
    VOTER_REPLACE_AFTER,
};

#[cfg(test)]
mod tests;
