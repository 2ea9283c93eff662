use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use eyrie_cluster::{CellCommand, CellState, RaftId};
use eyrie_types::NodeId;
use openraft::{CommittedLeaderId, EntryPayload, Membership};

use super::disk::{RaftDirectory, RaftDiskError};
use super::types::{LogId, SnapshotMeta, StoredMembership, Vote};
use super::{RaftPeer, RecoverError};
use crate::backoff::jitter;

/// What a forced recovery has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// This node's new number, in a group of its own.
    pub raft: RaftId,
    /// The new generation of epochs.
    pub generation: u64,
    /// Index of the last entry that was found and kept.
    pub index: u64,
    /// Where the directory as it was is kept.
    pub former: PathBuf,
}

/// Makes this node the only member of its cell, with all it knows of it, and begins a new generation of epochs: for a cell that
/// has lost most of its voters for good. Blocking; Raft must not run on the directory. `address` is where peers will reach this
/// node.
///
/// Entries that the lost voters had agreed on and this node never got are lost. The other nodes of the cell have to start with
/// an empty Raft directory and join.
///
/// # Errors
/// When the directory holds no cell, is damaged, or is in use. Nothing has changed then.
pub fn recover(directory: &Path, node: NodeId, address: String) -> Result<Recovered, RecoverError> {
    let old = RaftDirectory::open(directory, node, jitter().max(1))?;
    let (_, content) = old.open_log()?;
    let snapshots = old.snapshots();
    let mut state = CellState::default();
    let mut last = None;
    if let Some((meta, bytes)) = snapshots.read()? {
        state = CellState::decode(&bytes)?;
        last = meta.last_log_id;
    }
    // All there is, agreed or not: who could tell is gone, and what was agreed is never left out so.
    for (entry, _) in content.entries.values() {
        if last.is_some_and(|last| entry.log_id.index <= last.index) {
            continue;
        }
        if let EntryPayload::Normal(command) = &entry.payload {
            // A refusal was one when it was applied first, too.
            let _ = state.apply(command.clone());
        }
        last = Some(entry.log_id);
    }
    let Some(last) = last.filter(|_| state.cell().is_some()) else { return Err(RecoverError::Nothing) };
    let generation = state.generation() + 1;
    let raised = state.apply(CellCommand::RaiseGeneration { at_least: generation, counter_at_least: 0 });
    raised.map_err(RecoverError::Generation)?;

    let raft = jitter().max(1);
    let term = old.read_vote()?.map_or(0, |vote| vote.leader_id.term).max(last.leader_id.term) + 1;
    let beside = directory.with_extension("recovering");
    let former = free_name(directory);
    let moving = |source| RaftDiskError::Io { path: directory.to_owned(), doing: "cannot be replaced", source };
    if beside.exists() {
        fs::remove_dir_all(&beside).map_err(moving)?;
    }
    {
        let new = RaftDirectory::open(&beside, node, raft)?;
        let id = LogId::new(CommittedLeaderId::new(term, raft), last.index + 1);
        let members = BTreeMap::from([(raft, RaftPeer { node, address })]);
        let membership = StoredMembership::new(Some(id), Membership::new(vec![[raft].into()], members));
        let meta = SnapshotMeta { last_log_id: Some(id), last_membership: membership, snapshot_id: id.to_string() };
        let (mut log, _) = new.open_log()?;
        new.snapshots().replace(&meta, &state.encode()?)?;
        new.save_vote(&Vote::new(term, raft))?;
        log.purge(id)?;
    }
    fs::rename(directory, &former).map_err(moving)?;
    fs::rename(&beside, directory).map_err(moving)?;
    if let Some(parent) = directory.parent() {
        fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(moving)?;
    }
    drop(old);
    Ok(Recovered { raft: RaftId(raft), generation, index: last.index, former })
}

/// Ends a recovery that was interrupted between its two last steps: the new directory was whole, the old one put aside.
pub(super) fn finish_interrupted(directory: &Path) -> Result<(), RaftDiskError> {
    let beside = directory.with_extension("recovering");
    if directory.exists() || !beside.exists() {
        return Ok(());
    }
    fs::rename(&beside, directory).map_err(|source| RaftDiskError::Io {
        path: beside,
        doing: "the recovered directory cannot be put in place",
        source,
    })
}

/// A name beside the directory that is not taken.
fn free_name(directory: &Path) -> PathBuf {
    let named = |number: u32| directory.with_extension(format!("before-recovery-{number}"));
    (1..).map(named).find(|path| !path.exists()).unwrap_or_else(|| named(0))
}
