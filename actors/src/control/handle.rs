use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::{CameraKey, CameraNeeds, CellAnswer, CellCommand, CellState, PlacementKey, Refusal};
use eyrie_storage::store::StoredCamera;
use eyrie_types::{CameraId, NodeId, Slot, TenantId};
use tokio::sync::watch;

use super::control::Shared;
use super::specs::needs_of;
use super::{CellView, CommandError};
use crate::media_link::MediaLink;

/// How long a command may take: an election and a commit.
const COMMAND_WITHIN: Duration = Duration::from_secs(4);
/// How long this node may take to act on what the cell has decided, before whoever asked is answered without.
const ACT_WITHIN: Duration = Duration::from_secs(2);
/// How long a start waits for the cell's first word, and for the directory to be compared once.
const START_WITHIN: Duration = Duration::from_secs(10);
/// Cameras of one entry of the log.
const BATCH: usize = 512;
/// How long another node may take to lead in this one's place.
const HAND_OVER_WITHIN: Duration = Duration::from_secs(2);
/// How long the core may take to see what was applied.
const NOTE_WITHIN: Duration = Duration::from_millis(5);
/// Pause between looks for a lease that has run out, and how many there are: half a second, less than it takes to be replaced.
const LEASE_LOOK: Duration = Duration::from_millis(50);
/// See [`LEASE_LOOK`].
const LEASE_LOOKS: u32 = 10;
/// How often the progress of a drain is looked at.
const DRAIN_LOOK: Duration = Duration::from_millis(100);

/// A node's part in its cell, as the API and the binary hold it. Cheap to clone.
#[derive(Clone)]
pub struct ControlHandle(Arc<Shared>);

impl ControlHandle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Cameras were made or changed, and the store has them: wherever they run, they run so from now on. Returns once this node has
    /// done its part, or soon after.
    ///
    /// # Errors
    /// When the cell cannot be told now; whoever leads next finds them in the store.
    pub async fn put_cameras(&self, cameras: Vec<StoredCamera>) -> Result<(), CommandError> {
        let shared = &self.0;
        let mut wanted = Vec::with_capacity(cameras.len());
        for stored in cameras {
            let key = CameraKey { tenant: stored.camera.tenant.clone(), camera: stored.camera.id };
            wanted.push((key, needs_of(&stored.camera, &shared.twin_labels)));
            shared.keep(stored).await;
        }
        let put = |(key, needs): &(CameraKey, CameraNeeds)| CellCommand::PutCamera {
            key: key.clone(),
            needs: Box::new(needs.clone()),
        };
        self.command_all(wanted.iter().map(put).collect()).await?;
        self.acted(|| {
            let state = Arc::clone(shared.core().state().1);
            wanted.iter().all(|(key, needs)| {
                let known = state.camera(key).is_none_or(|known| known.revision >= needs.revision);
                // One that is off gets a node, too: it says so.
                known && state.placements_of(key).next().is_some()
            })
        })
        .await;
        Ok(())
    }

    /// Cameras were deleted. What they recorded stays.
    ///
    /// # Errors
    /// As [`Self::put_cameras`].
    pub async fn remove_cameras(&self, cameras: Vec<CameraKey>) -> Result<(), CommandError> {
        let remove = |key: &CameraKey| CellCommand::RemoveCamera { key: key.clone() };
        self.command_all(cameras.iter().map(remove).collect()).await?;
        self.acted(|| {
            let state = Arc::clone(self.0.core().state().1);
            cameras.iter().all(|key| state.camera(key).is_none())
        })
        .await;
        Ok(())
    }

    /// Begins or ends the drain of a node: its cameras go to the others, each without losing a picture where the camera allows two
    /// sessions.
    ///
    /// # Errors
    /// When the cell cannot be told, or knows no such node.
    pub async fn set_drain(&self, node: NodeId, draining: bool) -> Result<(), CommandError> {
        let start = self.0.core().state().1.member(node).map(|member| member.start);
        let start = start.ok_or(Refusal::UnknownNode(node))?;
        self.command(CellCommand::SetDrain { node, start, draining }).await?;
        self.seen(|state| state.member(node).is_none_or(|member| member.draining == draining)).await;
        Ok(())
    }

    /// Takes a dead node out of the cell for good.
    ///
    /// # Errors
    /// When the cell cannot be told, or the node lives.
    pub async fn remove_node(&self, node: NodeId) -> Result<(), CommandError> {
        self.command(CellCommand::RemoveNode { node }).await?;
        self.seen(|state| state.member(node).is_none()).await;
        Ok(())
    }

    /// Hands this node's cameras to the others before it stops, for at most `patience`. Answers how many stay: those that no other
    /// node can take. At once where there is no other node.
    pub async fn drain_self(&self, patience: Duration) -> usize {
        let shared = &self.0;
        let mine = || {
            let state = Arc::clone(shared.core().state().1);
            let others = state.members().iter().any(|(node, member)| *node != shared.me && member.takes_placements());
            let mine = state.placements().values().filter(|placement| placement.nodes().any(|node| node == shared.me));
            (others, mine.count())
        };
        let drained = tokio::time::timeout(patience, async {
            let (others, held) = mine();
            if !others || held == 0 {
                return;
            }
            if let Err(error) = self.set_drain(shared.me, true).await {
                tracing::warn!(%error, "this node could not be drained; its cameras are taken over once it is gone");
                return;
            }
            while let (true, 1..) = mine() {
                tokio::time::sleep(DRAIN_LOOK).await;
            }
        });
        if drained.await.is_err() {
            tracing::warn!(?patience, "not all cameras could be handed over in time");
        }
        mine().1
    }

    /// Waits until the cell has said what this node is to run and it runs, at most some seconds. Answers whether that was reached.
    pub async fn settled(&self) -> bool {
        let settled = async {
            let shared = &self.0;
            let mut orders = shared.orders.subscribe();
            let _ = orders.wait_for(|orders| orders.version > 0).await;
            if self.0.core().leads() || shared.link().is_none() {
                let _ = shared.synced.subscribe().wait_for(|synced| *synced).await;
            }
            self.acted(|| true).await;
        };
        tokio::time::timeout(START_WITHIN, settled).await.is_ok()
    }

    /// The cell as this node sees it.
    pub fn view(&self) -> CellView {
        CellView::of(&self.0)
    }

    /// What the cell has agreed on, as far as this node knows. Cheap: nothing is copied.
    pub fn state(&self) -> Arc<CellState> {
        Arc::clone(self.0.core().state().1)
    }

    /// What this node asks the others for media with.
    pub fn media(&self) -> &MediaLink {
        &self.0.media
    }

    /// This node.
    pub fn node(&self) -> NodeId {
        self.0.me
    }

    /// Whether this node may act for others to see: answer live as the owner, delete, do jobs. Asked at each such act. A node that
    /// is cut off may not; it goes on recording.
    pub fn may_act(&self) -> bool {
        self.0.may_act()
    }

    /// Whether this node may answer live for the placement `slot` of `camera`: its lease holds, and where it is the owner, whoever
    /// had the camera before can hold no lease any more. Waits a moment for it: a machine that is too busy to hear of its voters is
    /// not cut off yet, and a lease that runs out is soon over.
    pub async fn may_answer_live(&self, tenant: &TenantId, camera: CameraId, slot: Slot) -> bool {
        let key = PlacementKey { tenant: tenant.clone(), camera, slot };
        let may = || {
            let alone = || self.0.orders.borrow().duties.get(&key).is_some_and(|duty| duty.live);
            self.may_act() && (slot != Slot::OWNER || alone())
        };
        let mut looks = 0;
        while !may() && looks < LEASE_LOOKS {
            tokio::time::sleep(LEASE_LOOK).await;
            looks += 1;
        }
        may()
    }

    /// Says why, once another process has taken this node's place; this one has to stop then.
    pub fn superseded(&self) -> watch::Receiver<Option<String>> {
        self.0.superseded.subscribe()
    }

    /// Ends this node's part in the cell, after its cameras are stopped.
    pub async fn shutdown(&self) {
        // Nobody else may be there, or lead: then there is nothing to hand over.
        let _ = self.0.raft.hand_over(HAND_OVER_WITHIN).await;
        if let Some(link) = self.0.link() {
            link.stop();
        }
        self.0.media.stop();
        self.0.raft.stop().await;
    }

    /// Several at once. One that is refused was overtaken by a later change of the same camera, or is told.
    async fn command_all(&self, mut commands: Vec<CellCommand>) -> Result<(), CommandError> {
        while !commands.is_empty() {
            let rest = commands.split_off(commands.len().min(BATCH));
            if let CellAnswer::Batch(answers) = self.command(CellCommand::Batch(commands)).await? {
                for refusal in answers.into_iter().filter_map(Result::err) {
                    match refusal {
                        Refusal::StaleRevision { .. } | Refusal::UnknownCamera(_) => {}
                        refusal => tracing::warn!(%refusal, "the cell refused a change of a camera"),
                    }
                }
            }
            commands = rest;
        }
        Ok(())
    }

    async fn command(&self, command: CellCommand) -> Result<CellAnswer, CommandError> {
        if self.0.cut_off() {
            // A leader without its voters would take it, and never get it done.
            return Err(CommandError::NoLeader);
        }
        let applied = self.0.propose_here_or_forward(command, None, COMMAND_WITHIN).await?;
        // What was done is seen here before the answer, so that nobody reads an older state after it.
        let mut here = self.0.raft.state();
        let seen = async {
            while self.0.core().state().0 < applied.index {
                // The core takes note of what was applied at once, or within a tick.
                let _ = tokio::time::timeout(NOTE_WITHIN, here.changed()).await;
            }
        };
        let _ = tokio::time::timeout(ACT_WITHIN, seen).await;
        Ok(applied.answer?)
    }

    /// Waits until this node takes note of what `seen` looks for, at most [`ACT_WITHIN`].
    async fn seen(&self, seen: impl Fn(&CellState) -> bool) {
        let mut applied = self.0.raft.state();
        let noted = async {
            while !seen(&self.state()) {
                // The core takes note of what was applied within a tick.
                let _ = tokio::time::timeout(NOTE_WITHIN, applied.changed()).await;
            }
        };
        let _ = tokio::time::timeout(ACT_WITHIN, noted).await;
    }

    /// Waits until `seen` holds and this node has carried out its orders of then, at most [`ACT_WITHIN`].
    async fn acted(&self, seen: impl Fn() -> bool) {
        let shared = &self.0;
        let acted = async {
            let mut applied = shared.raft.state();
            while !seen() {
                // The core takes note of what was applied within a tick.
                let _ = tokio::time::timeout(NOTE_WITHIN, applied.changed()).await;
            }
            let version = shared.orders.borrow().version;
            let _ = shared.executed.subscribe().wait_for(|executed| *executed >= version).await;
        };
        let _ = tokio::time::timeout(ACT_WITHIN, acted).await;
    }
}
