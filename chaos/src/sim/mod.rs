//! The seeded simulation: real [`eyrie_cluster::CellNode`]s and [`eyrie_cluster::CellState`]s under an honest Raft, in a world that
//! crashes, stops, cuts off, delays, loses and reorders. See `chaos/README.md` for what is modelled.

mod camera;
mod dice;
mod disk;
mod drive;
mod fault;
mod invariants;
mod journal;
mod network;
mod planted;
mod process;
mod raft;
mod run;
mod scenario;
mod shell;
mod world;

pub use dice::Dice;
pub use planted::Planted;
pub use run::{Outcome, Tally, run_seed};
pub use scenario::Scenario;
