use std::collections::BinaryHeap;

use eyrie_types::{CameraId, SiteId, TenantId};
use futures::{StreamExt as _, TryStreamExt as _};

use super::cameras::{BUCKETS, CameraRow, bucket, columns, read};
use super::cells::{Cell, Cells, cells, limit};
use super::cql::{Cql, Walk, all_of};
use crate::store::camera_list::IDS_LOOKED_UP_MAX;
use crate::store::fold::fold;
use crate::store::{CAMERA_PAGE_MAX, CameraPage, CameraPlace, CameraQuery, LABELS_MAX, StoreError, StoredCamera};

/// Partitions read at the same time.
const BUCKETS_AT_ONCE: usize = 4;
/// Rows fetched at a time from each partition by a walk through all cameras: together somewhat more than a page.
const BUCKET_ROWS: u32 = 2 * CAMERA_PAGE_MAX as u32 / BUCKETS as u32;

/// A row that a list has looked at, with its place.
#[derive(Debug)]
struct Found {
    place: CameraPlace,
    row: Cells,
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Found {}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place.cmp(&other.place)
    }
}

/// Which rows a list takes.
struct Filter<'a> {
    query: &'a CameraQuery,
    search: Option<String>,
    /// The sites whose name the search finds.
    sites: Vec<SiteId>,
    ids: Option<std::collections::HashSet<CameraId>>,
}

impl Filter<'_> {
    fn takes(&self, id: CameraId, name_folded: &str, labels: &str, site: Option<SiteId>) -> bool {
        let found = |text: &String| {
            name_folded.contains(text.as_str())
                || fold(labels).contains(text.as_str())
                || site.is_some_and(|site| self.sites.contains(&site))
        };
        self.ids.as_ref().is_none_or(|ids| ids.contains(&id))
            && self.query.site.is_none_or(|wanted| site == Some(wanted))
            && self.query.labels.iter().all(|wanted| labels.split('\n').any(|label| label == wanted))
            && self.search.as_ref().is_none_or(found)
    }
}

/// What of a list was looked at: the first of the rows after the cursor, and how many rows match in all.
#[derive(Debug, Default)]
struct Page {
    first: BinaryHeap<Found>,
    total: u64,
}

impl Page {
    fn add(&mut self, found: Found, after: Option<&CameraPlace>, limit: usize) {
        self.total += 1;
        if after.is_some_and(|after| found.place <= *after) {
            return;
        }
        self.first.push(found);
        if self.first.len() > limit + 1 {
            self.first.pop();
        }
    }
}

impl Cql {
    /// Goes along all of the tenant's cameras, unless few are asked for by id: a sorted list in the cluster would be one
    /// more row with each change, and the gateway lists from memory.
    pub(in crate::store) async fn cameras(
        &self,
        tenant: &TenantId,
        query: CameraQuery,
        after: Option<CameraPlace>,
    ) -> Result<CameraPage, StoreError> {
        let search = query.search.as_deref().map(fold).filter(|text| !text.is_empty());
        let sites = match &search {
            Some(text) => {
                let all = self.sites(tenant).await?.into_iter();
                all.filter(|site| fold(&site.name).contains(text)).map(|site| site.id).collect()
            }
            None => Vec::new(),
        };
        let ids = query.ids.as_ref().map(|ids| ids.iter().copied().collect());
        let (filter, limit) = (Filter { query: &query, search, sites, ids }, query.limit.clamp(1, CAMERA_PAGE_MAX));
        let mut page = Page::default();
        match &filter.ids {
            Some(ids) if ids.len() <= IDS_LOOKED_UP_MAX => {
                let rows = ids.iter().map(|id| self.one("camera", LIST_ONE, cells![tenant, bucket(*id), id]));
                for row in all_of(rows.collect()).await?.into_iter().flatten() {
                    if let Some(found) = taken(row, &filter)? {
                        page.add(found, after.as_ref(), limit);
                    }
                }
            }
            _ => {
                let walks = (0..BUCKETS).map(|bucket| {
                    let (filter, after) = (&filter, after.as_ref());
                    async move {
                        let mut page = Page::default();
                        self.walk("camera", LIST_BUCKET, cells![tenant, bucket], |row| {
                            if let Some(found) = taken(row, filter)? {
                                page.add(found, after, limit);
                            }
                            Ok(Walk::On)
                        })
                        .await?;
                        Ok::<_, StoreError>(page)
                    }
                });
                let mut walks = futures::stream::iter(walks.collect::<Vec<_>>()).buffer_unordered(BUCKETS_AT_ONCE);
                while let Some(part) = walks.try_next().await? {
                    page.total += part.total;
                    page.first.extend(part.first);
                    while page.first.len() > limit + 1 {
                        page.first.pop();
                    }
                }
            }
        }
        let mut first = page.first.into_sorted_vec();
        let more = first.len() > limit;
        first.truncate(limit);
        let next_cursor = first.last().filter(|_| more).map(|last| last.place.cursor()).transpose()?;
        let items = first.into_iter().map(|found| Ok(read(found.row)?.stored)).collect::<Result<_, StoreError>>()?;
        Ok(CameraPage { items, next_cursor, total: page.total })
    }

    pub(in crate::store) async fn labels(&self, tenant: &TenantId) -> Result<Vec<(String, u64)>, StoreError> {
        let text = "SELECT labels, gone FROM cameras WHERE tenant = ? AND bucket = ?";
        let mut counts = std::collections::BTreeMap::<String, u64>::new();
        for bucket in 0..BUCKETS {
            self.walk("camera", text, cells![tenant, bucket], |mut row| {
                let (labels, gone): (String, Option<bool>) = (row.get(0)?, row.get(1)?);
                if gone != Some(true) {
                    for label in labels.split('\n').filter(|label| !label.is_empty()) {
                        *counts.entry(label.to_owned()).or_default() += 1;
                    }
                }
                Ok(Walk::On)
            })
            .await?;
        }
        Ok(counts.into_iter().take(LABELS_MAX).collect())
    }

    pub(in crate::store) async fn cameras_of_all_tenants(
        &self,
        after: Option<(TenantId, CameraId)>,
    ) -> Result<Vec<StoredCamera>, StoreError> {
        let mut page = Vec::new();
        for tenant in self.tenants().await? {
            let mut after = match &after {
                Some((last, _)) if tenant < *last => continue,
                Some((last, id)) if tenant == *last => Some(*id),
                _ => None,
            };
            while page.len() < CAMERA_PAGE_MAX {
                let some = self.cameras_after(&tenant, after).await?;
                let Some(last) = some.last() else { break };
                after = Some(last.camera.id);
                page.extend(some);
            }
        }
        page.truncate(CAMERA_PAGE_MAX);
        Ok(page)
    }

    /// Some cameras of a tenant after `after`, by id; none only at the end.
    async fn cameras_after(
        &self,
        tenant: &TenantId,
        mut after: Option<CameraId>,
    ) -> Result<Vec<StoredCamera>, StoreError> {
        loop {
            let from = after.unwrap_or(CameraId::from_uuid(uuid::Uuid::nil()));
            let parts = (0..BUCKETS).map(|bucket| self.few("camera", WALK_BUCKET, after_in(tenant, bucket, from)));
            let parts: Vec<Vec<Cells>> = all_of(parts.collect()).await?;
            let (mut rows, mut whole_up_to) = (Vec::new(), None::<CameraId>);
            for part in parts {
                let cut = part.len() == BUCKET_ROWS as usize;
                let part = part.into_iter().map(read).collect::<Result<Vec<CameraRow>, _>>()?;
                if let Some(last) = part.last().filter(|_| cut) {
                    // Beyond the last that one partition gave, others may have given some that stand after its next.
                    let last = last.stored.camera.id;
                    whole_up_to = Some(whole_up_to.map_or(last, |known| known.min(last)));
                }
                rows.extend(part);
            }
            self.settle_found(&rows).await?;
            rows.retain(|row| whole_up_to.is_none_or(|last| row.stored.camera.id <= last));
            rows.sort_unstable_by_key(|row| row.stored.camera.id);
            rows.truncate(CAMERA_PAGE_MAX);
            let last = rows.last().map(|row| row.stored.camera.id);
            let page: Vec<_> = rows.into_iter().filter(|row| !row.gone).map(|row| row.stored).collect();
            match last {
                // All that were found are about to go: there may be others after them.
                Some(last) if page.is_empty() => after = Some(last),
                _ => return Ok(page),
            }
        }
    }

    /// How many cameras stand at a site.
    pub(in crate::store) async fn cameras_at(&self, tenant: &TenantId, site: SiteId) -> Result<u64, StoreError> {
        let query = CameraQuery { site: Some(site), limit: 1, ..CameraQuery::default() };
        Ok(self.cameras(tenant, query, None).await?.total)
    }
}

const LIST_ONE: &str = concat!(
    "SELECT ",
    columns!(),
    ", name_folded, labels, site FROM cameras WHERE tenant = ? AND bucket = ? AND id = ?"
);
const LIST_BUCKET: &str =
    concat!("SELECT ", columns!(), ", name_folded, labels, site FROM cameras WHERE tenant = ? AND bucket = ?");
const WALK_BUCKET: &str =
    concat!("SELECT ", columns!(), " FROM cameras WHERE tenant = ? AND bucket = ? AND id > ? LIMIT ?");

/// Values for [`WALK_BUCKET`].
fn after_in(tenant: &TenantId, bucket: i64, from: CameraId) -> Vec<Cell> {
    let mut values = cells![tenant, bucket, from];
    values.push(limit(BUCKET_ROWS));
    values
}

/// A row of [`LIST_ONE`], if the filter takes it.
fn taken(mut row: Cells, filter: &Filter<'_>) -> Result<Option<Found>, StoreError> {
    let (name_folded, labels): (String, String) = (row.get(9)?, row.get(10)?);
    let id: CameraId = row.peek(1)?;
    if row.peek::<Option<bool>>(7)? == Some(true) || !filter.takes(id, &name_folded, &labels, row.get(11)?) {
        return Ok(None);
    }
    Ok(Some(Found { place: CameraPlace { name_folded, id }, row }))
}
