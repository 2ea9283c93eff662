//! Faults on purpose. [`drill`] is what is done to a running cell and what came of it; [`sim`] runs the control plane of a whole
//! cell in virtual time, from a seed; [`scale`] measures its planner.

pub mod drill;
pub mod scale;
pub mod sim;
