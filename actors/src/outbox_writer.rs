use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_storage::store::{OUTBOX_BATCH_MAX, Store, StoreError};
use eyrie_types::Event;
use tokio::sync::Notify;

use crate::backoff::{Backoff, jitter};
use crate::reached::reached;

/// Most events that wait for the store: two changes of each of 10,000 cameras while it is down, some 10 MB. Beyond it the oldest
/// go, counted by `eyrie_outbox_events_dropped_total`: they tell of states that later ones have replaced.
const WAITING_MAX: usize = 20_000;
/// How long a write gathers company: a camera that comes back makes several events within it.
const GATHER: Duration = Duration::from_millis(50);

/// Takes events for the outbox from whoever makes them, who never waits for it, and writes them in batches when the store
/// answers. What waits is lost with the process: at most what happened since the last batch, while the store is well.
#[derive(Debug, Default)]
pub(crate) struct OutboxWriter {
    waiting: Mutex<VecDeque<Arc<Event>>>,
    changed: Notify,
    idle: Notify,
}

impl OutboxWriter {
    /// Queues an event behind the others.
    pub(crate) fn put(&self, event: Arc<Event>) {
        let mut waiting = self.lock();
        waiting.push_back(event);
        if waiting.len() > WAITING_MAX && waiting.pop_front().is_some() {
            metrics::counter!("eyrie_outbox_events_dropped_total").increment(1);
        }
        drop(waiting);
        self.changed.notify_one();
    }

    /// Waits until nothing waits, at most `patience`. Answers whether that was reached.
    pub(crate) async fn drained(&self, patience: Duration) -> bool {
        reached(&self.idle, patience, || self.lock().is_empty()).await
    }

    /// Writes what waits, for as long as it is polled.
    pub(crate) async fn run(self: Arc<Self>, store: Arc<Store>) {
        let mut backoff = Backoff::storage();
        loop {
            if self.lock().is_empty() {
                self.idle.notify_waiters();
                self.changed.notified().await;
            }
            tokio::time::sleep(GATHER).await;
            match self.flush(&store).await {
                Ok(()) => backoff.reset(),
                Err(error) => {
                    metrics::counter!("eyrie_outbox_write_failures_total").increment(1);
                    let pause = backoff.pause(jitter());
                    tracing::warn!(%error, ?pause, "the outbox cannot be written; events wait");
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let batch: Vec<_> = {
            let waiting = self.lock();
            metrics::gauge!("eyrie_outbox_events_waiting").set(waiting.len() as f64);
            waiting.iter().take(OUTBOX_BATCH_MAX).cloned().collect()
        };
        let Some(last) = batch.last().map(|event| event.id) else { return Ok(()) };
        store.append_events(batch).await?;
        let mut waiting = self.lock();
        // At the limit some of the batch may have been dropped meanwhile; none behind its last one was written.
        if let Some(written) = waiting.iter().take(OUTBOX_BATCH_MAX).position(|event| event.id == last) {
            waiting.drain(..=written);
        }
        metrics::gauge!("eyrie_outbox_events_waiting").set(waiting.len() as f64);
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Event>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> Vec<Arc<Event>> {
        self.lock().iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use eyrie_storage::store::StoreConfig;
    use eyrie_types::{By, CameraId, EventKind, ManualClock, TenantId, WallTime};

    use super::*;

    fn event() -> Arc<Event> {
        let kind = EventKind::CameraCreated { camera: CameraId::generate() };
        Arc::new(Event::new(TenantId::default_tenant(), WallTime::EPOCH, By::system(), kind))
    }

    #[tokio::test]
    async fn events_queued_while_nobody_writes_are_bounded_and_the_latest_arrive_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let config = StoreConfig::Sqlite { path: directory.path().join("eyrie.db") };
        let store = Arc::new(Store::open(config, Arc::new(ManualClock::default())).await.unwrap());
        let outbox = Arc::new(OutboxWriter::default());
        let events: Vec<_> = (0..WAITING_MAX + 7).map(|_| event()).collect();
        // Nobody writes yet: whoever makes events does not notice.
        events.iter().for_each(|event| outbox.put(Arc::clone(event)));
        assert_eq!(outbox.waiting().len(), WAITING_MAX);
        let writer = tokio::spawn(Arc::clone(&outbox).run(Arc::clone(&store)));
        assert!(outbox.drained(Duration::from_secs(30)).await);
        let (mut kept, mut after) = (Vec::new(), 0);
        while let Some(last) = store.events_after(after, 1000).await.unwrap().last().map(|entry| entry.seq) {
            kept.extend(store.events_after(after, 1000).await.unwrap().into_iter().map(|entry| entry.event.id));
            after = last;
        }
        assert!(kept.into_iter().eq(events[7..].iter().map(|event| event.id)), "the latest, each once, in order");
        writer.abort();
    }

    #[tokio::test]
    async fn a_store_that_refuses_costs_nothing_but_time() {
        let directory = tempfile::tempdir().unwrap();
        let config = || StoreConfig::Sqlite { path: directory.path().join("eyrie.db") };
        let clock = || Arc::new(ManualClock::default());
        let closed = Arc::new(Store::open(config(), clock()).await.unwrap());
        closed.close().await.unwrap();
        let outbox = Arc::new(OutboxWriter::default());
        outbox.put(event());
        let refused = tokio::spawn(Arc::clone(&outbox).run(closed));
        assert!(!outbox.drained(Duration::from_millis(300)).await, "nothing was written, so it waits");
        refused.abort();
        let store = Arc::new(Store::open(config(), clock()).await.unwrap());
        let writer = tokio::spawn(Arc::clone(&outbox).run(Arc::clone(&store)));
        assert!(outbox.drained(Duration::from_secs(30)).await);
        assert_eq!(store.events_after(0, 10).await.unwrap().len(), 1);
        writer.abort();
    }
}
