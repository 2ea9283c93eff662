//! The directory of the store and the cameras of the cell are two things. Each change is told to the cell when it is made; what was
//! not, for there was no leader, is found here, by whoever leads.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::{CameraKey, CellCommand, CellState};
use eyrie_storage::store::StoreError;

use super::CommandError;
use super::control::Shared;
use super::jobs;
use super::specs::needs_of;

/// How often a leader compares, when no change was missed.
const EVERY: Duration = Duration::from_secs(30);
/// How often it is asked whether this node leads now.
const LOOK: Duration = Duration::from_millis(100);
/// Cameras of one entry of the log.
const BATCH: usize = 512;
/// Cameras that a comparison may remove. A directory that has lost more is not believed: a store that was restored, or is the wrong
/// one, must not end all recordings.
const REMOVALS_MAX: usize = 16;
/// How long a batch may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Why a comparison was not finished.
#[derive(Debug, thiserror::Error)]
enum SyncError {
    #[error("the metadata store cannot be read")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// Compares for as long as it is polled, while this node leads.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut led = false;
    let mut since = Duration::ZERO;
    loop {
        let leads = shared.core().leads();
        let due = leads && (!led || since >= EVERY);
        led &= leads;
        if due {
            if let Err(error) = jobs::agree(&shared).await {
                tracing::debug!(%error, "the cell has not agreed on its jobs yet");
            }
            match compare(&shared).await {
                Ok(()) => {
                    (led, since) = (true, Duration::ZERO);
                    shared.synced.send_replace(true);
                }
                Err(error) => {
                    metrics::counter!("eyrie_directory_sync_failures_total").increment(1);
                    tracing::warn!(%error, "the cell's cameras could not be compared with the directory; what runs goes on");
                    // Whoever waits for the first comparison need not wait for a store that is down: the cell has its cameras.
                    shared.synced.send_replace(true);
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
        tokio::time::sleep(LOOK).await;
        since += LOOK;
    }
}

async fn compare(shared: &Arc<Shared>) -> Result<(), SyncError> {
    // Before the directory is read: what is made meanwhile is not missed in it.
    let before = Arc::clone(shared.core().state().1);
    let (mut found, mut after) = (BTreeSet::new(), None);
    loop {
        let page = shared.store.cameras_of_all_tenants(after).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.camera.tenant.clone(), last.camera.id));
        let mut puts = Vec::new();
        for stored in page {
            let key = CameraKey { tenant: stored.camera.tenant.clone(), camera: stored.camera.id };
            let needs = needs_of(&stored.camera, &shared.twin_labels);
            found.insert(key.clone());
            if before.camera(&key).is_some_and(|known| known.revision > needs.revision || *known == needs) {
                continue;
            }
            shared.keep(stored).await;
            puts.push(CellCommand::PutCamera { key, needs: Box::new(needs) });
        }
        propose(shared, puts).await?;
    }
    let gone: Vec<_> = before.cameras().keys().filter(|key| !found.contains(*key)).cloned().collect();
    remove(shared, &before, gone).await
}

async fn remove(shared: &Arc<Shared>, before: &CellState, gone: Vec<CameraKey>) -> Result<(), SyncError> {
    metrics::gauge!("eyrie_directory_missing_cameras").set(gone.len() as f64);
    if gone.len() > REMOVALS_MAX {
        tracing::error!(
            missing = gone.len(),
            of = before.cameras().len(),
            "the directory lacks so many of the cell's cameras that it is not believed: they go on recording. Is it the right store?"
        );
        return Ok(());
    }
    propose(shared, gone.into_iter().map(|key| CellCommand::RemoveCamera { key }).collect()).await
}

async fn propose(shared: &Arc<Shared>, commands: Vec<CellCommand>) -> Result<(), SyncError> {
    for batch in commands.chunks(BATCH) {
        shared.propose_here_or_forward(CellCommand::Batch(batch.to_vec()), None, WITHIN).await?;
    }
    Ok(())
}
