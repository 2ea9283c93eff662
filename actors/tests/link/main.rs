//! Sessions between nodes. Each node is a process of its own: ractor's registry and groups belong to the process, and peers are
//! stopped and killed for real.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod child;
mod node;
mod sessions;
mod stalls;
