use std::path::PathBuf;
use std::time::Duration;

use eyrie_types::{CellId, NodeId, Secret};

/// Shortest cell secret, in characters after trimming: less could be guessed from a recorded handshake.
pub const SECRET_CHARS_MIN: usize = 16;

/// Longest node name, in characters: it is shown and logged.
pub const NAME_CHARS_MAX: usize = 64;

/// Port of addresses that name none.
pub const PEER_PORT: u16 = 7443;

/// How long a handshake may take, TCP accepted to the last greeting: four round trips and two signatures.
pub const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(5);

/// How long one attempt to reach one address may take, handshake included: shorter than the other side's deadline, so that
/// the next address gets its turn while the first stands still.
pub const ATTEMPT_DEADLINE: Duration = Duration::from_secs(3);

/// What a node says of itself to its peers, and how it proves that it belongs to them.
#[derive(Debug, Clone)]
pub struct PeerConfig {
    /// The secret all nodes of a cell share: at least [`SECRET_CHARS_MIN`] characters after trimming.
    pub secret: Secret,
    /// The cell, once it is known; a node that is about to join knows none.
    pub cell: Option<CellId>,
    /// This node.
    pub node: NodeId,
    /// The number of this start of the node: of two processes with one node id, the later start wins.
    pub start: u64,
    /// A name for people, at most [`NAME_CHARS_MAX`] characters; longer ones are cut.
    pub name: String,
    /// Certificates.
    pub tls: PeerTls,
}

/// Which certificates the connections between nodes use. The cell's secret is proved in either case.
#[derive(Debug, Clone, Default)]
pub enum PeerTls {
    /// A certificate made at each start. What it says is not trusted: who the other side is, the proof of the secret tells,
    /// which is bound to this very TLS session, so that nobody can stand in the middle.
    #[default]
    SelfSigned,
    /// Certificates of the operator's own authority, on both sides. The chain is checked, host names are not: nodes are known
    /// by their ids, and addresses change.
    Files {
        /// PEM: this node's certificate, then its intermediates. With an extended key usage, it must allow server and client.
        certificate: PathBuf,
        /// PEM: its private key.
        key: PathBuf,
        /// PEM: the authorities that sign nodes' certificates.
        authorities: PathBuf,
    },
}
