//! The camera directory: specs and their history. Each change appends its event to the outbox in its own transaction. Listing
//! is in `camera_list`, changes to many in `camera_bulk`.

use eyrie_types::{By, Camera, CameraId, CameraSpec, Event, EventKind, TenantId, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{Col, Json, col};
use super::fold::fold;
use super::store::sqlite_or;
use super::{SealedSecret, Store, StoreError, outbox, sites, spec_history};

/// What errors call it.
const CAMERA: &str = "camera";

/// A camera with its password, sealed. The password within `camera.spec` is always `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCamera {
    /// The camera.
    pub camera: Camera,
    /// Its password, if it has one.
    pub password: Option<SealedSecret>,
}

/// What an update does with the stored password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordChange {
    /// It stays.
    Keep,
    /// It is replaced.
    Set(SealedSecret),
    /// It goes.
    Clear,
}

/// What a camera shall be from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraUpdate {
    /// Only if it is at this revision; `None` at any.
    pub expected: Option<u64>,
    /// Its new spec.
    pub spec: CameraSpec,
    /// What becomes of its password.
    pub password: PasswordChange,
}

/// A camera that was deleted; its recordings, their index and its spec history stay until retention takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedCamera {
    /// Its id.
    pub id: CameraId,
    /// Its last name.
    pub name: String,
    /// When it was deleted.
    pub deleted_at: WallTime,
}

impl Store {
    /// Makes `camera` with `password`; returns the event that stands in the outbox. Any password inside the spec is left out
    /// of what is stored.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for its id, [`StoreError::UnknownSite`] for its site.
    pub async fn create_camera(
        &self,
        camera: Camera,
        password: Option<SealedSecret>,
        by: By,
    ) -> Result<Event, StoreError> {
        let db = sqlite_or!(self, cql => cql.create_camera(camera, password, by));
        let watches = db.watches.clone();
        let work = move |connection: &Connection| {
            let known = "SELECT 1 FROM cameras WHERE tenant = ?1 AND id = ?2
                         UNION ALL SELECT 1 FROM deleted_cameras WHERE tenant = ?1 AND id = ?2";
            let mut known = connection.prepare_cached(known)?;
            // An id is never used twice, not even after a deletion: the recordings of the first would become the second's.
            if known.exists(params![Col(camera.tenant.clone()), Col(camera.id)])? {
                return Err(StoreError::AlreadyExists(CAMERA));
            }
            let created = EventKind::CameraCreated { camera: camera.id };
            let event = Event::new(camera.tenant.clone(), camera.created_at, by, created);
            let stored = StoredCamera { camera, password };
            put(connection, &stored, None)?;
            outbox::append(connection, [&event])?;
            Ok((stored, event))
        };
        let (_, event) = db.write_then(work, move |(stored, _)| watches.tell(|watch| watch.put(stored))).await?;
        Ok(event)
    }

    /// The camera `id`, if there is one.
    pub async fn camera(&self, tenant: &TenantId, id: CameraId) -> Result<Option<StoredCamera>, StoreError> {
        let db = sqlite_or!(self, cql => cql.camera(tenant, id));
        let tenant = tenant.clone();
        db.read(move |connection| get(connection, &tenant, id)).await
    }

    /// Replaces the spec of a camera, raises its revision and returns what it is now, with the event that stands in the
    /// outbox.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::RevisionMismatch`], [`StoreError::UnknownSite`].
    pub async fn update_camera(
        &self,
        tenant: &TenantId,
        id: CameraId,
        update: CameraUpdate,
        now: WallTime,
        by: By,
    ) -> Result<(StoredCamera, Event), StoreError> {
        let db = sqlite_or!(self, cql => cql.update_camera(tenant, id, update, now, by));
        let (tenant, watches) = (tenant.clone(), db.watches.clone());
        let work = move |connection: &Connection| {
            let CameraUpdate { expected, spec, password } = update;
            let old = at_revision(connection, &tenant, id, expected)?;
            put_update(connection, old, spec, password, now, by)
        };
        db.write_then(work, move |(stored, _)| watches.tell(|watch| watch.put(stored))).await
    }

    /// Deletes a camera: its spec and password go, its recordings and spec history stay. Returns the event that stands in the
    /// outbox. With `expected`, only if it is at that revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::RevisionMismatch`].
    pub async fn delete_camera(
        &self,
        tenant: &TenantId,
        id: CameraId,
        expected: Option<u64>,
        now: WallTime,
        by: By,
    ) -> Result<Event, StoreError> {
        let db = sqlite_or!(self, cql => cql.delete_camera(tenant, id, expected, now, by));
        let (tenant, watches) = (tenant.clone(), db.watches.clone());
        let work = move |connection: &Connection| {
            let old = at_revision(connection, &tenant, id, expected)?;
            delete(connection, &old.camera, now, by)
        };
        db.write_then(work, move |event| watches.tell(|watch| watch.gone(&event.tenant, id))).await
    }

    /// The deleted camera `id`, if there was one.
    pub async fn deleted_camera(&self, tenant: &TenantId, id: CameraId) -> Result<Option<DeletedCamera>, StoreError> {
        let db = sqlite_or!(self, cql => cql.deleted_camera(tenant, id));
        let tenant = tenant.clone();
        db.read(move |connection| {
            let found = "SELECT name, deleted_us FROM deleted_cameras WHERE tenant = ?1 AND id = ?2";
            let mut found = connection.prepare_cached(found)?;
            let read = |row: &Row<'_>| {
                let deleted_at = col::<WallTime>(row, 1)?;
                Ok(DeletedCamera { id, name: row.get(0)?, deleted_at })
            };
            Ok(found.query_row(params![Col(tenant), Col(id)], read).optional()?)
        })
        .await
    }
}

/// The columns [`read`] takes, in its order.
pub(super) const COLUMNS: &str = "tenant, id, revision, created_us, updated_us, spec, password";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<StoredCamera> {
    let Json(spec) = row.get(5)?;
    Ok(StoredCamera {
        camera: Camera {
            tenant: col(row, 0)?,
            id: col(row, 1)?,
            revision: col::<u64>(row, 2)?,
            created_at: col(row, 3)?,
            updated_at: col(row, 4)?,
            spec,
        },
        password: row.get::<_, Option<Vec<u8>>>(6)?.map(SealedSecret::new),
    })
}

fn get(connection: &Connection, tenant: &TenantId, id: CameraId) -> Result<Option<StoredCamera>, StoreError> {
    let mut found =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM cameras WHERE tenant = ?1 AND id = ?2"))?;
    Ok(found.query_row(params![Col(tenant.clone()), Col(id)], read).optional()?)
}

pub(super) fn at_revision(
    connection: &Connection,
    tenant: &TenantId,
    id: CameraId,
    expected: Option<u64>,
) -> Result<StoredCamera, StoreError> {
    let stored = get(connection, tenant, id)?.ok_or(StoreError::NotFound(CAMERA))?;
    let current = stored.camera.revision;
    if expected.is_some_and(|expected| expected != current) {
        return Err(StoreError::RevisionMismatch { what: CAMERA, current });
    }
    Ok(stored)
}

/// Writes `new` in place of `old`, with its labels and, where it matters to the ledger, its history.
fn put(connection: &Connection, new: &StoredCamera, old: Option<&Camera>) -> Result<(), StoreError> {
    let Camera { tenant, id, revision, created_at, updated_at, spec } = &new.camera;
    if let Some(site) = spec.site
        && old.is_none_or(|old| old.spec.site != spec.site)
        && !sites::exists(connection, tenant, site)?
    {
        return Err(StoreError::UnknownSite);
    }
    let tenant = Col(tenant.clone());
    let labels: Vec<&str> = spec.labels.iter().collect();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO cameras (tenant, id, revision, created_us, updated_us, spec, password,
               name_folded, labels_folded, site) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            tenant,
            Col(*id),
            Col(*revision),
            Col(*created_at),
            Col(*updated_at),
            Json(spec),
            new.password.as_ref().map(SealedSecret::as_bytes),
            fold(&spec.name),
            // A line break cannot stand in a label, so no search matches across two.
            fold(&labels.join("\n")),
            spec.site.map(Col),
        ])?;
    if old.is_none_or(|old| old.spec.labels != spec.labels) {
        for label in old.iter().flat_map(|old| old.spec.labels.iter()) {
            connection
                .prepare_cached("DELETE FROM camera_labels WHERE tenant = ?1 AND label = ?2 AND camera = ?3")?
                .execute(params![tenant, label, Col(*id)])?;
        }
        for label in labels {
            connection
                .prepare_cached("INSERT INTO camera_labels (tenant, label, camera) VALUES (?1, ?2, ?3)")?
                .execute(params![tenant, label, Col(*id)])?;
        }
    }
    spec_history::record(connection, &new.camera, old.map(|old| &old.spec))
}

/// What `old` is after an update, and the event that says so.
pub(super) fn updated(
    old: &StoredCamera,
    mut spec: CameraSpec,
    password: PasswordChange,
    now: WallTime,
    by: By,
) -> (StoredCamera, Event) {
    // The plain password was sealed by the caller; nothing of it stays in what is handed back.
    drop(spec.source.take_secret());
    let password = match password {
        PasswordChange::Keep => old.password.clone(),
        PasswordChange::Set(sealed) => Some(sealed),
        PasswordChange::Clear => None,
    };
    let revision = old.camera.revision + 1;
    let camera = Camera { revision, updated_at: now, spec, ..old.camera.clone() };
    let new = StoredCamera { camera, password };
    let Camera { id, tenant, .. } = &new.camera;
    let event = Event::new(tenant.clone(), now, by, EventKind::CameraUpdated { camera: *id, revision });
    (new, event)
}

pub(super) fn put_update(
    connection: &Connection,
    old: StoredCamera,
    spec: CameraSpec,
    password: PasswordChange,
    now: WallTime,
    by: By,
) -> Result<(StoredCamera, Event), StoreError> {
    let (new, event) = updated(&old, spec, password, now, by);
    put(connection, &new, Some(&old.camera))?;
    outbox::append(connection, [&event])?;
    Ok((new, event))
}

pub(super) fn delete(connection: &Connection, camera: &Camera, now: WallTime, by: By) -> Result<Event, StoreError> {
    let (tenant, id) = (Col(camera.tenant.clone()), Col(camera.id));
    connection.prepare_cached("DELETE FROM cameras WHERE tenant = ?1 AND id = ?2")?.execute(params![tenant, id])?;
    for label in camera.spec.labels.iter() {
        connection
            .prepare_cached("DELETE FROM camera_labels WHERE tenant = ?1 AND label = ?2 AND camera = ?3")?
            .execute(params![tenant, label, id])?;
    }
    connection
        .prepare_cached("INSERT INTO deleted_cameras (tenant, id, name, deleted_us) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![tenant, id, camera.spec.name, Col(now)])?;
    // From now on the ledger expects nothing of it.
    let mut off = Camera { revision: camera.revision + 1, updated_at: now, ..camera.clone() };
    off.spec.enabled = false;
    spec_history::record(connection, &off, Some(&camera.spec))?;
    let event = Event::new(camera.tenant.clone(), now, by, EventKind::CameraDeleted { camera: camera.id });
    outbox::append(connection, [&event])?;
    Ok(event)
}
