use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::store::{Store, StoreError};
use eyrie_types::Clock;

/// How often what has run out is looked for.
const EVERY: Duration = Duration::from_secs(600);
/// Rows removed in one write, so that recording's own rows never wait long for theirs.
const BATCH: u32 = 1000;
/// How long audit records are kept: a year, and the month it takes to ask about its first day.
const AUDIT_KEPT: Duration = Duration::from_secs(400 * 86_400);

/// Removes sessions that have run out and audit records past their time, until it is dropped with the runtime. What fails is
/// tried again the next time.
pub(crate) async fn keep_house(store: Arc<Store>, clock: Arc<dyn Clock>) {
    let mut every = tokio::time::interval(EVERY);
    loop {
        every.tick().await;
        match sweep(&store, clock.as_ref()).await {
            Ok(0) => {}
            Ok(removed) => tracing::debug!(removed, "removed sessions and audit records that ran out"),
            Err(error) => tracing::warn!(%error, "sessions and audit records that ran out are still there"),
        }
    }
}

async fn sweep(store: &Store, clock: &dyn Clock) -> Result<usize, StoreError> {
    let now = clock.now();
    let mut removed = 0;
    loop {
        let sessions = store.purge_sessions(now, BATCH).await?;
        let records = store.purge_audit(now - AUDIT_KEPT, BATCH).await?;
        removed += sessions + records;
        // A full batch means there may be more; each round removes some, so this ends.
        if sessions.max(records) < BATCH as usize {
            return Ok(removed);
        }
    }
}
