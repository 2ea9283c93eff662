//! What the black-box tests and benchmarks share: the built binary as a child process, a client of its HTTP interface, and
//! readers of what it recorded.

mod binary;
mod client;
mod free_port;
mod node;
mod recorded;
mod wait;

pub use binary::{binary, eyrie, without_ours};
pub use client::Client;
pub use free_port::free_port;
pub use node::{ADMIN_PASSWORD, Node, NodeOptions};
pub use recorded::{RecordedAu, recorded_aus, recorded_aus_in};
pub use wait::{DEADLINE, eventually, eventually_within};

pub mod bench;
