use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A node's number in the Raft group: random, new whenever its log was lost. Its `NodeId` stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RaftId(pub u64);

impl fmt::Display for RaftId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What a copy of a node's data directory does not share with it: a hash over machine and directory. Two processes that call
/// themselves by one `NodeId` differ in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identity(pub [u8; 16]);

/// The control protocol versions a node speaks, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProtocolRange {
    /// The oldest.
    pub min: u32,
    /// The newest.
    pub max: u32,
}

impl ProtocolRange {
    /// Whether it speaks `version`.
    pub fn contains(&self, version: u32) -> bool {
        (self.min..=self.max).contains(&version)
    }
}

/// What the cell has decided about a node. A node that is cut off may be `Dead` here and record on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Health {
    /// It is heard.
    Up,
    /// Most voters did not hear it: its placements may go elsewhere.
    Dead,
}

/// A node as the cell knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Member {
    /// For people.
    pub name: String,
    /// Durable count of the starts of its process; rises with each.
    pub start: u64,
    /// See [`Identity`].
    pub identity: Identity,
    /// Its number in the Raft group.
    pub raft: RaftId,
    /// `host:port` of its listener for peers; empty in a cell of one without a listener.
    pub peer: String,
    /// Base URL of its HTTP API.
    pub url: String,
    /// What fails together: a rack, a room, a site. Nodes without one share the zone "".
    pub zone: String,
    /// What cameras may ask for.
    pub labels: BTreeSet<String>,
    /// How much camera weight it takes.
    pub capacity: u32,
    /// What it speaks.
    pub protocol: ProtocolRange,
    /// As decided; `Join` and `NodeStarted` set it to `Up`.
    pub health: Health,
    /// Its placements are to leave, and no new ones to come. Belongs to this start: a restart ends it.
    pub draining: bool,
}

impl Member {
    /// May take new placements.
    pub fn takes_placements(&self) -> bool {
        self.health == Health::Up && !self.draining
    }
}
