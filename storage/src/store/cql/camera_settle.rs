//! What a change of a camera still has to write, once the camera's own row is written.
//!
//! A camera is one row, changed by compare-and-set of its revision. Its history, its mark as deleted and its event are rows of
//! other partitions: the change carries them as an intent in the camera's row. They are written at once; where the process dies in
//! between, whoever next meets the row writes them. Each is the same when written twice, but for the event, which may then
//! stand in the outbox twice, under one id.

use std::time::Duration;

use eyrie_types::{CameraId, Event, RecordingMode, TenantId, WallTime};
use serde::{Deserialize, Serialize};

use super::cameras::bucket;
use super::cells::cells;
use super::cql::{Cql, all_of};
use crate::store::StoreError;

/// What is still to be written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::store) struct Intent {
    pub(in crate::store) event: Event,
    pub(in crate::store) history: Option<HistoryRow>,
    /// It was deleted: its last name, and when.
    pub(in crate::store) gone: Option<(String, WallTime)>,
}

/// A change of what the ledger expects.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::store) struct HistoryRow {
    pub(in crate::store) at: WallTime,
    pub(in crate::store) enabled: bool,
    pub(in crate::store) mode: RecordingMode,
}

/// A changed camera whose intent has not been carried out.
#[derive(Debug, Clone)]
pub(in crate::store) struct Unsettled {
    pub(in crate::store) tenant: TenantId,
    pub(in crate::store) camera: CameraId,
    pub(in crate::store) revision: u64,
    pub(in crate::store) intent: Intent,
}

/// A change this young may be about to be carried out by whoever made it.
const ON_ITS_WAY: Duration = Duration::from_secs(30);
/// How often whoever wants to change the same thing looks whether it was, and how many times: for some seconds.
pub(in crate::store) const LOOK_AT_INTENT_EVERY: Duration = Duration::from_millis(25);
pub(in crate::store) const LOOKS_AT_INTENT: usize = 120;

impl Cql {
    /// Whether the change that `event` tells of is so young that its maker may be at it.
    pub(in crate::store) fn is_on_its_way(&self, event: &Event) -> bool {
        self.0.clock.now().since(event.time) < ON_ITS_WAY
    }

    /// Carries out what changes of cameras intended; their events stand in the outbox in the order given.
    pub(in crate::store) async fn settle(&self, changes: &[Unsettled]) -> Result<(), StoreError> {
        all_of(changes.iter().map(|change| self.write_rows(change)).collect()).await?;
        for some in changes.chunks(crate::store::OUTBOX_BATCH_MAX) {
            self.append(some.iter().map(|change| &change.intent.event)).await?;
        }
        all_of(changes.iter().map(|change| self.finish(change)).collect()).await.map(drop)
    }

    async fn write_rows(&self, change: &Unsettled) -> Result<(), StoreError> {
        let Unsettled { tenant, camera, revision, intent } = change;
        if let Some(HistoryRow { at, enabled, mode }) = &intent.history {
            let text =
                "INSERT INTO spec_history (tenant, camera, at_us, revision, enabled, mode) VALUES (?, ?, ?, ?, ?, ?)";
            self.run(text, cells![tenant, camera, at, revision, enabled, mode]).await?;
        }
        if let Some((name, at)) = &intent.gone {
            let text = "INSERT INTO deleted_cameras (tenant, id, name, deleted_us) VALUES (?, ?, ?, ?)";
            self.run(text, cells![tenant, camera, name, at]).await?;
        }
        Ok(())
    }

    /// Whether its condition holds or not, the intent is gone afterwards: a later change carries one of its own.
    async fn finish(&self, change: &Unsettled) -> Result<(), StoreError> {
        let key = cells![change.tenant, bucket(change.camera), change.camera, change.revision];
        let text = if change.intent.gone.is_some() {
            "DELETE FROM cameras WHERE tenant = ? AND bucket = ? AND id = ? IF revision = ?"
        } else {
            "UPDATE cameras SET intent = null WHERE tenant = ? AND bucket = ? AND id = ? IF revision = ?"
        };
        self.run_if(text, key).await.map(drop)
    }
}
