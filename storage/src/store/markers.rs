//! What people note of footage. Each change appends its event to the outbox in its own transaction. Finding is in
//! `marker_list`.

use eyrie_types::{By, CameraId, Event, EventKind, Marker, MarkerId, MarkerText, TenantId, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{Col, col};
use super::fold::fold;
use super::store::sqlite_or;
use super::{Store, StoreError, outbox};

/// Most markers of one camera: its timeline is drawn from all that lie in the range.
pub const MARKERS_PER_CAMERA_MAX: usize = 100_000;
const MARKER: &str = "marker";

impl Store {
    /// Makes a marker; returns its event. That its camera exists is the caller's to see to.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for its id, [`StoreError::TooMany`] beyond [`MARKERS_PER_CAMERA_MAX`].
    pub async fn create_marker(&self, tenant: &TenantId, marker: Marker, by: By) -> Result<Event, StoreError> {
        let db = sqlite_or!(self, cql => cql.create_marker(tenant, marker, by));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let Col(count) = connection
                .prepare_cached("SELECT count(*) FROM markers WHERE tenant = ?1 AND camera = ?2")?
                .query_row(params![Col(tenant.clone()), Col(marker.camera)], |row| row.get::<_, Col<u64>>(0))?;
            if count >= MARKERS_PER_CAMERA_MAX as u64 {
                return Err(StoreError::TooMany { what: "markers of one camera", max: MARKERS_PER_CAMERA_MAX });
            }
            let MarkerText { start, end, category, title, note } = &marker.text;
            let made = connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO markers (tenant, id, camera, start_us, end_us, category, title, note,
                       text_folded, author_id, author, created_us, updated_us)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                )?
                .execute(params![
                    Col(tenant.clone()),
                    Col(marker.id),
                    Col(marker.camera),
                    Col(*start),
                    end.map(Col),
                    category,
                    title,
                    note,
                    folded(&marker.text),
                    Col(marker.author_id),
                    marker.author,
                    Col(marker.created_at),
                    Col(marker.updated_at)
                ])?;
            if made == 0 {
                return Err(StoreError::AlreadyExists(MARKER));
            }
            let kind = EventKind::MarkerCreated { camera: marker.camera, marker: marker.id };
            let event = Event::new(tenant, marker.created_at, by, kind);
            outbox::append(connection, [&event])?;
            Ok(event)
        })
        .await
    }

    /// The marker `id` of a camera, if there is one.
    pub async fn marker(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        id: MarkerId,
    ) -> Result<Option<Marker>, StoreError> {
        let db = sqlite_or!(self, cql => cql.marker(tenant, camera, id));
        let tenant = tenant.clone();
        db.read(move |connection| get(connection, &tenant, camera, id)).await
    }

    /// Changes what a marker says; returns what it is now, and its event. `change` sees what the marker says at that moment, so
    /// that of two people who change different fields neither undoes the other; it is asked again where another change came first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and what `change` refuses.
    pub async fn update_marker(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        id: MarkerId,
        change: impl Fn(MarkerText) -> Result<MarkerText, StoreError> + Send + 'static,
        now: WallTime,
        by: By,
    ) -> Result<(Marker, Event), StoreError> {
        let db = sqlite_or!(self, cql => cql.update_marker(tenant, camera, id, change, now, by));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let old = get(connection, &tenant, camera, id)?.ok_or(StoreError::NotFound(MARKER))?;
            let new = Marker { text: change(old.text)?, updated_at: now, ..old };
            let MarkerText { start, end, category, title, note } = &new.text;
            connection
                .prepare_cached(
                    "UPDATE markers SET start_us = ?3, end_us = ?4, category = ?5, title = ?6, note = ?7,
                       text_folded = ?8, updated_us = ?9 WHERE tenant = ?1 AND id = ?2",
                )?
                .execute(params![
                    Col(tenant.clone()),
                    Col(id),
                    Col(*start),
                    end.map(Col),
                    category,
                    title,
                    note,
                    folded(&new.text),
                    Col(now)
                ])?;
            let event = Event::new(tenant, now, by, EventKind::MarkerUpdated { camera, marker: id });
            outbox::append(connection, [&event])?;
            Ok((new, event))
        })
        .await
    }

    /// Deletes a marker; returns its event.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_marker(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        id: MarkerId,
        now: WallTime,
        by: By,
    ) -> Result<Event, StoreError> {
        let db = sqlite_or!(self, cql => cql.delete_marker(tenant, camera, id, now, by));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let gone = connection
                .prepare_cached("DELETE FROM markers WHERE tenant = ?1 AND id = ?2 AND camera = ?3")?
                .execute(params![Col(tenant.clone()), Col(id), Col(camera)])?;
            if gone == 0 {
                return Err(StoreError::NotFound(MARKER));
            }
            let event = Event::new(tenant, now, by, EventKind::MarkerDeleted { camera, marker: id });
            outbox::append(connection, [&event])?;
            Ok(event)
        })
        .await
    }
}

/// The columns [`read`] takes, in its order.
pub(super) const COLUMNS: &str =
    "id, camera, start_us, end_us, category, title, note, author, author_id, created_us, updated_us";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Marker> {
    let end = row.get::<_, Option<Col<WallTime>>>(3)?.map(|end| end.0);
    let (category, title, note) = (row.get(4)?, row.get(5)?, row.get(6)?);
    Ok(Marker {
        id: col(row, 0)?,
        camera: col(row, 1)?,
        text: MarkerText { start: col(row, 2)?, end, category, title, note },
        author: row.get(7)?,
        author_id: col(row, 8)?,
        created_at: col(row, 9)?,
        updated_at: col(row, 10)?,
    })
}

pub(super) fn get(
    connection: &Connection,
    tenant: &TenantId,
    camera: CameraId,
    id: MarkerId,
) -> Result<Option<Marker>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM markers WHERE tenant = ?1 AND id = ?2 AND camera = ?3");
    let mut found = connection.prepare_cached(&sql)?;
    Ok(found.query_row(params![Col(tenant.clone()), Col(id), Col(camera)], read).optional()?)
}

pub(super) fn folded(text: &MarkerText) -> String {
    format!("{}\n{}", fold(&text.title), fold(text.note.as_deref().unwrap_or_default()))
}
