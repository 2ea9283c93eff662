use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::{CellCommand, Heartbeat};
use eyrie_storage::mirror::{camera_to_bytes, tenant_key_to_bytes};
use eyrie_types::NodeId;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use super::CommandError;
use super::control::Shared;
use super::news;
use super::proposer::{Outcome, outcome_to_bytes};
use crate::link::{LinkAnswer, LinkCast, LinkHandler, LinkRequest};
use crate::peer::Purpose;

/// Heartbeats that wait for the driver: five a second of each of 100 nodes, for two seconds. Beyond, the newest is dropped: the
/// next one says the same.
pub(super) const HEARTBEATS_MAX: usize = 1024;
/// How long a node that joins may take to answer at the address it gives; less than it waits for its answer.
const DIAL_BACK_WITHIN: Duration = Duration::from_secs(1);
/// How long a proposal of a peer may take here.
const PROPOSE_WITHIN: Duration = Duration::from_secs(3);

/// Answers peers.
pub(super) struct Courier {
    shared: Arc<Shared>,
    heartbeats: mpsc::Sender<(NodeId, Heartbeat)>,
}

impl Courier {
    pub(super) fn new(shared: Arc<Shared>, heartbeats: mpsc::Sender<(NodeId, Heartbeat)>) -> Self {
        Self { shared, heartbeats }
    }

    async fn answer(&self, from: NodeId, request: LinkRequest) -> LinkAnswer {
        match request {
            // Answered by the link itself.
            LinkRequest::Ping => LinkAnswer::Pong,
            LinkRequest::Propose(bytes) => match CellCommand::decode(&bytes) {
                Ok(command) => {
                    let outcome = match self.shared.reaches_back(from, &command).await {
                        Ok(()) => self.shared.propose_here_or_forward(command, Some(from), PROPOSE_WITHIN).await,
                        Err(unreached) => Err(unreached),
                    };
                    LinkAnswer::Proposed(outcome_to_bytes(&Outcome::of(outcome)))
                }
                Err(error) => LinkAnswer::Refused(error.to_string()),
            },
            LinkRequest::FetchCamera { tenant, camera, revision } => {
                let kept = self.shared.mirror.get(&tenant, camera).filter(|kept| kept.camera.revision >= revision);
                // One that is too long to be kept is not kept.
                LinkAnswer::Camera(kept.and_then(|kept| camera_to_bytes(&kept).ok()))
            }
            LinkRequest::FetchTenantKeys { tenant } => {
                let rows = self.shared.mirror.tenant_keys(&tenant);
                LinkAnswer::TenantKeys(rows.iter().filter_map(|row| tenant_key_to_bytes(row).ok()).collect())
            }
            LinkRequest::NodeInfo => LinkAnswer::Unsupported,
        }
    }
}

impl Shared {
    /// Whether `from`, where it asks to join for the first time or from a new address, is reached at the address it gives: a wrong
    /// one is noticed here, rather than as a member that nobody ever hears.
    async fn reaches_back(&self, from: NodeId, command: &CellCommand) -> Result<(), CommandError> {
        let CellCommand::Join { node, member } = command else { return Ok(()) };
        let known = self.core().state().1.member(*node).is_some_and(|known| known.peer == member.peer);
        if known || *node != from {
            return Ok(());
        }
        let dialed = tokio::time::timeout(DIAL_BACK_WITHIN, self.dialer.dial(&member.peer, Purpose::Raft, Some(*node)));
        let error = match dialed.await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {DIAL_BACK_WITHIN:?}"),
        };
        metrics::counter!("eyrie_joins_unreached_total").increment(1);
        Err(CommandError::Elsewhere(format!(
            "node {} does not reach it back at {}, the address it gives to others ({error}): set cluster.address to where other nodes \
             reach it, and let them through to cluster.listen",
            self.member.name, member.peer
        )))
    }
}

impl LinkHandler for Courier {
    fn call(self: Arc<Self>, from: NodeId, request: LinkRequest) -> BoxFuture<'static, LinkAnswer> {
        async move { self.answer(from, request).await }.boxed()
    }

    fn cast(&self, from: NodeId, cast: LinkCast) {
        let bytes = match cast {
            LinkCast::Heartbeat(bytes) => bytes,
            LinkCast::News(bytes) => return news::take(&self.shared, from, &bytes),
        };
        let Ok((heartbeat, _)) = postcard::take_from_bytes::<Heartbeat>(&bytes) else {
            metrics::counter!("eyrie_heartbeats_dropped_total", "reason" => "unreadable").increment(1);
            return;
        };
        if self.heartbeats.try_send((from, heartbeat)).is_err() {
            metrics::counter!("eyrie_heartbeats_dropped_total", "reason" => "queue").increment(1);
        }
    }
}
