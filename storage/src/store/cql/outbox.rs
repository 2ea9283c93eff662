use std::sync::Arc;

use eyrie_types::Event;

use super::cql::{Cql, Walk};
use crate::store::{OutboxEntry, StoreError};

impl Cql {
    pub(in crate::store) async fn append_events(&self, events: Vec<Arc<Event>>) -> Result<(), StoreError> {
        self.append(events.iter().map(Arc::as_ref)).await
    }

    pub(in crate::store) async fn events_after(&self, seq: u64, limit: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        let mut entries = Vec::new();
        self.walk_events(seq + 1, |seq, event| {
            entries.push(OutboxEntry { seq, event });
            if entries.len() < limit { Walk::On } else { Walk::Enough }
        })
        .await?;
        Ok(entries)
    }

    pub(in crate::store) async fn trim_events(&self, seq: u64) -> Result<usize, StoreError> {
        let (old, next) = (self.outbox_tail().await?, self.outbox_next().await?);
        let tail = (seq + 1).min(next);
        if tail <= old {
            return Ok(0);
        }
        self.move_tail(old, tail).await?;
        Ok(usize::try_from(tail - old).unwrap_or(usize::MAX))
    }
}
