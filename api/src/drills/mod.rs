//! Drills of this cell: what may be begun, who carries it, and when it is over. Nothing here does a fault: agents beside the nodes
//! do, and they ask.

mod agents;
mod facts;
mod known;
mod limits;
mod settle;

pub(crate) use agents::{heard, hears};
pub(crate) use facts::cell_facts;
pub(crate) use known::{Known, known};
pub(crate) use limits::*;
pub(crate) use settle::{change, current};
