//! Faults on purpose. [`sim`] runs the control plane of a whole cell in virtual time, from a seed.

pub mod sim;
