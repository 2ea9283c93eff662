use std::fmt;

use super::Percent;
use super::file::plural;

/// Which nodes a fault is done to. Chosen when the fault begins, not when the file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeChoice {
    /// One of those that are up, by the drill's seed.
    Any,
    /// The one that leads.
    Leader,
    /// One that is up and does not lead, by the drill's seed.
    Follower,
    /// Every one.
    All,
    /// The one of this name.
    Named(String),
    /// The one that has slot 0 of the camera of this name.
    OwnerOf(String),
}

impl NodeChoice {
    /// How many nodes of a cell of `nodes` it is.
    pub fn count(&self, nodes: u32) -> u32 {
        if matches!(self, Self::All) { nodes } else { 1 }
    }
}

impl fmt::Display for NodeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any node"),
            Self::Leader => f.write_str("the leader"),
            Self::Follower => f.write_str("any node but the leader"),
            Self::All => f.write_str("all nodes"),
            Self::Named(name) => write!(f, "node {name}"),
            Self::OwnerOf(camera) => write!(f, "the owner of camera {camera}"),
        }
    }
}

/// Which cameras a fault is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraChoice {
    /// Every one.
    All,
    /// So many, by the drill's seed.
    Count(u32),
    /// This share of them, at least one, by the drill's seed.
    Share(Percent),
    /// Those of these names.
    Named(Vec<String>),
}

impl CameraChoice {
    /// How many of `cameras` it is.
    pub fn count(&self, cameras: u32) -> u32 {
        match self {
            Self::All => cameras,
            Self::Count(n) => *n,
            Self::Share(share) => u32::try_from(share.share_of(u64::from(cameras))).unwrap_or(cameras).max(1),
            Self::Named(names) => u32::try_from(names.len()).unwrap_or(u32::MAX),
        }
    }
}

impl fmt::Display for CameraChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all cameras"),
            Self::Count(n) => f.write_str(&plural(u64::from(*n), "camera")),
            Self::Share(share) => write!(f, "{share} of the cameras"),
            Self::Named(names) => write!(f, "cameras {}", names.join(", ")),
        }
    }
}
