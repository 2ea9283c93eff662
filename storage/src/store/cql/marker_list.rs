use std::collections::HashMap;

use eyrie_types::{CameraId, MARKER_LENGTH_MAX, Marker, MarkerId, TenantId, TimeRange, WallTime};

use super::cells::{ToCell as _, cells};
use super::cql::{Cql, Walk};
use super::directories::Of;
use super::markers::{columns, read_marker, scope, week_of};
use crate::store::marker_list::{Place, last_place, merge, page};
use crate::store::markers::folded;
use crate::store::{
    MARKER_PAGE_MAX, MARKER_SCAN_MAX, MARKERS_PER_CAMERA_MAX, MarkerPage, MarkerQuery, MarkerStep, StoreError,
};

/// Rows looked at before it is asked whether their cameras are there.
const LOOKED_AT_ONCE: usize = 500;

impl Cql {
    pub(in crate::store) async fn markers(
        &self,
        tenant: &TenantId,
        query: &MarkerQuery,
        before: Option<Place>,
    ) -> Result<MarkerPage, StoreError> {
        let limit = query.limit.clamp(1, MARKER_PAGE_MAX);
        let search = query.search.as_deref().map(crate::store::fold).filter(|text| !text.is_empty());
        let mut before = before.filter(|place| place.start < query.range.end).unwrap_or(last_place(query));
        let first = query.range.start - MARKER_LENGTH_MAX;
        let of = Of::MarkerWeeks(tenant, query.camera);
        let mut weeks = self.numbers(of, week_of(first), week_of(before.start)).await?;
        let mut known = HashMap::new();
        let (mut items, mut seen, mut scanned) = (Vec::new(), None, 0);
        while let Some(week) = weeks.pop() {
            // A stretch of the week, latest first.
            let mut rows: Vec<Marker> = Vec::new();
            let most = LOOKED_AT_ONCE.min(MARKER_SCAN_MAX - scanned);
            let text = concat!(
                "SELECT ",
                columns!(),
                " FROM markers_by_time WHERE tenant = ? AND scope = ? AND week = ? AND start_us >= ?
                 AND (start_us, id) < (?, ?) LIMIT ?"
            );
            let mut values = cells![tenant, scope(query.camera), week, first, before.start, before.id];
            values.push(super::cells::limit(most as u32));
            self.walk("marker", text, values, |mut row| {
                rows.push(read_marker(&mut row)?);
                Ok(Walk::On)
            })
            .await?;
            if rows.len() == most {
                weeks.push(week);
            }
            for marker in rows {
                scanned += 1;
                let place = Place { start: marker.text.start, id: marker.id };
                if wanted(&marker, query, search.as_deref()) && self.visible(tenant, query, &marker, &mut known).await?
                {
                    if items.len() == limit {
                        // One more than asked for: another page follows, after the last that was taken.
                        return page(items, seen);
                    }
                    items.push(marker);
                }
                seen = Some(place);
                before = place;
            }
            if scanned >= MARKER_SCAN_MAX {
                return page(items, seen);
            }
        }
        page(items, None)
    }

    pub(in crate::store) async fn marker_steps(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
        points: usize,
    ) -> Result<Vec<MarkerStep>, StoreError> {
        let first = range.start - MARKER_LENGTH_MAX;
        let of = Of::MarkerWeeks(tenant, Some(camera));
        let mut rows = Vec::new();
        for week in self.numbers(of, week_of(first), week_of(range.end)).await? {
            let text = "SELECT start_us, end_us, id FROM markers_by_time WHERE tenant = ? AND scope = ? AND week = ?
                        AND start_us >= ? AND start_us < ? ORDER BY start_us, id";
            let mut values = cells![tenant, scope(Some(camera)), week];
            values.extend([first.to_cell(), range.end.to_cell()]);
            self.walk("marker", text, values, |mut row| {
                rows.push((row.get::<WallTime>(0)?, row.get::<Option<WallTime>>(1)?, row.get::<MarkerId>(2)?));
                Ok(if rows.len() < MARKERS_PER_CAMERA_MAX { Walk::On } else { Walk::Enough })
            })
            .await?;
        }
        rows.retain(|(start, end, _)| *start >= range.start || end.is_some_and(|end| end > range.start));
        let mut steps = Vec::new();
        for (step, id) in merge(&rows, range, points.max(1)) {
            let marker = match id {
                Some(id) => self.marker(tenant, camera, id).await?,
                None => None,
            };
            steps.push(MarkerStep { marker, ..step });
        }
        Ok(steps)
    }

    /// Whether the camera of a marker is one whose markers are asked for. Each is looked up once.
    async fn visible(
        &self,
        tenant: &TenantId,
        query: &MarkerQuery,
        marker: &Marker,
        known: &mut HashMap<CameraId, bool>,
    ) -> Result<bool, StoreError> {
        if query.of_deleted {
            return Ok(true);
        }
        if let Some(there) = known.get(&marker.camera) {
            return Ok(*there);
        }
        let there = self.camera(tenant, marker.camera).await?.is_some();
        known.insert(marker.camera, there);
        Ok(there)
    }
}

fn wanted(marker: &Marker, query: &MarkerQuery, search: Option<&str>) -> bool {
    let text = &marker.text;
    (text.start >= query.range.start || text.end.is_some_and(|end| end > query.range.start))
        && query.category.as_ref().is_none_or(|category| *category == text.category)
        && search.is_none_or(|search| folded(text).contains(search))
}
