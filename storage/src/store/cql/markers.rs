//! Markers. The row by id is the marker; it changes by compare-and-set of its revision. Lists go along copies of it, of the camera
//! and of all of the tenant's, which follow as the row's intent says (see [`super::camera_settle`]).

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::{By, CameraId, Event, EventKind, Marker, MarkerId, MarkerText, Monotonic, TenantId, WallTime};
use lru::LruCache;
use serde::{Deserialize, Serialize};

use super::camera_settle::{LOOK_AT_INTENT_EVERY, LOOKS_AT_INTENT};
use super::cells::{Cells, ToCell as _, cells, json};
use super::cql::Cql;
use super::directories::Of;
use crate::store::{MARKERS_PER_CAMERA_MAX, StoreError};

const MARKER: &str = "marker";
/// Cameras whose markers this process has counted.
const COUNTED_MAX: usize = 10_000;
/// For how long a count holds, but for what this process adds and removes: other nodes make markers, too, and
/// [`MARKERS_PER_CAMERA_MAX`] is no promise to anybody.
const COUNT_HOLDS: Duration = Duration::from_secs(600);
const DAYS_OF_WEEK: u32 = 7;

/// How many markers cameras have, as far as this process knows.
#[derive(Debug)]
pub(in crate::store) struct MarkerCounts(Mutex<LruCache<(TenantId, CameraId), (u64, Monotonic)>>);

impl Default for MarkerCounts {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(COUNTED_MAX).unwrap_or(NonZeroUsize::MIN))))
    }
}

/// What is still to be written of a marker's change.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Intent {
    event: Event,
    /// Where its copies stood before, if they move or go.
    old_start: Option<WallTime>,
}

/// A marker's row.
#[derive(Debug, Clone)]
struct MarkerRow {
    marker: Marker,
    revision: u64,
    gone: bool,
    intent: Option<Intent>,
}

/// The columns [`read_marker`] takes, in its order.
macro_rules! columns {
    () => {
        "id, camera, start_us, end_us, category, title, note, author, author_id, created_us, updated_us"
    };
}
pub(in crate::store) use columns;

pub(in crate::store) fn read_marker(row: &mut Cells) -> Result<Marker, StoreError> {
    let (start, end, category, title, note) = (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?);
    Ok(Marker {
        id: row.get(0)?,
        camera: row.get(1)?,
        text: MarkerText { start, end, category, title, note },
        author: row.get(7)?,
        author_id: row.get(8)?,
        created_at: row.get(9)?,
        updated_at: row.get(10)?,
    })
}

/// The partition of markers that begin at `start`.
pub(in crate::store) fn week_of(start: WallTime) -> i64 {
    i64::from(start.utc_day() / DAYS_OF_WEEK)
}

/// The two lists a marker stands in.
pub(in crate::store) fn scopes(camera: CameraId) -> [(Option<CameraId>, Vec<u8>); 2] {
    [(Some(camera), scope(Some(camera))), (None, scope(None))]
}

pub(in crate::store) fn scope(camera: Option<CameraId>) -> Vec<u8> {
    camera.map(|camera| camera.as_uuid().as_bytes().to_vec()).unwrap_or_default()
}

impl Cql {
    pub(in crate::store) async fn create_marker(
        &self,
        tenant: &TenantId,
        marker: Marker,
        by: By,
    ) -> Result<Event, StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            if cql.count_of_markers(&tenant, marker.camera).await? >= MARKERS_PER_CAMERA_MAX as u64 {
                return Err(StoreError::TooMany { what: "markers of one camera", max: MARKERS_PER_CAMERA_MAX });
            }
            let kind = EventKind::MarkerCreated { camera: marker.camera, marker: marker.id };
            let event = Event::new(tenant.clone(), marker.created_at, by, kind);
            let intent = Intent { event: event.clone(), old_start: None };
            let text =
                "INSERT INTO markers (tenant, id, revision, camera, start_us, end_us, category, title, note, author_id,
                          author, created_us, updated_us, intent) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        IF NOT EXISTS";
            let Marker { id, camera, text: MarkerText { start, end, category, title, note }, .. } = &marker;
            let mut values = cells![tenant, id, camera, start, end, category, title, note, marker.author_id];
            values.extend(cells![marker.author, marker.created_at, marker.updated_at, json(&intent)?]);
            if !cql.run_if(text, values).await? {
                return Err(StoreError::AlreadyExists(MARKER));
            }
            cql.counted(&tenant, marker.camera, |count| count + 1);
            cql.settle_marker(&tenant, &MarkerRow { marker, revision: 1, gone: false, intent: Some(intent) }).await?;
            Ok(event)
        })
        .await
    }

    pub(in crate::store) async fn marker(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        id: MarkerId,
    ) -> Result<Option<Marker>, StoreError> {
        let row = self.marker_row(tenant, id).await?;
        Ok(row.filter(|row| !row.gone && row.marker.camera == camera).map(|row| row.marker))
    }

    pub(in crate::store) async fn update_marker(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        id: MarkerId,
        change: impl Fn(MarkerText) -> Result<MarkerText, StoreError> + Send + 'static,
        now: WallTime,
        by: By,
    ) -> Result<(Marker, Event), StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let _turn = cql.turn(id.as_uuid().as_bytes()).await;
            for number in 0.. {
                cql.again(number).await?;
                let old = cql.settled_marker(&tenant, camera, id).await?;
                let new = change(old.marker.text.clone())?;
                let new = Marker { text: new, updated_at: now, ..old.marker.clone() };
                let event =
                    Event::new(tenant.clone(), now, by.clone(), EventKind::MarkerUpdated { camera, marker: id });
                let old_start = Some(old.marker.text.start).filter(|start| *start != new.text.start);
                let intent = Intent { event: event.clone(), old_start };
                let text =
                    "UPDATE markers SET revision = ?, start_us = ?, end_us = ?, category = ?, title = ?, note = ?,
                              updated_us = ?, intent = ? WHERE tenant = ? AND id = ? IF revision = ?";
                let MarkerText { start, end, category, title, note } = &new.text;
                let mut values = cells![old.revision + 1, start, end, category, title, note, now, json(&intent)?];
                values.extend(cells![tenant, id, old.revision]);
                if cql.run_if(text, values).await? {
                    let revision = old.revision + 1;
                    let row = MarkerRow { marker: new.clone(), revision, gone: false, intent: Some(intent) };
                    cql.settle_marker(&tenant, &row).await?;
                    return Ok((new, event));
                }
            }
            Err(StoreError::Contended)
        })
        .await
    }

    pub(in crate::store) async fn delete_marker(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        id: MarkerId,
        now: WallTime,
        by: By,
    ) -> Result<Event, StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let _turn = cql.turn(id.as_uuid().as_bytes()).await;
            for number in 0.. {
                cql.again(number).await?;
                let old = cql.settled_marker(&tenant, camera, id).await?;
                let event =
                    Event::new(tenant.clone(), now, by.clone(), EventKind::MarkerDeleted { camera, marker: id });
                let intent = Intent { event: event.clone(), old_start: Some(old.marker.text.start) };
                let text = "UPDATE markers SET gone = true, revision = ?, intent = ? WHERE tenant = ? AND id = ?
                            IF revision = ?";
                let values = cells![old.revision + 1, json(&intent)?, tenant, id, old.revision];
                if cql.run_if(text, values).await? {
                    cql.counted(&tenant, camera, |count| count.saturating_sub(1));
                    let revision = old.revision + 1;
                    let row = MarkerRow { revision, gone: true, intent: Some(intent), ..old };
                    cql.settle_marker(&tenant, &row).await?;
                    return Ok(event);
                }
            }
            Err(StoreError::Contended)
        })
        .await
    }

    async fn marker_row(&self, tenant: &TenantId, id: MarkerId) -> Result<Option<MarkerRow>, StoreError> {
        let text = concat!("SELECT ", columns!(), ", revision, gone, intent FROM markers WHERE tenant = ? AND id = ?");
        let Some(mut row) = self.one(MARKER, text, cells![tenant, id]).await? else { return Ok(None) };
        let intent: Option<String> = row.get(13)?;
        let intent = intent.map(|intent| serde_json::from_str(&intent)).transpose();
        let intent = intent.map_err(|error| StoreError::damaged(MARKER, error))?;
        let gone = row.get::<Option<bool>>(12)?.unwrap_or(false);
        Ok(Some(MarkerRow { marker: read_marker(&mut row)?, revision: row.get(11)?, gone, intent }))
    }

    /// The marker, with what its last change left undone done.
    async fn settled_marker(&self, tenant: &TenantId, camera: CameraId, id: MarkerId) -> Result<MarkerRow, StoreError> {
        let row = self.marker_row(tenant, id).await?.filter(|row| row.marker.camera == camera);
        let mut row = row.ok_or(StoreError::NotFound(MARKER))?;
        for _ in 0..LOOKS_AT_INTENT {
            if !row.intent.as_ref().is_some_and(|intent| self.is_on_its_way(&intent.event)) {
                break;
            }
            tokio::time::sleep(LOOK_AT_INTENT_EVERY).await;
            row = self.marker_row(tenant, id).await?.ok_or(StoreError::NotFound(MARKER))?;
        }
        if row.intent.is_some() {
            self.settle_marker(tenant, &row).await?;
        }
        if row.gone { Err(StoreError::NotFound(MARKER)) } else { Ok(row) }
    }

    async fn settle_marker(&self, tenant: &TenantId, row: &MarkerRow) -> Result<(), StoreError> {
        let MarkerRow { marker, revision, gone, intent: Some(intent) } = row else { return Ok(()) };
        if let Some(start) = intent.old_start {
            for (_, scope) in scopes(marker.camera) {
                let text = "DELETE FROM markers_by_time USING TIMESTAMP ? WHERE tenant = ? AND scope = ? AND week = ?
                            AND start_us = ? AND id = ?";
                self.run(text, cells![revision, tenant, scope, week_of(start), start, marker.id]).await?;
            }
        }
        if !gone {
            self.put_marker_copies(tenant, marker, *revision).await?;
        }
        self.append([&intent.event]).await?;
        let text = if *gone {
            "DELETE FROM markers WHERE tenant = ? AND id = ? IF revision = ?"
        } else {
            "UPDATE markers SET intent = null WHERE tenant = ? AND id = ? IF revision = ?"
        };
        self.run_if(text, cells![tenant, marker.id, revision]).await.map(drop)
    }

    /// The rows that lists go along. That of the highest revision stays, in whatever order they are written.
    pub(in crate::store) async fn put_marker_copies(
        &self,
        tenant: &TenantId,
        marker: &Marker,
        revision: u64,
    ) -> Result<(), StoreError> {
        let Marker { id, camera, text: MarkerText { start, end, category, title, note }, .. } = marker;
        for (of, scope) in scopes(*camera) {
            let week = week_of(*start);
            let text =
                "INSERT INTO markers_by_time (tenant, scope, week, start_us, id, camera, end_us, category, title, note,
                          author_id, author, created_us, updated_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        USING TIMESTAMP ?";
            let mut values = cells![tenant, scope, week, start, id, camera, end, category, title, note];
            values.extend(cells![marker.author_id, marker.author, marker.created_at, marker.updated_at]);
            values.push(revision.to_cell());
            self.run(text, values).await?;
            self.list(Of::MarkerWeeks(tenant, of), week, &[]).await?;
        }
        Ok(())
    }

    /// How many markers a camera has, about.
    async fn count_of_markers(&self, tenant: &TenantId, camera: CameraId) -> Result<u64, StoreError> {
        let now = self.0.clock.monotonic();
        let key = (tenant.clone(), camera);
        let known = self.0.marker_counts.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some((count, at)) = known
            && now.since(at) < COUNT_HOLDS
        {
            return Ok(count);
        }
        let mut count = 0;
        for week in self.numbers(Of::MarkerWeeks(tenant, Some(camera)), 0, i64::MAX).await? {
            let text = "SELECT count(*) FROM markers_by_time WHERE tenant = ? AND scope = ? AND week = ?";
            count += self.count(text, cells![tenant, scope(Some(camera)), week]).await?;
        }
        self.0.marker_counts.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, (count, now));
        Ok(count)
    }

    fn counted(&self, tenant: &TenantId, camera: CameraId, change: impl Fn(u64) -> u64) {
        let mut counts = self.0.marker_counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((count, _)) = counts.get_mut(&(tenant.clone(), camera)) {
            *count = change(*count);
        }
    }
}
