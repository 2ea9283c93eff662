//! `eyrie drill run` against real cells: every family of faults, a hypothesis that is wrong, and drills that are ended.

#![allow(clippy::print_stdout, reason = "what a drill found is read when its test fails")]

mod disks;
mod ended;
mod faults;
mod index;
mod probes;
mod rig;
