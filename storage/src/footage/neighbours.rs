use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use eyrie_types::{CameraId, Clock, Monotonic, NodeId, TenantId};
use futures::future::BoxFuture;
use lru::LruCache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Elsewhere, ElsewhereError, OpenTail, SegmentName, StoredPlace};

/// How long a node may take to say that it is there, or what it is recording, before its footage counts as out of reach: beyond
/// what a busy machine takes to make a connection, and within what somebody waits for a playlist.
pub const REACH_WITHIN: Duration = Duration::from_secs(2);
/// How long a node may take for the head of a file.
pub const HEAD_WITHIN: Duration = Duration::from_secs(3);
/// How long a node may take for a fragment: 16 MiB over 100 Mbit/s, and a disk that is busy.
pub const FRAGMENT_WITHIN: Duration = Duration::from_secs(5);
/// How long a node that the cell holds to be alive is asked again and again, where nobody else has what it holds: longer than a
/// busy
/// machine takes to make a connection, and than the cell takes to find that a node has died.
pub const REACH_ANYHOW_WITHIN: Duration = Duration::from_secs(6);
/// The pause between two of these questions.
const REACH_AGAIN: Duration = Duration::from_millis(200);
/// How long a node that answered is not asked again whether it is there: the pictures of one sheet, and less than it takes to
/// notice that a node died.
const HEARD_FOR: Duration = Duration::from_millis(500);
/// How long a node that did not answer is not asked again. Until then its footage is out of reach at no cost.
const SILENT_FOR: Duration = Duration::from_secs(3);
/// Nodes of which it is remembered whether they answer: more than a cell has.
const NODES_MAX: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");
/// Questions to other nodes at one time, each of a fragment at most: as many as two of them read from their disks at once.
pub const ASKS_MAX: usize = 16;

/// The other nodes of the cell, as holders of footage.
pub(super) struct Neighbours {
    elsewhere: OnceLock<Arc<dyn Elsewhere>>,
    clock: Arc<dyn Clock>,
    /// Whether a node answered when it was last asked, and when that was.
    heard: Mutex<LruCache<NodeId, (Monotonic, bool)>>,
    asks: Arc<Semaphore>,
}

impl Neighbours {
    /// Nobody, until [`Neighbours::reach_through`] says how to ask.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let (heard, asks) = (Mutex::new(LruCache::new(NODES_MAX)), Arc::new(Semaphore::new(ASKS_MAX)));
        Self { elsewhere: OnceLock::new(), clock, heard, asks }
    }

    /// How other nodes are asked from now on. The first way stays.
    pub(super) fn reach_through(&self, elsewhere: Arc<dyn Elsewhere>) {
        // A node has one way to its peers, set at its start.
        let _ = self.elsewhere.set(elsewhere);
    }

    /// Those of `nodes` that do not answer.
    pub(super) async fn silent(&self, nodes: BTreeSet<NodeId>) -> BTreeSet<NodeId> {
        let asked = nodes.into_iter().map(|node| async move { (!self.answers(node).await).then_some(node) });
        futures::future::join_all(asked).await.into_iter().flatten().collect()
    }

    /// Those of `nodes`, which did not answer, that do not even when they are asked until the cell holds them to be dead, or
    /// [`REACH_ANYHOW_WITHIN`] is over.
    pub(super) async fn silent_after_all(&self, nodes: BTreeSet<NodeId>) -> BTreeSet<NodeId> {
        let asked = nodes.into_iter().map(|node| async move {
            let reached = tokio::time::timeout(REACH_ANYHOW_WITHIN, self.reach_again(node)).await;
            (!reached.unwrap_or(false)).then_some(node)
        });
        futures::future::join_all(asked).await.into_iter().flatten().collect()
    }

    async fn reach_again(&self, node: NodeId) -> bool {
        let Some(elsewhere) = self.elsewhere.get() else { return false };
        while elsewhere.alive(node) {
            metrics::counter!("eyrie_footage_node_asked_again_total").increment(1);
            if elsewhere.reach(node).await.is_ok() {
                self.heard().put(node, (self.clock.monotonic(), true));
                return true;
            }
            tokio::time::sleep(REACH_AGAIN).await;
        }
        false
    }

    /// What of a camera is durable elsewhere and may not be in the index yet. Nodes that do not answer say nothing of it.
    pub(super) async fn tails(&self, tenant: &TenantId, camera: CameraId) -> Vec<OpenTail> {
        let Some(elsewhere) = self.elsewhere.get() else { return Vec::new() };
        let asked = elsewhere.recorders(tenant, camera).into_iter().map(|node| async move {
            let tails = self.ask(node, REACH_WITHIN, |elsewhere| elsewhere.tails(node, tenant, camera)).await;
            if let Err(ElsewhereError::Refused(reason)) = &tails {
                metrics::counter!("eyrie_footage_node_garbage_total").increment(1);
                tracing::warn!(%node, reason, "a node does not say what it is recording");
            }
            let mut tails = tails.unwrap_or_default();
            // It speaks of what it records itself, and of what was asked for.
            tails.retain(|tail| {
                let placement = &tail.row.placement;
                tail.row.node == node && placement.tenant == *tenant && placement.camera == camera
            });
            tails
        });
        futures::future::join_all(asked).await.concat()
    }

    /// What a file of `node` begins with, up to its first fragment.
    pub(super) async fn head(&self, node: NodeId, segment: SegmentName) -> Result<Bytes, ElsewhereError> {
        let _place = self.place().await;
        self.ask(node, HEAD_WITHIN, |elsewhere| elsewhere.head(node, segment)).await
    }

    /// A fragment of a file of `node`, with a place among [`ASKS_MAX`] to be kept while its bytes are worked on.
    pub(super) async fn fragment(
        &self,
        node: NodeId,
        segment: SegmentName,
        place: StoredPlace,
    ) -> Result<(Bytes, Option<OwnedSemaphorePermit>), ElsewhereError> {
        let kept = self.place().await;
        let asked = self.ask(node, FRAGMENT_WITHIN, |elsewhere| elsewhere.fragment(node, segment, place)).await;
        Ok((asked?, kept))
    }

    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.asks).acquire_owned().await.ok()
    }

    async fn answers(&self, node: NodeId) -> bool {
        match self.known(node) {
            Some(answers) => answers,
            None => {
                let reached = self.ask(node, REACH_WITHIN, |elsewhere| elsewhere.reach(node)).await.is_ok();
                // One that says something else than that it is there is taken for one that is not.
                self.heard().put(node, (self.clock.monotonic(), reached));
                reached
            }
        }
    }

    /// Asks `node`, unless it did not answer a moment ago.
    async fn ask<'a, T>(
        &'a self,
        node: NodeId,
        within: Duration,
        question: impl FnOnce(&'a dyn Elsewhere) -> BoxFuture<'a, Result<T, ElsewhereError>>,
    ) -> Result<T, ElsewhereError> {
        let elsewhere = self.elsewhere.get().ok_or(ElsewhereError::Silent(None))?;
        if self.known(node) == Some(false) {
            return Err(ElsewhereError::Silent(None));
        }
        let answer = tokio::time::timeout(within, question(elsewhere.as_ref())).await;
        let answer = answer.unwrap_or(Err(ElsewhereError::TooSlow));
        let silent = answer.as_ref().is_err_and(ElsewhereError::is_silence);
        if let Err(error) = &answer
            && silent
        {
            metrics::counter!("eyrie_footage_node_silent_total").increment(1);
            tracing::warn!(%node, error = %crate::segment::chain(error), "a node does not answer for its footage");
        }
        self.heard().put(node, (self.clock.monotonic(), !silent));
        answer
    }

    /// Whether `node` answers, as far as that was found out a moment ago.
    fn known(&self, node: NodeId) -> Option<bool> {
        let (at, answers) = self.heard().get(&node).copied()?;
        let fresh = if answers { HEARD_FOR } else { SILENT_FOR };
        (self.clock.monotonic().since(at) < fresh).then_some(answers)
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, LruCache<NodeId, (Monotonic, bool)>> {
        // No method can leave the map half-changed.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
