//! Finding cameras among many: search, filters, pages.

use eyrie_types::{CameraId, SiteId, TenantId};
use rusqlite::types::ToSql;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use super::column::{Col, col};
use super::cursor::Cursor;
use super::fold::fold;
use super::{Store, StoreError, StoredCamera, cameras, sites};

/// Most cameras on one page.
pub const CAMERA_PAGE_MAX: usize = 1000;
/// Most ids in a filter: every camera of the largest directory this store is made for.
const FILTER_IDS_MAX: usize = 100_000;
/// Most labels in a filter: each is one more condition in the query.
const FILTER_LABELS_MAX: usize = 16;

/// Most labels told at once: more than anybody can choose from.
pub const LABELS_MAX: usize = 1000;

/// Which cameras to list. The default lists all, sorted by name.
#[derive(Debug, Clone, Default)]
pub struct CameraQuery {
    /// Part of the name, of a label or of the site's name, in any case. It is plain text: no character is special.
    pub search: Option<String>,
    /// Labels a camera must all carry.
    pub labels: Vec<String>,
    /// The site it must stand at.
    pub site: Option<SiteId>,
    /// Only these cameras: how the caller filters by what the store does not know, such as the state.
    pub ids: Option<Vec<CameraId>>,
    /// Cameras on the page: from 1 to [`CAMERA_PAGE_MAX`], clamped.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
}

/// A page of cameras, sorted by name (case folded), then id.
#[derive(Debug, Clone)]
pub struct CameraPage {
    /// The cameras.
    pub items: Vec<StoredCamera>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<Cursor>,
    /// How many cameras match on all pages.
    pub total: u64,
}

/// The last row of a page.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    #[serde(rename = "n")]
    name_folded: String,
    #[serde(rename = "i")]
    id: CameraId,
}

impl Store {
    /// A page of the cameras that match `query`.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`], or [`StoreError::TooMany`] ids or labels in the filter.
    pub async fn cameras(&self, tenant: &TenantId, query: CameraQuery) -> Result<CameraPage, StoreError> {
        if query.ids.as_ref().is_some_and(|ids| ids.len() > FILTER_IDS_MAX) {
            return Err(StoreError::TooMany { what: "camera ids in a filter", max: FILTER_IDS_MAX });
        }
        if query.labels.len() > FILTER_LABELS_MAX {
            return Err(StoreError::TooMany { what: "labels in a filter", max: FILTER_LABELS_MAX });
        }
        let after: Option<Place> = query.cursor.as_ref().map(Cursor::read).transpose()?;
        let tenant = tenant.clone();
        self.read(move |connection| list(connection, &tenant, &query, after)).await
    }

    /// The labels in use and how many cameras carry each, by label: the first [`LABELS_MAX`].
    pub async fn labels(&self, tenant: &TenantId) -> Result<Vec<(String, u64)>, StoreError> {
        let tenant = tenant.clone();
        self.read(move |connection| {
            let sql =
                "SELECT label, count(*) FROM camera_labels WHERE tenant = ?1 GROUP BY label ORDER BY label LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let read = |row: &Row<'_>| Ok((row.get(0)?, col(row, 1)?));
            let labels =
                statement.query_map(params![Col(tenant), LABELS_MAX as u32], read)?.collect::<Result<_, _>>()?;
            Ok(labels)
        })
        .await
    }

    /// Cameras of **all tenants** in the order of (tenant, id), for a node that starts what it should run: up to
    /// [`CAMERA_PAGE_MAX`] after `after`.
    pub async fn cameras_of_all_tenants(
        &self,
        after: Option<(TenantId, CameraId)>,
    ) -> Result<Vec<StoredCamera>, StoreError> {
        self.read(move |connection| {
            let columns = cameras::COLUMNS;
            let page = CAMERA_PAGE_MAX;
            let mut rows = Vec::new();
            if let Some((tenant, id)) = after {
                let sql = format!(
                    "SELECT {columns} FROM cameras WHERE (tenant, id) > (?1, ?2) ORDER BY tenant, id LIMIT {page}"
                );
                let mut statement = connection.prepare_cached(&sql)?;
                for row in statement.query_map(params![Col(tenant), Col(id)], cameras::read)? {
                    rows.push(row?);
                }
            } else {
                let sql = format!("SELECT {columns} FROM cameras ORDER BY tenant, id LIMIT {page}");
                let mut statement = connection.prepare_cached(&sql)?;
                for row in statement.query_map([], cameras::read)? {
                    rows.push(row?);
                }
            }
            Ok(rows)
        })
        .await
    }
}

/// A `WHERE` clause under construction: the conditions and the values of their `?`s, in order.
#[derive(Default)]
struct Filter {
    conditions: Vec<String>,
    values: Vec<Box<dyn ToSql>>,
}

impl Filter {
    fn and(&mut self, condition: impl Into<String>, value: impl ToSql + 'static) {
        self.conditions.push(condition.into());
        self.values.push(Box::new(value));
    }

    fn sql(&self) -> String {
        self.conditions.join(" AND ")
    }

    fn values(&self) -> Vec<&dyn ToSql> {
        self.values.iter().map(AsRef::as_ref).collect()
    }
}

fn filter(connection: &Connection, tenant: &TenantId, query: &CameraQuery) -> Result<Filter, StoreError> {
    let mut filter = Filter::default();
    filter.and("tenant = ?", Col(tenant.clone()));
    if let Some(site) = query.site {
        filter.and("site = ?", Col(site));
    }
    for label in &query.labels {
        filter.and("id IN (SELECT camera FROM camera_labels WHERE tenant = ? AND label = ?)", Col(tenant.clone()));
        filter.values.push(Box::new(label.clone()));
    }
    if let Some(ids) = &query.ids {
        filter.and("id IN (SELECT unhex(value) FROM json_each(?))", hex_list(ids.iter().map(CameraId::as_uuid)));
    }
    if let Some(text) = query.search.as_deref().map(fold).filter(|text| !text.is_empty()) {
        // Sites are another aggregate: their matching ids first, then the cameras. instr() knows no wildcards, so nothing
        // in the text needs escaping.
        let sites = sites::matching(connection, tenant, &text)?;
        filter.and(
            "(instr(name_folded, ?) OR instr(labels_folded, ?) OR site IN (SELECT unhex(value) FROM json_each(?)))",
            text.clone(),
        );
        filter.values.push(Box::new(text));
        filter.values.push(Box::new(hex_list(sites.iter().map(SiteId::as_uuid))));
    }
    Ok(filter)
}

/// Ids as a JSON list of hexadecimal texts: the one parameter that an `IN` of any length needs.
fn hex_list<'a>(ids: impl Iterator<Item = &'a uuid::Uuid>) -> String {
    let ids: Vec<String> = ids.map(|id| id.simple().to_string()).collect();
    // A list of hexadecimal texts needs no escaping.
    if ids.is_empty() { "[]".to_owned() } else { format!("[\"{}\"]", ids.join("\",\"")) }
}

fn list(
    connection: &Connection,
    tenant: &TenantId,
    query: &CameraQuery,
    after: Option<Place>,
) -> Result<CameraPage, StoreError> {
    let mut filter = filter(connection, tenant, query)?;
    let count = format!("SELECT count(*) FROM cameras WHERE {}", filter.sql());
    let total =
        connection.prepare_cached(&count)?.query_row(filter.values().as_slice(), |row| row.get::<_, Col<u64>>(0))?.0;

    if let Some(place) = after {
        filter.and("(name_folded, id) > (?, ?)", place.name_folded);
        filter.values.push(Box::new(Col(place.id)));
    }
    let limit = query.limit.clamp(1, CAMERA_PAGE_MAX);
    // One more than asked for tells whether another page follows.
    let page = format!(
        "SELECT {}, name_folded FROM cameras WHERE {} ORDER BY name_folded, id LIMIT {}",
        cameras::COLUMNS,
        filter.sql(),
        limit + 1
    );
    let mut statement = connection.prepare_cached(&page)?;
    let read = |row: &rusqlite::Row<'_>| Ok((cameras::read(row)?, row.get::<_, String>(7)?));
    let mut rows = statement.query_map(filter.values().as_slice(), read)?.collect::<Result<Vec<_>, _>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = match rows.last() {
        Some((last, name_folded)) if more => {
            Some(Cursor::write(&Place { name_folded: name_folded.clone(), id: last.camera.id })?)
        }
        _ => None,
    };
    Ok(CameraPage { items: rows.into_iter().map(|(camera, _)| camera).collect(), next_cursor, total })
}
