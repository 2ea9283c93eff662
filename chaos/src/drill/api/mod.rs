//! Drills of a cell that exists, through its API: whoever carries one says which faults are to be in force, and the agents beside
//! the nodes see to it. Start reading at [`carry`].

mod calls;
mod carry;
mod client;
mod credentials;
mod findings;
mod lead;
mod live;
mod look;
mod plays;
mod round;
mod through;
mod views;

pub use carry::{CarryOptions, carry};
pub use client::{ApiClient, ApiFailure};
pub use credentials::Credentials;
