use std::sync::Arc;

use arc_swap::ArcSwapOption;
use eyrie_types::{CellId, Clock, NodeId, Secret};
use tokio::net::TcpListener;

use super::book::PeerBook;
use super::message::clean_name;
use super::proof::CellKey;
use super::refusals::Refusals;
use super::tls::TlsEnds;
use super::{
    Dialer, PROTOCOL_MAX, PROTOCOL_MIN, PeerConfig, PeerConfigError, PeerHello, PeerListener, PeerTls, Purpose,
};

/// This node's credentials between nodes: makes its listener and its dialer, which share what they learn about peers.
#[derive(Clone)]
pub struct Peers(Arc<Shared>);

/// What the listener and the dialer of one node share.
pub(super) struct Shared {
    pub(super) key: CellKey,
    pub(super) tls: TlsEnds,
    pub(super) book: PeerBook,
    pub(super) refusals: Refusals,
    node: NodeId,
    start: u64,
    instance: u64,
    name: String,
    cell: ArcSwapOption<CellId>,
}

impl Peers {
    /// Reads or makes certificates and stretches the secret: some tens of milliseconds of blocking work.
    ///
    /// # Errors
    /// When the secret is too short, the name empty, or a file unusable.
    pub fn new(config: &PeerConfig, clock: Arc<dyn Clock>) -> Result<Self, PeerConfigError> {
        let name = clean_name(&config.name);
        if name.is_empty() {
            return Err(PeerConfigError::NameEmpty);
        }
        let mut instance = [0; 8];
        aws_lc_rs::rand::fill(&mut instance).map_err(|error| PeerConfigError::Random(error.to_string()))?;
        let instance = u64::from_le_bytes(instance);
        Ok(Self(Arc::new(Shared {
            key: CellKey::derive(&config.secret)?,
            tls: TlsEnds::new(&config.tls)?,
            book: PeerBook::new(config.node, instance),
            refusals: Refusals::new(clock),
            node: config.node,
            start: config.start,
            instance,
            name,
            cell: ArcSwapOption::from(config.cell.map(Arc::new)),
        })))
    }

    /// For a node that listens to nobody, as the only one of its cell does: with a secret that nobody else has.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn alone(node: NodeId, start: u64, clock: Arc<dyn Clock>) -> Result<Self, PeerConfigError> {
        let mut secret = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut secret).map_err(|error| PeerConfigError::Random(error.to_string()))?;
        let secret = Secret::new(secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let (cell, name, tls) = (None, "alone".to_owned(), PeerTls::SelfSigned);
        Self::new(&PeerConfig { secret, cell, node, start, name, tls }, clock)
    }

    /// Serves peers at `socket`.
    pub fn listener(&self, socket: TcpListener) -> PeerListener {
        PeerListener::new(self.0.clone(), socket)
    }

    /// Dials peers.
    pub fn dialer(&self) -> Dialer {
        Dialer::new(self.0.clone())
    }

    /// This node.
    pub fn node(&self) -> NodeId {
        self.0.node
    }

    /// The cell this node belongs to, once it knows.
    pub fn cell(&self) -> Option<CellId> {
        self.0.cell()
    }

    /// From now on, nodes of other cells are turned away.
    pub fn set_cell(&self, cell: CellId) {
        self.0.cell.store(Some(Arc::new(cell)));
    }
}

impl Shared {
    pub(super) fn cell(&self) -> Option<CellId> {
        self.cell.load().as_deref().copied()
    }

    /// This node's greeting.
    pub(super) fn hello(&self, purpose: Purpose) -> PeerHello {
        PeerHello {
            protocol_min: PROTOCOL_MIN,
            protocol_max: PROTOCOL_MAX,
            cell: self.cell(),
            node: self.node,
            start: self.start,
            instance: self.instance,
            name: self.name.clone(),
            purpose,
        }
    }
}
