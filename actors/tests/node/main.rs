//! A node with real disks, a real store and simulated cameras that speak RTSP: what it records, shows and says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod faults;
mod footage;
mod hostile;
mod live;
mod many;
mod recording;
mod retention;
mod rig;
mod rtsps;
mod sources;
mod store_outage;
