//! Shared state: one behaviour suite over both backends, and what happens when a real Redis stops, hangs, refuses and returns.

#![allow(clippy::unwrap_used, reason = "a helper that fails, fails its test")]

mod behaviour;
mod cell;
mod failures;
mod latency;
mod redis_server;
mod tls;
