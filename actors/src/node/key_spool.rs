//! Hands the key rows that wait in the spool to the store.

use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::keys::KeyRowError;

use crate::backoff::{Backoff, jitter};
use crate::context::NodeContext;

/// Hands rows over as they come, for as long as it is polled; after a failure, with a rising pause.
pub(super) async fn run(node: Arc<NodeContext>) {
    let mut backoff = Backoff::storage();
    loop {
        node.key_rows.waiting().await;
        match node.key_rows.drain().await {
            Ok(taken) => {
                backoff.reset();
                tracing::info!(taken, left = node.key_rows.spooled(), "key rows went from the key spool to the store");
            }
            Err(error) => {
                metrics::counter!("eyrie_key_spool_drain_failures_total").increment(1);
                let pause = backoff.pause(jitter());
                tracing::warn!(%error, ?pause, waiting = node.key_rows.spooled(), "key rows stay in the key spool");
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// Hands over what waits, in at most `patience`. Answers whether nothing waits any more.
pub(super) async fn drained(node: &NodeContext, patience: Duration) -> bool {
    let drain = async {
        while node.key_rows.is_waiting() {
            node.key_rows.drain().await?;
        }
        Ok::<_, KeyRowError>(())
    };
    matches!(tokio::time::timeout(patience, drain).await, Ok(Ok(())))
}
