use eyrie_types::{By, Camera, CameraId, CameraSpec, Event, EventKind, TenantId, WallTime};

use super::camera_settle::{HistoryRow, Intent, LOOK_AT_INTENT_EVERY, LOOKS_AT_INTENT, Unsettled};
use super::cells::{Cell, Cells, cells, json};
use super::cql::Cql;
use crate::store::cameras::updated;
use crate::store::fold::fold;
use crate::store::spec_history::asks_anew;
use crate::store::{CameraUpdate, DeletedCamera, SealedSecret, StoreError, StoredCamera};

/// What errors call it.
const CAMERA: &str = "camera";
/// Partitions that a tenant's cameras are spread over.
pub(in crate::store) const BUCKETS: i64 = 16;

/// The partition of a camera: the last byte of its id is random.
pub(in crate::store) fn bucket(id: CameraId) -> i64 {
    i64::from(id.as_uuid().as_bytes()[15]) % BUCKETS
}

/// The columns [`read`] takes, in its order.
macro_rules! columns {
    () => {
        "tenant, id, revision, created_us, updated_us, spec, password, gone, intent"
    };
}
pub(in crate::store) use columns;

/// A camera's row.
#[derive(Debug)]
pub(in crate::store) struct CameraRow {
    pub(in crate::store) stored: StoredCamera,
    /// Deleted, but for its intent.
    pub(in crate::store) gone: bool,
    pub(in crate::store) intent: Option<Intent>,
}

pub(in crate::store) fn read(mut row: Cells) -> Result<CameraRow, StoreError> {
    let camera = Camera {
        tenant: row.get(0)?,
        id: row.get(1)?,
        revision: row.get(2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
        spec: row.json(5)?,
    };
    let password: Option<SealedSecret> = row.get(6)?;
    let gone = row.get::<Option<bool>>(7)?.unwrap_or(false);
    let intent: Option<String> = row.get(8)?;
    let intent = intent.map(|intent| serde_json::from_str(&intent)).transpose();
    let intent = intent.map_err(|error| StoreError::damaged(CAMERA, error))?;
    Ok(CameraRow { stored: StoredCamera { camera, password }, gone, intent })
}

impl CameraRow {
    fn unsettled(&self) -> Option<Unsettled> {
        let Camera { tenant, id, revision, .. } = &self.stored.camera;
        let intent = self.intent.clone()?;
        Some(Unsettled { tenant: tenant.clone(), camera: *id, revision: *revision, intent })
    }
}

impl Cql {
    pub(in crate::store) async fn create_camera(
        &self,
        camera: Camera,
        password: Option<SealedSecret>,
        by: By,
    ) -> Result<Event, StoreError> {
        let cql = self.clone();
        self.whole(async move {
            cql.know_tenant(&camera.tenant).await?;
            if cql.deleted_camera(&camera.tenant, camera.id).await?.is_some() {
                return Err(StoreError::AlreadyExists(CAMERA));
            }
            cql.check_site(&camera.tenant, &camera.spec, None).await?;
            let created = EventKind::CameraCreated { camera: camera.id };
            let event = Event::new(camera.tenant.clone(), camera.created_at, by, created);
            let history = cql.history_of(&camera, None).await?;
            let stored = StoredCamera { camera, password };
            let intent = Intent { event: event.clone(), history, gone: None };
            let _turn = cql.turn(&[bucket(stored.camera.id) as u8]).await;
            let text = "INSERT INTO cameras (name_folded, labels, site, spec, password, revision, created_us, updated_us, intent,
                          tenant, bucket, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS";
            let mut values = contents(&stored)?;
            let Camera { tenant, id, revision, created_at, updated_at, .. } = &stored.camera;
            values.extend(cells![revision, created_at, updated_at, json(&intent)?, tenant, bucket(*id), id]);
            if !cql.run_if(text, values).await? {
                return Err(StoreError::AlreadyExists(CAMERA));
            }
            let change = Unsettled { tenant: tenant.clone(), camera: *id, revision: *revision, intent };
            cql.settle(&[change]).await?;
            cql.0.watches.tell(|watch| watch.put(&stored));
            Ok(event)
        })
        .await
    }

    pub(in crate::store) async fn camera(
        &self,
        tenant: &TenantId,
        id: CameraId,
    ) -> Result<Option<StoredCamera>, StoreError> {
        let row = self.camera_row(tenant, id).await?;
        Ok(row.filter(|row| !row.gone).map(|row| row.stored))
    }

    pub(in crate::store) async fn update_camera(
        &self,
        tenant: &TenantId,
        id: CameraId,
        update: CameraUpdate,
        now: WallTime,
        by: By,
    ) -> Result<(StoredCamera, Event), StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let CameraUpdate { expected, spec, password } = update;
            let _turn = cql.turn(&[bucket(id) as u8]).await;
            for number in 0.. {
                cql.again(number).await?;
                let old = cql.at_revision(&tenant, id, expected).await?;
                let (new, event) = updated(&old, spec.clone(), password.clone(), now, by.clone());
                if let Some(change) = cql.change_row(&old, &new, event.clone()).await? {
                    cql.settle(&[change]).await?;
                    cql.0.watches.tell(|watch| watch.put(&new));
                    return Ok((new, event));
                }
            }
            Err(StoreError::Contended)
        })
        .await
    }

    pub(in crate::store) async fn delete_camera(
        &self,
        tenant: &TenantId,
        id: CameraId,
        expected: Option<u64>,
        now: WallTime,
        by: By,
    ) -> Result<Event, StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let _turn = cql.turn(&[bucket(id) as u8]).await;
            for number in 0.. {
                cql.again(number).await?;
                let old = cql.at_revision(&tenant, id, expected).await?;
                if let Some(change) = cql.delete_row(&old.camera, now, by.clone()).await? {
                    let event = change.intent.event.clone();
                    cql.settle(&[change]).await?;
                    cql.0.watches.tell(|watch| watch.gone(&tenant, id));
                    return Ok(event);
                }
            }
            Err(StoreError::Contended)
        })
        .await
    }

    pub(in crate::store) async fn deleted_camera(
        &self,
        tenant: &TenantId,
        id: CameraId,
    ) -> Result<Option<DeletedCamera>, StoreError> {
        let text = "SELECT name, deleted_us FROM deleted_cameras WHERE tenant = ? AND id = ?";
        let row = self.one("deleted camera", text, cells![tenant, id]).await?;
        row.map(|mut row| Ok(DeletedCamera { id, name: row.get(0)?, deleted_at: row.get(1)? })).transpose()
    }

    pub(in crate::store) async fn camera_row(
        &self,
        tenant: &TenantId,
        id: CameraId,
    ) -> Result<Option<CameraRow>, StoreError> {
        let text = concat!("SELECT ", columns!(), " FROM cameras WHERE tenant = ? AND bucket = ? AND id = ?");
        self.one(CAMERA, text, cells![tenant, bucket(id), id]).await?.map(read).transpose()
    }

    /// The camera, if it is at `expected`; what its last change left undone is done first.
    pub(in crate::store) async fn at_revision(
        &self,
        tenant: &TenantId,
        id: CameraId,
        expected: Option<u64>,
    ) -> Result<StoredCamera, StoreError> {
        let mut row = self.camera_row(tenant, id).await?.ok_or(StoreError::NotFound(CAMERA))?;
        for _ in 0..LOOKS_AT_INTENT {
            if !row.intent.as_ref().is_some_and(|intent| self.is_on_its_way(&intent.event)) {
                break;
            }
            // Another node is about to carry it out; by both, its event would stand twice in the outbox.
            tokio::time::sleep(LOOK_AT_INTENT_EVERY).await;
            row = self.camera_row(tenant, id).await?.ok_or(StoreError::NotFound(CAMERA))?;
        }
        if let Some(change) = row.unsettled() {
            self.settle(&[change]).await?;
        }
        let current = row.stored.camera.revision;
        match expected {
            _ if row.gone => Err(StoreError::NotFound(CAMERA)),
            Some(expected) if expected != current => Err(StoreError::RevisionMismatch { what: CAMERA, current }),
            _ => Ok(row.stored),
        }
    }

    /// Writes `new` in place of `old` if that is what is there; what is to follow.
    pub(in crate::store) async fn change_row(
        &self,
        old: &StoredCamera,
        new: &StoredCamera,
        event: Event,
    ) -> Result<Option<Unsettled>, StoreError> {
        let Camera { tenant, id, revision, updated_at, spec, .. } = &new.camera;
        self.check_site(tenant, spec, Some(&old.camera.spec)).await?;
        let history = self.history_of(&new.camera, Some(&old.camera.spec)).await?;
        let intent = Intent { event, history, gone: None };
        let text = "UPDATE cameras SET name_folded = ?, labels = ?, site = ?, spec = ?, password = ?, revision = ?,
                      updated_us = ?, intent = ? WHERE tenant = ? AND bucket = ? AND id = ? IF revision = ?";
        let mut values = contents(new)?;
        values.extend(cells![revision, updated_at, json(&intent)?, tenant, bucket(*id), id, old.camera.revision]);
        let change = Unsettled { tenant: tenant.clone(), camera: *id, revision: *revision, intent };
        Ok(self.run_if(text, values).await?.then_some(change))
    }

    /// Marks the row as gone if it is as `camera` says; what is to follow.
    pub(in crate::store) async fn delete_row(
        &self,
        camera: &Camera,
        now: WallTime,
        by: By,
    ) -> Result<Option<Unsettled>, StoreError> {
        let Camera { tenant, id, .. } = camera;
        // From now on the ledger expects nothing of it.
        let mut off = Camera { revision: camera.revision + 1, updated_at: now, ..camera.clone() };
        off.spec.enabled = false;
        let history = self.history_of(&off, Some(&camera.spec)).await?;
        let event = Event::new(tenant.clone(), now, by, EventKind::CameraDeleted { camera: *id });
        let intent = Intent { event, history, gone: Some((camera.spec.name.clone(), now)) };
        let text = "UPDATE cameras SET gone = true, revision = ?, intent = ? WHERE tenant = ? AND bucket = ? AND id = ?
                    IF revision = ?";
        let values = cells![off.revision, json(&intent)?, tenant, bucket(*id), id, camera.revision];
        let change = Unsettled { tenant: tenant.clone(), camera: *id, revision: off.revision, intent };
        Ok(self.run_if(text, values).await?.then_some(change))
    }

    async fn check_site(
        &self,
        tenant: &TenantId,
        spec: &CameraSpec,
        old: Option<&CameraSpec>,
    ) -> Result<(), StoreError> {
        match spec.site {
            Some(site) if old.is_none_or(|old| old.site != spec.site) && self.site(tenant, site).await?.is_none() => {
                Err(StoreError::UnknownSite)
            }
            _ => Ok(()),
        }
    }

    /// The row of history that `camera` in place of `old` makes, if any.
    async fn history_of(&self, camera: &Camera, old: Option<&CameraSpec>) -> Result<Option<HistoryRow>, StoreError> {
        if !asks_anew(&camera.spec, old) {
            return Ok(None);
        }
        let last = self.last_spec_change(&camera.tenant, camera.id).await?;
        // A wall clock that was set back must not put a later change before an earlier one.
        let at = last.map_or(camera.updated_at, |last| camera.updated_at.max(last));
        Ok(Some(HistoryRow { at, enabled: camera.spec.enabled, mode: camera.spec.recording.mode }))
    }

    /// Carries out the intents found in a walk. One of the last seconds may be on its way already; then its event stands twice in
    /// the outbox, so those are left alone.
    pub(in crate::store) async fn settle_found(&self, rows: &[CameraRow]) -> Result<(), StoreError> {
        let mut left: Vec<_> = rows.iter().filter_map(CameraRow::unsettled).collect();
        left.retain(|change| !self.is_on_its_way(&change.intent.event));
        if left.is_empty() { Ok(()) } else { self.settle(&left).await }
    }
}

/// The columns that a change may change: `name_folded, labels, site, spec, password`.
fn contents(stored: &StoredCamera) -> Result<Vec<Cell>, StoreError> {
    let spec = &stored.camera.spec;
    let labels: Vec<&str> = spec.labels.iter().collect();
    // A line break cannot stand in a label.
    Ok(cells![fold(&spec.name), labels.join("\n"), spec.site, json(spec)?, stored.password])
}
