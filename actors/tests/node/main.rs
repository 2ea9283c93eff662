//! A node with real disks, a real store and simulated cameras that speak RTSP: what it records, shows and says.

mod faults;
mod live;
mod many;
mod recording;
mod rig;
mod sources;
