//! Faults on purpose. [`sim`] runs the control plane of a whole cell in virtual time, from a seed; [`scale`] measures its planner.

pub mod scale;
pub mod sim;
