//! A cell made for a drill: real `eyrie node` processes, each in a network of its own, with simulated cameras before them.

mod api;
mod cell;
mod facts;
mod launcher;
mod network;
mod node_process;
mod relay;
mod view;

pub(crate) use api::Api;
pub(crate) use cell::{CellSetup, FPS, LocalCell, name};
pub(crate) use facts::{camera_name, expected, facts};
pub(crate) use launcher::{Launcher, Place, dies_with_us};
pub(crate) use network::{Network, Party};
pub(crate) use relay::{Relaying, relay};
pub(crate) use view::{ClusterView, PlacementPage, PlacementView};
