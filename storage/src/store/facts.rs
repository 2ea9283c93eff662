//! The history of what is measured, in steps of a minute and an hour. Rows hold chunks of points, so that the table stays small;
//! see [`crate::facts`].

use std::collections::BTreeMap;

use eyrie_types::{CameraId, NodeId, TenantId, TimeRange, WallTime};
use rusqlite::{Connection, OptionalExtension, params};

use super::column::{Col, col};
use super::store::sqlite_or;
use super::{Store, StoreError};
use crate::facts::{Chunk, NodePoint, Point, Step, StreamPoint};

/// Most cameras whose minute one write may hold: some milliseconds of the writer, so that recording's rows never wait long.
pub const FACTS_BATCH_MAX: usize = 200;

impl Store {
    /// Keeps a minute of up to [`FACTS_BATCH_MAX`] cameras, and redraws the hour it lies in. The same minute twice is the
    /// last one.
    ///
    /// # Errors
    /// [`StoreError::TooMany`].
    pub async fn keep_camera_minute(
        &self,
        minute: WallTime,
        points: Vec<(TenantId, CameraId, StreamPoint)>,
    ) -> Result<(), StoreError> {
        if points.len() > FACTS_BATCH_MAX {
            return Err(StoreError::TooMany { what: "cameras in a minute's batch", max: FACTS_BATCH_MAX });
        }
        let db = sqlite_or!(self, cql => cql.keep_camera_minute(minute, points));
        db.write(move |connection| {
            for (tenant, camera, point) in points {
                keep(connection, &Owner::Camera(tenant, camera), minute, point)?;
            }
            Ok(())
        })
        .await
    }

    /// Keeps a minute of the node, and redraws the hour it lies in.
    pub async fn keep_node_minute(&self, node: NodeId, minute: WallTime, point: NodePoint) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.keep_node_minute(node, minute, point));
        db.write(move |connection| keep(connection, &Owner::Node(node), minute, point)).await
    }

    /// The kept points of a camera that begin within `range`, by their beginning. Of seconds there are none here.
    pub async fn camera_facts(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        step: Step,
        range: TimeRange,
    ) -> Result<BTreeMap<WallTime, StreamPoint>, StoreError> {
        let owner = Owner::Camera(tenant.clone(), camera);
        let db = sqlite_or!(self, cql => cql.facts(owner, step, range));
        db.read(move |connection| points(connection, &owner, step, range)).await
    }

    /// The kept points of the node that begin within `range`, by their beginning.
    pub async fn node_facts(
        &self,
        node: NodeId,
        step: Step,
        range: TimeRange,
    ) -> Result<BTreeMap<WallTime, NodePoint>, StoreError> {
        let db = sqlite_or!(self, cql => cql.facts(Owner::Node(node), step, range));
        db.read(move |connection| points(connection, &Owner::Node(node), step, range)).await
    }

    /// Removes up to `limit` chunks of points that are past their time as of `now`; answers how many.
    pub async fn purge_facts(&self, now: WallTime, limit: u32) -> Result<usize, StoreError> {
        let db = sqlite_or!(self, cql => cql.purge_facts(now, limit));
        db.write(move |connection| {
            let mut removed = 0;
            for step in [Step::Minute, Step::Hour] {
                let first = chunk_of(now - step.kept(), step);
                let old = "SELECT tenant, camera, chunk FROM camera_facts WHERE step_s = ?1 AND chunk < ?2 LIMIT ?3";
                let mut old = connection.prepare_cached(old)?;
                let old = old
                    .query_map(params![step.seconds(), first, limit], |row| {
                        Ok((col::<TenantId>(row, 0)?, col::<CameraId>(row, 1)?, row.get::<_, i64>(2)?))
                    })?
                    .collect::<Result<Vec<_>, _>>()?;
                for (tenant, camera, chunk) in old {
                    removed += connection
                        .prepare_cached(
                            "DELETE FROM camera_facts WHERE tenant = ?1 AND camera = ?2 AND step_s = ?3 AND chunk = ?4",
                        )?
                        .execute(params![Col(tenant), Col(camera), step.seconds(), chunk])?;
                }
                // The node's own: one row an hour and one a day, so there is never much to remove.
                removed += connection
                    .prepare_cached("DELETE FROM node_facts WHERE step_s = ?1 AND chunk < ?2")?
                    .execute(params![step.seconds(), first])?;
            }
            Ok(removed)
        })
        .await
    }
}

/// Whose history.
pub(super) enum Owner {
    Camera(TenantId, CameraId),
    Node(NodeId),
}

/// The chunk that `at` lies in, counted from 1970.
pub(super) fn chunk_of(at: WallTime, step: Step) -> i64 {
    at.as_unix_secs().div_euclid(step.chunk_seconds().into())
}

/// The place of `at` in its chunk. At most 60 places, so a byte holds it.
fn place_of(at: WallTime, step: Step) -> u8 {
    (at.as_unix_secs().rem_euclid(step.chunk_seconds().into()) / i64::from(step.seconds())) as u8
}

/// Puts a minute into its hour of minutes; the hour as one point.
pub(super) fn add_minute<P: Point>(hour: &mut Chunk<P>, at: WallTime, point: P) -> Option<P> {
    hour.points.insert(place_of(at, Step::Minute), point);
    let minutes: Vec<P> = hour.points.values().copied().collect();
    P::merge(&minutes)
}

/// Puts an hour into its day of hours.
pub(super) fn add_hour<P: Point>(day: &mut Chunk<P>, at: WallTime, hour: P) {
    day.points.insert(place_of(at, Step::Hour), hour);
}

/// Adds a minute to its hour of minutes, and puts that hour, drawn anew, into its day of hours.
fn keep<P: Point>(connection: &Connection, owner: &Owner, at: WallTime, point: P) -> Result<(), StoreError> {
    let mut hour = chunk::<P>(connection, owner, Step::Minute, chunk_of(at, Step::Minute))?;
    let whole = add_minute(&mut hour, at, point);
    put(connection, owner, Step::Minute, chunk_of(at, Step::Minute), &hour)?;
    let Some(whole) = whole else { return Ok(()) };
    let mut day = chunk::<P>(connection, owner, Step::Hour, chunk_of(at, Step::Hour))?;
    add_hour(&mut day, at, whole);
    put(connection, owner, Step::Hour, chunk_of(at, Step::Hour), &day)
}

/// A chunk as it is kept. One that a later release wrote, or that is damaged, begins anew: it is history, and no reason to
/// keep none.
fn chunk<P: Point>(connection: &Connection, owner: &Owner, step: Step, chunk: i64) -> Result<Chunk<P>, StoreError> {
    let step = step.seconds();
    let bytes: Option<Vec<u8>> = match owner {
        Owner::Camera(tenant, camera) => connection
            .prepare_cached(
                "SELECT points FROM camera_facts WHERE tenant = ?1 AND camera = ?2 AND step_s = ?3 AND chunk = ?4",
            )?
            .query_row(params![Col(tenant.clone()), Col(*camera), step, chunk], |row| row.get(0))
            .optional()?,
        Owner::Node(node) => connection
            .prepare_cached("SELECT points FROM node_facts WHERE node = ?1 AND step_s = ?2 AND chunk = ?3")?
            .query_row(params![Col(*node), step, chunk], |row| row.get(0))
            .optional()?,
    };
    Ok(bytes.and_then(|bytes| Chunk::decode(&bytes)).unwrap_or_default())
}

fn put<P: Point>(
    connection: &Connection,
    owner: &Owner,
    step: Step,
    chunk: i64,
    points: &Chunk<P>,
) -> Result<(), StoreError> {
    let (step, bytes) = (step.seconds(), points.encode());
    match owner {
        Owner::Camera(tenant, camera) => connection
            .prepare_cached(
                "INSERT OR REPLACE INTO camera_facts (tenant, camera, step_s, chunk, points) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![Col(tenant.clone()), Col(*camera), step, chunk, bytes])?,
        Owner::Node(node) => connection
            .prepare_cached("INSERT OR REPLACE INTO node_facts (node, step_s, chunk, points) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![Col(*node), step, chunk, bytes])?,
    };
    Ok(())
}

/// The first and the last chunk of a range. Bounded by what is kept: a week has 10,080 minutes, two years have 17,568 hours.
pub(super) fn chunks_within(step: Step, range: TimeRange) -> (i64, i64) {
    let first = chunk_of(range.start, step);
    (first, chunk_of(range.end, step).min(first + i64::try_from(step.kept().as_secs()).unwrap_or(0) / 3600))
}

/// The points of a chunk that begin within `range`, by their beginning.
pub(super) fn points_within<P: Point>(step: Step, range: TimeRange, chunk: i64, bytes: &[u8]) -> Vec<(WallTime, P)> {
    let start = chunk * i64::from(step.chunk_seconds());
    let points = Chunk::<P>::decode(bytes).unwrap_or_default().points.into_iter().map(|(place, point)| {
        let at = (start + i64::from(place) * i64::from(step.seconds())) * 1_000_000;
        (WallTime::from_unix_us(at), point)
    });
    points.filter(|(at, _)| (range.start..range.end).contains(at)).collect()
}

fn points<P: Point>(
    connection: &Connection,
    owner: &Owner,
    step: Step,
    range: TimeRange,
) -> Result<BTreeMap<WallTime, P>, StoreError> {
    let (seconds, (first, last)) = (step.seconds(), chunks_within(step, range));
    let mut found = BTreeMap::new();
    let mut add = |row: &rusqlite::Row<'_>| -> rusqlite::Result<()> {
        found.extend(points_within::<P>(step, range, row.get(0)?, row.get_ref(1)?.as_blob()?));
        Ok(())
    };
    let (sql, key) = match owner {
        Owner::Camera(..) => (
            "SELECT chunk, points FROM camera_facts
             WHERE tenant = ?1 AND camera = ?2 AND step_s = ?3 AND chunk BETWEEN ?4 AND ?5",
            2,
        ),
        Owner::Node(_) => {
            ("SELECT chunk, points FROM node_facts WHERE node = ?1 AND step_s = ?2 AND chunk BETWEEN ?3 AND ?4", 1)
        }
    };
    let mut statement = connection.prepare_cached(sql)?;
    match owner {
        Owner::Camera(tenant, camera) => {
            statement.raw_bind_parameter(1, Col(tenant.clone()))?;
            statement.raw_bind_parameter(2, Col(*camera))?;
        }
        Owner::Node(node) => statement.raw_bind_parameter(1, Col(*node))?,
    }
    statement.raw_bind_parameter(key + 1, seconds)?;
    statement.raw_bind_parameter(key + 2, first)?;
    statement.raw_bind_parameter(key + 3, last)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        add(row)?;
    }
    Ok(found)
}
