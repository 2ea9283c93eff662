//! The gateway over real HTTP on loopback, with a real store and a real node behind it. One binary, for linking is what costs.

#![allow(clippy::unwrap_used, reason = "a helper that fails, fails its test")]

mod authorization;
mod bad_input;
mod cameras;
mod capabilities;
mod cell;
mod cluster;
mod directory;
mod facts;
mod feed;
mod harness;
mod ledger;
mod markers;
mod pages;
mod pictures;
mod playback;
mod publish;
mod ranges;
#[path = "../../../storage/tests/shared/redis_server.rs"]
mod redis_server;
mod secrets;
mod sessions;
