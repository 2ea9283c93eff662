use std::path::PathBuf;

use url::Url;

use super::Means;
use crate::drill::api::Credentials;

/// What an agent is started with.
#[derive(Debug, Clone)]
pub struct AgentOptions {
    /// Base URLs of nodes of the cell: more than its own, which may be the one that is dead.
    pub addresses: Vec<Url>,
    /// Who it is to them.
    pub credentials: Credentials,
    /// Authorities to trust beside the system's, in PEM.
    pub ca: Option<Vec<u8>>,
    /// The data directory of its node, to learn the node's id from.
    pub data_dir: PathBuf,
    /// The port where its node listens for its peers; `None` to go by what the node tells the others.
    pub peer_port: Option<u16>,
    /// How the node is started and stopped.
    pub means: Means,
    /// This binary, for the process that undoes what the agent did.
    pub eyrie: PathBuf,
    /// This release.
    pub version: String,
}
