//! Finding markers among many: search, filters, pages, and what of them a timeline shows.

use std::collections::HashMap;
use std::time::Duration;

use eyrie_types::{CameraId, MARKER_LENGTH_MAX, Marker, MarkerId, TenantId, TimeRange, WallTime};
use rusqlite::types::{ToSql, ValueRef};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use super::column::{Col, col};
use super::cursor::Cursor;
use super::fold::fold;
use super::markers::{self, MARKERS_PER_CAMERA_MAX};
use super::store::sqlite_or;
use super::{Store, StoreError};

/// Most markers on one page.
pub const MARKER_PAGE_MAX: usize = 1000;
/// Most markers looked at for one page, whether they match or not: some 50 ms of one reader. A search that finds little among
/// many goes on with the cursor.
pub const MARKER_SCAN_MAX: usize = 10_000;

/// Which markers to list, the latest first.
#[derive(Debug, Clone)]
pub struct MarkerQuery {
    /// Of this camera alone.
    pub camera: Option<CameraId>,
    /// Those of cameras that were deleted, too.
    pub of_deleted: bool,
    /// The markers lie in it, or reach into it.
    pub range: TimeRange,
    /// Of this category alone.
    pub category: Option<String>,
    /// Part of title or note, in any case. It is plain text: no character is special.
    pub search: Option<String>,
    /// Markers on the page: from 1 to [`MARKER_PAGE_MAX`], clamped.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
}

/// A page of markers, the latest first. It may hold fewer than asked for, or none, and still have a next one: see
/// [`MARKER_SCAN_MAX`].
#[derive(Debug, Clone)]
pub struct MarkerPage {
    /// The markers.
    pub items: Vec<Marker>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<Cursor>,
}

/// What a timeline shows of markers: one of them, or several in one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkerStep {
    /// Where the first of them begins.
    pub start: WallTime,
    /// Where the last of them ends; `None` for moments alone.
    pub end: Option<WallTime>,
    /// How many.
    pub count: u64,
    /// The marker, where it is one.
    pub marker: Option<Marker>,
}

/// The last row that a page looked at.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    #[serde(rename = "t")]
    pub(super) start: WallTime,
    #[serde(rename = "i")]
    pub(super) id: MarkerId,
}

impl Store {
    /// A page of the markers that match `query`.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`].
    pub async fn markers(&self, tenant: &TenantId, query: MarkerQuery) -> Result<MarkerPage, StoreError> {
        let before: Option<Place> = query.cursor.as_ref().map(Cursor::read).transpose()?;
        let db = sqlite_or!(self, cql => cql.markers(tenant, &query, before));
        let tenant = tenant.clone();
        db.read(move |connection| list(connection, &tenant, &query, before)).await
    }

    /// The markers of a camera that lie in or reach into `range`: each one if there are at most `points`, otherwise one entry
    /// for those that begin within the same of `points` equal steps. Sorted by start.
    pub async fn marker_steps(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
        points: usize,
    ) -> Result<Vec<MarkerStep>, StoreError> {
        let db = sqlite_or!(self, cql => cql.marker_steps(tenant, camera, range, points));
        let tenant = tenant.clone();
        db.read(move |connection| {
            let sql = "SELECT start_us, end_us, id FROM markers WHERE tenant = ?1 AND camera = ?2
                       AND start_us >= ?3 AND start_us < ?4 ORDER BY start_us, id LIMIT ?5";
            let mut statement = connection.prepare_cached(sql)?;
            let (first, most) = (range.start - MARKER_LENGTH_MAX, MARKERS_PER_CAMERA_MAX as u32);
            let read = |row: &Row<'_>| {
                let end = row.get::<_, Option<Col<WallTime>>>(1)?.map(|end| end.0);
                Ok((col::<WallTime>(row, 0)?, end, col::<MarkerId>(row, 2)?))
            };
            let asked = params![Col(tenant.clone()), Col(camera), Col(first), Col(range.end), most];
            let mut rows = statement.query_map(asked, read)?.collect::<Result<Vec<_>, _>>()?;
            rows.retain(|(start, end, _)| *start >= range.start || end.is_some_and(|end| end > range.start));
            let mut steps = Vec::new();
            for (step, id) in merge(&rows, range, points.max(1)) {
                let marker = match id {
                    Some(id) => markers::get(connection, &tenant, camera, id)?,
                    None => None,
                };
                steps.push(MarkerStep { marker, ..step });
            }
            Ok(steps)
        })
        .await
    }
}

pub(super) type Found = (WallTime, Option<WallTime>, MarkerId);

/// The entries for `rows`, which are sorted by start, with the id of those that are one marker.
pub(super) fn merge(rows: &[Found], range: TimeRange, points: usize) -> Vec<(MarkerStep, Option<MarkerId>)> {
    let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let step_us = micros(range.duration()).div_ceil(points as u64).max(1);
    let step_of = |start: WallTime| micros(start.since(range.start)) / step_us;
    let mut merged: Vec<(MarkerStep, Option<MarkerId>)> = Vec::new();
    let mut open = None;
    for (start, end, id) in rows {
        let step = (rows.len() > points).then(|| step_of(*start));
        match merged.last_mut() {
            Some((last, one)) if step.is_some() && open == step => {
                last.end = last.end.max(*end);
                last.count += 1;
                *one = None;
            }
            _ => merged.push((MarkerStep { start: *start, end: *end, count: 1, marker: None }, Some(*id))),
        }
        open = step;
    }
    merged
}

fn list(
    connection: &Connection,
    tenant: &TenantId,
    query: &MarkerQuery,
    before: Option<Place>,
) -> Result<MarkerPage, StoreError> {
    let limit = query.limit.clamp(1, MARKER_PAGE_MAX);
    let search = query.search.as_deref().map(fold).filter(|text| !text.is_empty());
    let before = before.filter(|place| place.start < query.range.end).unwrap_or(last_place(query));
    let (tenant_value, first) = (Col(tenant.clone()), Col(query.range.start - MARKER_LENGTH_MAX));
    let (before_start, before_id) = (Col(before.start), Col(before.id));
    let mut values: Vec<&dyn ToSql> = vec![&tenant_value, &first, &before_start, &before_id];
    let camera = query.camera.map(Col);
    values.extend(camera.as_ref().map(|camera| camera as &dyn ToSql));
    let mut statement = connection.prepare_cached(&scan_sql(camera.is_some()))?;
    let mut rows = statement.query(values.as_slice())?;
    let mut known = HashMap::new();
    let (mut items, mut seen, mut scanned) = (Vec::new(), None, 0);
    while let Some(row) = rows.next()? {
        scanned += 1;
        let place = Place { start: col(row, 2)?, id: col(row, 0)? };
        if wanted(row, query, search.as_deref())? && visible(connection, tenant, query, col(row, 1)?, &mut known)? {
            if items.len() == limit {
                // One more than asked for: another page follows, after the last that was taken.
                return page(items, seen);
            }
            items.push(markers::read(row)?);
        }
        seen = Some(place);
    }
    // All that was to be looked at for one page; there may be more.
    page(items, seen.filter(|_| scanned == MARKER_SCAN_MAX))
}

/// Before the first page stands what no marker can be after.
pub(super) fn last_place(query: &MarkerQuery) -> Place {
    Place { start: query.range.end, id: MarkerId::from_uuid(uuid::Uuid::nil()) }
}

/// The query whose rows are looked at for one page, of one camera or of all.
fn scan_sql(of_camera: bool) -> String {
    let columns = markers::COLUMNS;
    // The index is named because the query planner, which does not know how many cameras there are, takes the one of all cameras
    // for those of one, too: with a million markers of 1,000 cameras, a filtered page took 1.8 s.
    let (index, of_camera) =
        if of_camera { ("markers_by_camera", "AND camera = ?5") } else { ("markers_by_start", "") };
    format!(
        "SELECT {columns}, text_folded FROM markers INDEXED BY {index}
         WHERE tenant = ?1 AND start_us >= ?2 AND (start_us, id) < (?3, ?4) {of_camera}
         ORDER BY start_us DESC, id DESC LIMIT {MARKER_SCAN_MAX}"
    )
}

pub(super) fn page(items: Vec<Marker>, next: Option<Place>) -> Result<MarkerPage, StoreError> {
    Ok(MarkerPage { items, next_cursor: next.as_ref().map(Cursor::write).transpose()? })
}

/// Whether a row, read no further than needed, is one of those asked for.
fn wanted(row: &Row<'_>, query: &MarkerQuery, search: Option<&str>) -> Result<bool, StoreError> {
    let damaged = |error| StoreError::damaged("marker", error);
    if col::<WallTime>(row, 2)? < query.range.start {
        let end = row.get::<_, Option<Col<WallTime>>>(3)?;
        if end.is_none_or(|Col(end)| end <= query.range.start) {
            return Ok(false);
        }
    }
    if let Some(category) = &query.category
        && row.get_ref(4)? != ValueRef::Text(category.as_bytes())
    {
        return Ok(false);
    }
    match search {
        Some(text) => {
            let folded = row.get_ref(11)?.as_str().map_err(damaged)?;
            Ok(folded.contains(text))
        }
        None => Ok(true),
    }
}

/// Whether the camera of a marker is one whose markers are asked for. Cameras are another aggregate: each is looked up once.
fn visible(
    connection: &Connection,
    tenant: &TenantId,
    query: &MarkerQuery,
    camera: CameraId,
    known: &mut HashMap<CameraId, bool>,
) -> Result<bool, StoreError> {
    if query.of_deleted {
        return Ok(true);
    }
    if let Some(there) = known.get(&camera) {
        return Ok(*there);
    }
    let mut found = connection.prepare_cached("SELECT 1 FROM cameras WHERE tenant = ?1 AND id = ?2")?;
    let there = found.exists(params![Col(tenant.clone()), Col(camera)])?;
    known.insert(camera, there);
    Ok(there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrations::migrated_for_tests;

    #[test]
    fn a_page_of_markers_goes_along_an_index_in_the_order_of_their_start_and_sorts_nothing() {
        let connection = migrated_for_tests();
        for (of_camera, index) in [
            (false, "INDEX markers_by_start (tenant=? AND start_us>? AND (start_us,id)<(?,?))"),
            (true, "INDEX markers_by_camera (tenant=? AND camera=? AND start_us>? AND (start_us,id)<(?,?))"),
        ] {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", scan_sql(of_camera))).unwrap();
            let nothing = std::iter::repeat_n(rusqlite::types::Null, statement.parameter_count());
            let steps = statement.query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>(3));
            let steps = steps.unwrap().collect::<Result<Vec<_>, _>>().unwrap().join("\n");
            assert!(steps.contains(index) && !steps.contains("TEMP B-TREE"), "{steps}");
        }
    }
}
