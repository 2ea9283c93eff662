//! What a drill is going to do, and whether it may: decisions over plain values, so that a dry run and a real one say the same.

mod abilities;
mod admit;
mod choose;
mod facts;
mod line;
mod make;
mod refusal;
mod schedule;

#[cfg(test)]
mod tests;

pub use abilities::Abilities;
pub use admit::{Hits, admit};
pub use choose::{choose_cameras, choose_nodes};
pub use facts::{CameraFacts, CellFacts, NodeFacts};
pub use make::{Plan, plan};
pub use refusal::Refusal;
pub use schedule::{Scheduled, schedule};
