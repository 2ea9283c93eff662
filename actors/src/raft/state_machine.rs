use std::sync::{Arc, Mutex, PoisonError};

use eyrie_cluster::CellState;
use openraft::storage::RaftStateMachine;
use openraft::{AnyError, EntryPayload, RaftSnapshotBuilder, Snapshot, StorageIOError};
use tokio::sync::watch;

use super::applied::Applied;
use super::disk::{RaftDiskError, SnapshotFile};
use super::types::{CellOutcome, CellTypes, Entry, LogId, SnapshotMeta, StorageError, StoredMembership};

/// Raft's state machine: the cell's state in memory; a snapshot of it on the disk.
pub(super) struct StateMachine {
    applied: watch::Sender<Arc<Applied>>,
    last: Option<LogId>,
    membership: StoredMembership,
    snapshots: Snapshots,
}

impl StateMachine {
    /// The state as of the snapshot on the disk.
    pub(super) fn open(file: SnapshotFile) -> Result<(Self, watch::Receiver<Arc<Applied>>), RaftDiskError> {
        let mut meta = SnapshotMeta::default();
        let mut state = CellState::default();
        if let Some((found, bytes)) = file.read()? {
            state = CellState::decode(&bytes).map_err(|error| file.unreadable(error.to_string()))?;
            meta = found;
        }
        let index = meta.last_log_id.map_or(0, |id| id.index);
        let (applied, receiver) = watch::channel(Arc::new(Applied { index, state: Arc::new(state) }));
        let snapshots = Snapshots { file, newest: Arc::new(Mutex::new(meta.last_log_id)) };
        Ok((Self { applied, last: meta.last_log_id, membership: meta.last_membership, snapshots }, receiver))
    }

    /// The last entry in the state.
    pub(super) fn covered(&self) -> Option<LogId> {
        self.last
    }
}

impl RaftStateMachine<CellTypes> for StateMachine {
    type SnapshotBuilder = SnapshotBuilder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), StorageError> {
        Ok((self.last, self.membership.clone()))
    }

    async fn apply<I>(&mut self, entries: I) -> Result<Vec<CellOutcome>, StorageError>
    where
        I: IntoIterator<Item = Entry> + Send,
        I::IntoIter: Send,
    {
        let mut outcomes = Vec::new();
        // A copy is made only where somebody still holds the state before.
        self.applied.send_modify(|applied| {
            let applied = Arc::make_mut(applied);
            for entry in entries {
                self.last = Some(entry.log_id);
                applied.index = entry.log_id.index;
                outcomes.push(match entry.payload {
                    EntryPayload::Blank => None,
                    EntryPayload::Normal(command) => Some(Arc::make_mut(&mut applied.state).apply(command)),
                    EntryPayload::Membership(membership) => {
                        self.membership = StoredMembership::new(Some(entry.log_id), membership);
                        None
                    }
                });
            }
        });
        Ok(outcomes)
    }

    async fn get_snapshot_builder(&mut self) -> SnapshotBuilder {
        let (applied, snapshots) = (self.applied.borrow().clone(), self.snapshots.clone());
        SnapshotBuilder { applied, last: self.last, membership: self.membership.clone(), snapshots }
    }

    async fn begin_receiving_snapshot(&mut self) -> Result<Box<Vec<u8>>, StorageError> {
        Ok(Box::default())
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, snapshot: Box<Vec<u8>>) -> Result<(), StorageError> {
        let unreadable = |error| StorageIOError::read_snapshot(Some(meta.signature()), AnyError::new(&error));
        let state = CellState::decode(&snapshot).map_err(unreadable)?;
        self.snapshots.save(meta, *snapshot).await?;
        self.last = meta.last_log_id;
        self.membership = meta.last_membership.clone();
        let index = meta.last_log_id.map_or(0, |id| id.index);
        self.applied.send_replace(Arc::new(Applied { index, state: Arc::new(state) }));
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot<CellTypes>>, StorageError> {
        let found = self.snapshots.load().await?;
        Ok(found.map(|(meta, state)| Snapshot { meta, snapshot: Box::new(state) }))
    }
}

/// Makes a snapshot of the state as it was when the builder was made.
pub(super) struct SnapshotBuilder {
    applied: Arc<Applied>,
    last: Option<LogId>,
    membership: StoredMembership,
    snapshots: Snapshots,
}

impl RaftSnapshotBuilder<CellTypes> for SnapshotBuilder {
    async fn build_snapshot(&mut self) -> Result<Snapshot<CellTypes>, StorageError> {
        let snapshot_id = self.last.map_or_else(|| "empty".to_owned(), |id| id.to_string());
        let meta = SnapshotMeta { last_log_id: self.last, last_membership: self.membership.clone(), snapshot_id };
        let unwritable = |error| StorageIOError::write_snapshot(Some(meta.signature()), AnyError::new(&error));
        let state = self.applied.state.encode().map_err(unwritable)?;
        self.snapshots.save(&meta, state.clone()).await?;
        Ok(Snapshot { meta, snapshot: Box::new(state) })
    }
}

/// The snapshot on the disk, replaced by newer ones only: one may be built while another is installed.
#[derive(Clone)]
struct Snapshots {
    file: SnapshotFile,
    newest: Arc<Mutex<Option<LogId>>>,
}

impl Snapshots {
    async fn save(&self, meta: &SnapshotMeta, state: Vec<u8>) -> Result<(), StorageError> {
        let (this, copy) = (self.clone(), meta.clone());
        let written = tokio::task::spawn_blocking(move || {
            let mut newest = this.newest.lock().unwrap_or_else(PoisonError::into_inner);
            if *newest > copy.last_log_id {
                return Ok(());
            }
            metrics::gauge!("eyrie_raft_snapshot_bytes").set(state.len() as f64);
            this.file.replace(&copy, &state)?;
            *newest = copy.last_log_id;
            Ok(())
        });
        let error = match written.await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => AnyError::new::<RaftDiskError>(&error),
            Err(error) => AnyError::new(&error),
        };
        Err(StorageIOError::write_snapshot(Some(meta.signature()), error).into())
    }

    async fn load(&self) -> Result<Option<(SnapshotMeta, Vec<u8>)>, StorageError> {
        let this = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            // Not while it is replaced: what is read belongs together either way, but the order of errors would not.
            let _newest = this.newest.lock().unwrap_or_else(PoisonError::into_inner);
            this.file.read()
        });
        let error = match read.await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(error)) => AnyError::new(&error),
            Err(error) => AnyError::new(&error),
        };
        Err(StorageIOError::read_snapshot(None, error).into())
    }
}
