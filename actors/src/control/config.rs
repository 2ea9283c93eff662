use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use eyrie_cluster::{DetectorLimits, Identity};
use eyrie_storage::keys::KeyRing;
use eyrie_storage::mirror::Mirror;
use eyrie_storage::store::Store;
use eyrie_types::{Clock, Epoch, NodeId};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::media_link::MediaHandlers;
use crate::node::{Fallen, NodeHandle};
use crate::peer::Peers;

/// What a node tells its cell of itself, and how it finds it.
pub struct ControlConfig {
    /// This node.
    pub node: NodeId,
    /// The number of this start; see [`eyrie_storage::NodeIdentity`].
    pub start: u64,
    /// Tells this data directory from a copy of it.
    pub identity: Identity,
    /// For people.
    pub name: String,
    /// Base URL of the node's HTTP API, as other nodes' clients reach it.
    pub url: String,
    /// What fails together with it.
    pub zone: String,
    /// What cameras may ask for.
    pub labels: BTreeSet<String>,
    /// How many cameras of weight 1 it takes.
    pub capacity: u32,
    /// Where Raft's log lies.
    pub raft_dir: PathBuf,
    /// Labels whose cameras get a twin.
    pub twin_labels: Vec<String>,
    /// The last epoch that an older store gave out, which no epoch of the cell may fall below.
    pub epochs_given: Option<Epoch>,
    /// When silence counts as death.
    pub limits: DetectorLimits,
    /// How it meets other nodes.
    pub cell: CellPart,
}

/// How a node meets the others of its cell.
pub struct CellPart {
    /// Where it listens for them; `None` is a cell of one.
    pub socket: Option<TcpListener>,
    /// Where they reach it: `host:port`; empty without a listener.
    pub address: String,
    /// Its credentials.
    pub peers: Peers,
    /// Addresses of nodes of the cell to join. Empty: the node makes a cell of its own at its first start.
    pub seeds: Vec<String>,
}

/// What control works with.
pub struct ControlParts {
    /// What runs cameras.
    pub node: NodeHandle,
    /// The metadata.
    pub store: Arc<Store>,
    /// What is known of the cell while the store is down.
    pub mirror: Arc<Mirror>,
    /// The keys of tenants.
    pub keyring: Arc<KeyRing>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Incarnations that ended by themselves; the other end of `NodeParts::fallen`.
    pub fallen: mpsc::Receiver<Fallen>,
    /// Who answers other nodes' questions for media.
    pub media: MediaHandlers,
}
