//! The disk against real file systems: plain and sealed round trips, players, SIGKILL, full, read-only, hanging and failing disks.
//! The key spool, too.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod faults;
mod key_spool;
mod kill;
mod players;
mod round_trip;
mod second_copies;
mod shim;
mod support;
mod two_nodes;
