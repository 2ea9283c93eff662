//! A cell made for a drill: real `eyrie node` processes, each in a network of its own, with simulated cameras before them.

mod api;
mod cell;
mod cql_frames;
mod disk_layer;
mod facts;
mod false_clock;
mod launcher;
mod network;
mod node_process;
mod redis;
mod relay;
mod slow_path;
mod view;
mod wires;

pub(crate) use api::Api;
pub(crate) use cell::{CellSetup, FPS, LocalCell, Needs, name};
pub(crate) use facts::{camera_name, expected, facts};
pub use launcher::{Guest, Launcher, Place, dies_with_us};
pub(crate) use network::{Network, Party};
pub(crate) use redis::Redis;
pub use relay::{Relaying, relay};
pub(crate) use slow_path::PacketFault;
pub(crate) use view::{ClusterView, PlacementPage, PlacementView};
