//! A cell of three nodes: real processes, cameras, sessions, Raft, and a Cassandra that they share.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "tests measure how long things take, and say so")]

mod failover;
mod feed;
mod outage;
mod relay;
mod rig;
