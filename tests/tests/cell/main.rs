//! A cell of three nodes: real processes, cameras, sessions, Raft, and a Cassandra that they share.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "tests measure how long things take, and say so")]

mod bad_input;
mod failover;
mod feed;
mod first_start;
mod footage;
mod foreign_peer;
mod garbage;
mod jobs;
mod liar;
mod outage;
#[path = "../one_machine/preload.rs"]
mod preload;
mod readme;
mod relay;
mod repair;
mod rig;
