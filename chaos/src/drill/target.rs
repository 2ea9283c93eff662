use std::fmt;
use std::path::PathBuf;

use eyrie_types::CellId;
use url::Url;

use super::file::plural;

/// What a drill is run against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A cell that is made for the drill and thrown away afterwards: real processes on this machine.
    Local(LocalTarget),
    /// A cell that exists.
    Api(ApiTarget),
}

/// A cell made for a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTarget {
    /// How many nodes, named `n0`, `n1` and so on.
    pub nodes: u32,
    /// How many simulated cameras, named `cam0`, `cam1` and so on.
    pub cameras: u32,
    /// How many of them, the first ones, are recorded by two nodes.
    pub twins: u32,
    /// Frames from one keyframe to the next; the cameras send 25 a second.
    pub gop: u32,
    /// The nodes' zones, given out in turn; empty for one zone.
    pub zones: Vec<String>,
    /// Where metadata is kept.
    pub store: LocalStore,
    /// A Redis is beside it.
    pub redis: bool,
    /// More configuration of each node, in TOML; not read here.
    pub settings: String,
}

/// The metadata store of a local cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalStore {
    /// SQLite: one node alone.
    Sqlite,
    /// A stand-in for Apache Cassandra, beside the nodes.
    Cassandra,
}

/// A cell that exists, reached through its API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTarget {
    /// Base URLs of its nodes: any of them will do, and one that a fault hits is passed over. Empty where whoever runs the drill
    /// brings its own.
    pub addresses: Vec<Url>,
    /// The cell it must be. A drill on any other is refused.
    pub cell: CellId,
    /// Where the token of a user that may drill is read from.
    pub token: TokenSource,
    /// Certificates to trust beside the system's, in PEM.
    pub ca_file: Option<PathBuf>,
}

/// Where a token is read from: never the drill file itself, which is kept and shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// A file that holds nothing else.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
    /// Whoever runs the drill brings its own.
    Brought,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(local) => {
                let LocalTarget { nodes, cameras, twins, .. } = local;
                let (nodes, cameras) = (plural(u64::from(*nodes), "node"), plural(u64::from(*cameras), "camera"));
                write!(f, "a local cell of {nodes} with {cameras}, {twins} of them twinned")
            }
            Self::Api(api) => {
                write!(f, "cell {}", api.cell)?;
                api.addresses.first().map_or(Ok(()), |first| write!(f, " at {first}"))
            }
        }
    }
}
