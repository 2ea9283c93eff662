//! A cell of three nodes: real processes, cameras, sessions, Raft, and a Cassandra that they share.

#![allow(clippy::disallowed_methods, reason = "tests measure how long things take")]

mod failover;
mod rig;
