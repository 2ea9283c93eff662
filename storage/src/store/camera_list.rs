//! Finding cameras among many: search, filters, pages.

use eyrie_types::{CameraId, SiteId, TenantId};
use rusqlite::types::ToSql;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use super::column::{Col, col};
use super::cursor::Cursor;
use super::fold::fold;
use super::store::sqlite_or;
use super::{Store, StoreError, StoredCamera, cameras, sites};

/// Most cameras on one page.
pub const CAMERA_PAGE_MAX: usize = 1000;
/// Most ids in a filter: every camera of the largest directory this store is made for, as a text of 9 MiB.
const FILTER_IDS_MAX: usize = 250_000;
/// Up to so many ids are looked up one by one and sorted; among more, a page is found sooner by going along the names.
pub(super) const IDS_LOOKED_UP_MAX: usize = CAMERA_PAGE_MAX;
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

/// Where a camera stands in the list: by its [folded](super::fold) name, then its id. That of the last on a page is the cursor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraPlace {
    /// The name, folded.
    #[serde(rename = "n")]
    pub name_folded: String,
    /// The id.
    #[serde(rename = "i")]
    pub id: CameraId,
}

impl CameraPlace {
    /// The place that a cursor names.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`].
    pub fn of(cursor: &Cursor) -> Result<Self, StoreError> {
        cursor.read()
    }

    /// The cursor that names it.
    ///
    /// # Errors
    /// None in practice: a place can always be written.
    pub fn cursor(&self) -> Result<Cursor, StoreError> {
        Cursor::write(self)
    }
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
        let after = query.cursor.as_ref().map(CameraPlace::of).transpose()?;
        let db = sqlite_or!(self, cql => cql.cameras(tenant, query, after));
        let tenant = tenant.clone();
        db.read(move |connection| list(connection, &tenant, &query, after)).await
    }

    /// The labels in use and how many cameras carry each, by label: the first [`LABELS_MAX`].
    pub async fn labels(&self, tenant: &TenantId) -> Result<Vec<(String, u64)>, StoreError> {
        let db = sqlite_or!(self, cql => cql.labels(tenant));
        let tenant = tenant.clone();
        db.read(move |connection| {
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
        let db = sqlite_or!(self, cql => cql.cameras_of_all_tenants(after));
        db.read(move |connection| {
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
    after: Option<CameraPlace>,
) -> Result<CameraPage, StoreError> {
    let mut filter = filter(connection, tenant, query)?;
    let count = format!("SELECT count(*) FROM cameras WHERE {}", filter.sql());
    let total =
        connection.prepare_cached(&count)?.query_row(filter.values().as_slice(), |row| row.get::<_, Col<u64>>(0))?.0;

    let limit = query.limit.clamp(1, CAMERA_PAGE_MAX);
    let looked_up = query.ids.as_ref().is_some_and(|ids| ids.len() <= IDS_LOOKED_UP_MAX);
    let page = page_sql(&mut filter, after, looked_up, limit);
    let mut statement = connection.prepare_cached(&page)?;
    let read = |row: &rusqlite::Row<'_>| Ok((cameras::read(row)?, row.get::<_, String>(7)?));
    let mut rows = statement.query_map(filter.values().as_slice(), read)?.collect::<Result<Vec<_>, _>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = match rows.last() {
        Some((last, name_folded)) if more => {
            Some(CameraPlace { name_folded: name_folded.clone(), id: last.camera.id }.cursor()?)
        }
        _ => None,
    };
    Ok(CameraPage { items: rows.into_iter().map(|(camera, _)| camera).collect(), next_cursor, total })
}

/// The query for one page, and one camera more, which tells whether another page follows. `looked_up`: by the ids of the filter
/// instead of along the names.
fn page_sql(filter: &mut Filter, after: Option<CameraPlace>, looked_up: bool, limit: usize) -> String {
    // The unary plus takes the index of names out of the query planner's choice.
    let name = if looked_up { "+name_folded" } else { "name_folded" };
    if let Some(place) = after {
        filter.and(format!("({name}, id) > (?, ?)"), place.name_folded);
        filter.values.push(Box::new(Col(place.id)));
    }
    let (columns, conditions, limit) = (cameras::COLUMNS, filter.sql(), limit + 1);
    format!("SELECT {columns}, name_folded FROM cameras WHERE {conditions} ORDER BY {name}, id LIMIT {limit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrations::migrated_for_tests;

    /// How SQLite finds the page of `query`, in its own words.
    fn plan(query: &CameraQuery, after: bool) -> String {
        let connection = migrated_for_tests();
        let mut filter = filter(&connection, &TenantId::default_tenant(), query).unwrap();
        let place = CameraPlace { name_folded: "gate".to_owned(), id: CameraId::generate() };
        let looked_up = query.ids.as_ref().is_some_and(|ids| ids.len() <= IDS_LOOKED_UP_MAX);
        let page = page_sql(&mut filter, after.then_some(place), looked_up, 100);
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {page}")).unwrap();
        let steps = statement.query_map(filter.values().as_slice(), |row| row.get::<_, String>(3)).unwrap();
        steps.collect::<Result<Vec<_>, _>>().unwrap().join("\n")
    }

    #[test]
    fn a_page_of_few_ids_looks_those_up_and_any_other_goes_along_an_index_in_the_order_of_names() {
        let few = CameraQuery { ids: Some(vec![CameraId::generate(); 3]), ..CameraQuery::default() };
        let many = CameraQuery { ids: Some(vec![CameraId::generate(); 5_000]), ..CameraQuery::default() };
        let site = CameraQuery { site: Some(SiteId::generate()), ..CameraQuery::default() };
        for after in [false, true] {
            let found = plan(&few, after);
            assert!(found.contains("USING PRIMARY KEY (tenant=? AND id=?)"), "{found}");
            for (query, index) in [(&CameraQuery::default(), "by_name"), (&many, "by_name"), (&site, "by_site")] {
                let found = plan(query, after);
                assert!(found.contains(&format!("USING INDEX cameras_{index} (tenant=?")), "{found}");
                assert!(!found.contains("TEMP B-TREE"), "sorted by hand: {found}");
            }
        }
    }
}
