//! The Raft group of a cell, over real TCP and real disks: members within this process where they may live, processes of their
//! own where they are to be killed.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests measure, and print what they measured"
)]

mod disk;
mod elections;
mod life;
mod member;
mod partition;
mod process;
