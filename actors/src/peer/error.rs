use std::io;
use std::path::PathBuf;

use eyrie_types::{CellId, NodeId};

use super::{NAME_CHARS_MAX, PROTOCOL_MAX, PROTOCOL_MIN, RefusalReason, SECRET_CHARS_MIN};

/// Why the credentials of a node cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PeerConfigError {
    /// The secret is too short.
    #[error("the cell's secret has fewer than {SECRET_CHARS_MIN} characters: make one with `openssl rand -base64 32`")]
    SecretTooShort,
    /// The name is empty.
    #[error("the node's name is empty: give it 1 to {NAME_CHARS_MAX} characters")]
    NameEmpty,
    /// A file cannot be read.
    #[error("{path}: {source}: the file must be readable by the user that runs eyrie", path = path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path}: {reason}", path = path.display())]
    Pem {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key do not make a usable configuration.
    #[error("the certificate between nodes cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// No certificate could be made.
    #[error("no self-signed certificate could be made: {0}")]
    SelfSigned(#[from] rcgen::Error),
    /// No randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

/// Why there is no connection with a peer.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The address is not one.
    #[error("{0:?} is not an address: write host:port")]
    Address(String),
    /// The name cannot be resolved.
    #[error("{address} cannot be resolved: {source}")]
    Resolve {
        /// The name.
        address: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The name has no addresses.
    #[error("{0} resolves to no address")]
    NoAddress(String),
    /// TCP or TLS failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The other side was too slow.
    #[error("no greeting in time")]
    TooSlow,
    /// The other side hung up before it had greeted.
    #[error("the other side hung up in the middle of the greeting: is it a node of a cell?")]
    Closed,
    /// What came is no message of ours.
    #[error("what answers there does not speak our protocol: {0}")]
    Malformed(&'static str),
    /// The other side could not prove the secret.
    #[error("the other side has another cell secret: compare the files of cluster.secret_file on both nodes")]
    WrongSecret,
    /// The other side belongs to another cell.
    #[error(
        "the other side belongs to cell {theirs}, this node to {ours}: check cluster.join, or start with an empty cluster directory"
    )]
    WrongCell {
        /// This node's.
        ours: CellId,
        /// The other's.
        theirs: CellId,
    },
    /// No protocol version is spoken by both.
    #[error(
        "the other side speaks protocol {min} to {max}, this node {PROTOCOL_MIN} to {PROTOCOL_MAX}: upgrade one release at a time"
    )]
    Protocol {
        /// Their lowest.
        min: u16,
        /// Their highest.
        max: u16,
    },
    /// Another node than expected answers there.
    #[error("{found} answers where {expected} was expected: its address has changed, or the address given is wrong")]
    WrongNode {
        /// Who should be there.
        expected: NodeId,
        /// Who is.
        found: NodeId,
    },
    /// The address leads back here.
    #[error("the address leads to this node itself")]
    Myself,
    /// Two processes use one node id.
    #[error(
        "two processes use node id {node}: was a data directory copied? Remove the copy's identity, so that it gets one of its own"
    )]
    TwoNodesOneId {
        /// Which id.
        node: NodeId,
    },
    /// A process that has been replaced by a later start of the same node.
    #[error("node {node} has started again since (start {latest}, this is {start}): stop the older process")]
    OldStart {
        /// Which node.
        node: NodeId,
        /// The older start's number.
        start: u64,
        /// The latest one's.
        latest: u64,
    },
    /// More nodes than a cell may have.
    #[error("more node ids have been seen than a cell may have nodes: restart this node to forget those that are gone")]
    TooManyNodes,
    /// The other side said no.
    #[error("refused ({reason}): {text}")]
    Refused {
        /// Why, for programs.
        reason: RefusalReason,
        /// Why, in its words.
        text: String,
    },
    /// The listener has no room, or nobody takes such connections.
    #[error("{0}")]
    Unavailable(&'static str),
}

impl PeerError {
    /// The reason to give to the other side and to count.
    pub fn reason(&self) -> RefusalReason {
        match self {
            Self::Address(_) | Self::Resolve { .. } | Self::NoAddress(_) | Self::Io(_) => RefusalReason::Transport,
            Self::TooSlow => RefusalReason::TooSlow,
            Self::Closed => RefusalReason::Closed,
            Self::Malformed(_) => RefusalReason::Malformed,
            Self::WrongSecret => RefusalReason::WrongSecret,
            Self::WrongCell { .. } => RefusalReason::WrongCell,
            Self::Protocol { .. } => RefusalReason::Protocol,
            Self::WrongNode { .. } => RefusalReason::WrongNode,
            Self::Myself => RefusalReason::Myself,
            Self::TwoNodesOneId { .. } => RefusalReason::TwoNodesOneId,
            Self::OldStart { .. } => RefusalReason::OldStart,
            Self::Refused { reason, .. } => *reason,
            Self::TooManyNodes | Self::Unavailable(_) => RefusalReason::Busy,
        }
    }
}
