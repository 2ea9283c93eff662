//! How a node finds its cell: it makes one, or asks a seed to let it join.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::CellCommand;
use eyrie_types::CellId;

use super::CommandError;
use super::control::Shared;
use super::proposer::Applied;
use crate::backoff::{Backoff, jitter};
use crate::peer::{PeerError, Purpose, RefusalReason};

/// How long the founding of a cell may take: one entry, on this node's own disk.
const FOUND_WITHIN: Duration = Duration::from_secs(10);

/// Finds the cell, for as long as it takes; returns once the state knows this node.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut backoff = Backoff::peer();
    let mut told: Option<String> = None;
    loop {
        let state = Arc::clone(shared.core().state().1);
        if let Some(cell) = state.cell().filter(|_| state.member(shared.me).is_some()) {
            compare_cells(&shared, cell).await;
            return std::future::pending().await;
        }
        let outcome = if shared.seeds.is_empty() { found(&shared).await } else { meet_seeds(&shared).await };
        if let Err(reason) = outcome
            && told.as_ref() != Some(&reason)
        {
            tracing::warn!(reason, "this node is not in a cell yet; it goes on trying");
            told = Some(reason);
        }
        tokio::time::sleep(backoff.pause(jitter())).await;
    }
}

/// A node of a cell has no use for its seeds. That they are nodes of another one is told: its administrator wanted this node there.
async fn compare_cells(shared: &Shared, cell: CellId) {
    for seed in &shared.seeds {
        // For Raft, whose connections come and go: sessions of the two nodes are left alone.
        if let Err(error) = shared.dialer.dial(seed, Purpose::Raft, None).await
            && error.reason() == RefusalReason::WrongCell
        {
            tracing::error!(
                seed,
                %error,
                "this node belongs to cell {cell}, and its seed to another: it stays in its own. To let it join the other, stop it and \
                 start it with an empty data directory; to keep it, take the seed out of cluster.join"
            );
        }
    }
}

/// Makes a cell with this node alone.
async fn found(shared: &Arc<Shared>) -> Result<(), String> {
    shared.raft.found().await.map_err(|error| error.to_string())?;
    let member = Box::new(shared.member.clone());
    let found = CellCommand::Found { cell: CellId::generate(), node: shared.me, member };
    let applied = shared.propose_here_or_forward(found, None, FOUND_WITHIN).await.map_err(|error| error.to_string())?;
    applied.answer.map_err(|refusal| refusal.to_string())?;
    if let Some(given) = shared.epochs_given {
        // What an older store gave out may be in use on disk: the cell starts above it.
        let raise = CellCommand::RaiseGeneration { at_least: given.generation() + 1, counter_at_least: 0 };
        let applied = shared.propose_here_or_forward(raise, None, FOUND_WITHIN).await;
        applied.map_err(|error| error.to_string())?.answer.map_err(|refusal| refusal.to_string())?;
    }
    Ok(())
}

/// Learns who the seeds are; the driver opens sessions with them.
async fn meet_seeds(shared: &Arc<Shared>) -> Result<(), String> {
    let (mut met, mut reason) = (BTreeMap::new(), None);
    for seed in &shared.seeds {
        match shared.dialer.dial(seed, Purpose::Actors, None).await {
            Ok(stream) => drop(met.insert(stream.peer().node, stream.remote().to_string())),
            Err(PeerError::Myself) => {}
            Err(error) => reason = Some(format!("{seed}: {error}{}", hint(&error))),
        }
    }
    if met.is_empty() {
        return Err(reason.unwrap_or_else(|| "the seeds lead to this node itself".to_owned()));
    }
    shared.met.send_replace(met);
    Ok(())
}

/// What to look at when something answers that greets like no node, or nothing does.
fn hint(error: &PeerError) -> &'static str {
    use RefusalReason as R;
    match error.reason() {
        R::Transport | R::TooSlow | R::Closed | R::Malformed => {
            ". Is it the address of a node for other nodes (its cluster.listen), and not one for browsers?"
        }
        _ => "",
    }
}

impl Shared {
    /// Tells people why this node is not let in, each reason once, and that it is.
    pub(super) fn tell_join(&self, reason: Option<String>) {
        let mut told = self.join_refused();
        if *told == reason {
            return;
        }
        match &reason {
            Some(reason) => tracing::warn!(reason, "this node was not let into its cell; it goes on asking"),
            None => tracing::info!("this node was let into its cell"),
        }
        *told = reason;
    }

    /// Asks whoever is met to let this node in.
    ///
    /// # Errors
    /// The last answer, when nobody did.
    pub(super) async fn ask_to_join(&self, join: &CellCommand, within: Duration) -> Result<Applied, CommandError> {
        if self.seeds.is_empty() && self.core().state().1.cell().is_none() {
            // The founding makes it a member.
            return Err(CommandError::NoLeader);
        }
        let known = self.propose_here_or_forward(join.clone(), None, within).await;
        let Some(link) = self.link().filter(|_| known.is_err()) else { return known };
        let peers: Vec<_> = link.connected().borrow().keys().copied().collect();
        let mut last = known;
        for peer in peers {
            last = self.forward(peer, join, within).await;
            if last.is_ok() {
                break;
            }
        }
        last
    }
}
