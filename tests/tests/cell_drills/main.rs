//! Drills of a cell that exists: three nodes under agents, and everything through the API.

#![allow(clippy::print_stdout, reason = "what a drill found is read when its test fails")]

mod carried;
mod ended;
mod networks;
mod page;
mod partitioned;
mod refused;
mod restarted;
mod rig;
