use std::path::PathBuf;
use std::time::Duration;

use eyrie_cluster::PacerLimits;
use eyrie_media::RingConfig;
use eyrie_storage::shared::SharedState;
use eyrie_types::{ByteSize, NodeId};

use super::NodeSettings;
use crate::ingest::NetworkPolicy;

/// How a node runs its cameras.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// Its id, kept by the store.
    pub node: NodeId,
    /// All frames in memory, of all cameras together: a quarter of the machine's memory.
    pub frame_memory: ByteSize,
    /// The limits of each camera's ring.
    pub ring: RingConfig,
    /// Whether recordings are sealed.
    pub sealing: bool,
    /// How long a segment is, before it is cut. At most 1 h: readers look that far back for what overlaps a range.
    pub segment_length: Duration,
    /// How long a camera is packaged after its last viewer asked.
    pub live_idle: Duration,
    /// Which addresses camera URLs may lead to.
    pub network: NetworkPolicy,
    /// Where `file` sources lie; `None` refuses them.
    pub file_sources: Option<PathBuf>,
    /// How fast connections are set up.
    pub setups: PacerLimits,
    /// Threads that receive, record and package; more than the machine has cores is of no use.
    pub media_threads: usize,
    /// What it shares with the other nodes; `None` for a node that has none.
    pub shared: Option<SharedState>,
    /// What may change while it runs, as it is at the start.
    pub settings: NodeSettings,
}

impl NodeConfig {
    /// The defaults of node `node`, for a machine with 2 GiB.
    pub fn new(node: NodeId) -> Self {
        Self {
            node,
            frame_memory: ByteSize::mib(512),
            ring: RingConfig::default(),
            sealing: true,
            segment_length: Duration::from_secs(3600),
            live_idle: Duration::from_secs(30),
            network: NetworkPolicy::default(),
            file_sources: None,
            setups: PacerLimits::default(),
            media_threads: std::thread::available_parallelism().map_or(1, usize::from),
            shared: None,
            settings: NodeSettings::default(),
        }
    }
}
