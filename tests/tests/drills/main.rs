//! `eyrie drill run` against real cells: every family of faults, a hypothesis that is wrong, and drills that are ended.

mod ended;
mod faults;
mod rig;
