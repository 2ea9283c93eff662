//! One file for each resource of the HTTP contract.

pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod camera_bulk;
pub(crate) mod cameras;
pub(crate) mod capabilities;
pub(crate) mod cluster;
pub(crate) mod docs;
pub(crate) mod drill_agents;
pub(crate) mod drill_runs;
pub(crate) mod drills;
pub(crate) mod export;
pub(crate) mod facts;
pub(crate) mod feed;
pub(crate) mod footage;
pub(crate) mod layouts;
pub(crate) mod ledger;
pub(crate) mod live;
pub(crate) mod markers;
pub(crate) mod me;
pub(crate) mod node;
pub(crate) mod ops;
mod page;
pub(crate) mod pictures;
pub(crate) mod playback;
pub(crate) mod sites;
pub(crate) mod users;
