use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::store::{FACTS_BATCH_MAX, StoreError};
use eyrie_types::WallTime;

use super::board::Minute;
use crate::backoff::{Backoff, jitter};
use crate::context::NodeContext;

/// How often whole minutes are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Takes whole minutes into the store, for as long as it is polled; old ones leave it by a job of the cell. A minute that the store
/// refuses stays in memory and is tried again; after an hour it leaves the ring. Nobody waits for this.
pub(crate) async fn run(node: Arc<NodeContext>) {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut backoff = Backoff::storage();
    loop {
        tick.tick().await;
        while let Some(minute) = node.facts.due(node.clock.now()) {
            let number = minute.number;
            match keep(&node, minute).await {
                Ok(()) => {
                    node.facts.done(number);
                    backoff.reset();
                }
                Err(error) => {
                    metrics::counter!("eyrie_facts_write_failures_total").increment(1);
                    let pause = backoff.pause(jitter());
                    tracing::warn!(%error, ?pause, "a minute of stream facts was not stored yet");
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

/// In batches. A minute that was half written is written again whole, which changes nothing of the first half.
async fn keep(node: &NodeContext, minute: Minute) -> Result<(), StoreError> {
    let at = WallTime::from_unix_us(minute.number * 60_000_000);
    for batch in minute.cameras.chunks(FACTS_BATCH_MAX) {
        node.store.keep_camera_minute(at, batch.to_vec()).await?;
    }
    match minute.node {
        Some(point) => node.store.keep_node_minute(node.config.node, at, point).await,
        None => Ok(()),
    }
}
