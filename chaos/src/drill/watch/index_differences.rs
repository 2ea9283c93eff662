use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::segment::{SegmentPath, SegmentReader, walk};
use eyrie_storage::store::{SEGMENT_PAGE_MAX, Store, StoreConfig};
use eyrie_types::{FragmentEntry, SegmentId, SegmentState, SystemClock};

use crate::drill::report::Worst;

/// How long recorders may take to close what they had open when their cameras were switched off.
const CLOSED_WITHIN: Duration = Duration::from_secs(30);
/// Pause between looks whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A fragment, by what reading needs of it: its number, where it begins, how long it is.
type Fragment = (u32, u64, u32);

/// How many fragments lie on the disks of all nodes and not in the index, or the other way. Nothing is recorded any more: what is
/// still open after a while is compared as it is.
///
/// # Errors
/// In words, when the index cannot be read.
pub(crate) async fn index_differences(store: StoreConfig, recordings: Vec<PathBuf>) -> Result<Worst, String> {
    let store = Store::open(store, Arc::new(SystemClock::new())).await.map_err(|error| error.to_string())?;
    let waiting = async {
        loop {
            match indexed(&store).await {
                Ok((indexed, 0)) => return Ok(indexed),
                Ok(_) => tokio::time::sleep(LOOK_EVERY).await,
                Err(error) => return Err(error),
            }
        }
    };
    let indexed = match tokio::time::timeout(CLOSED_WITHIN, waiting).await {
        Ok(found) => found?,
        Err(_) => indexed(&store).await?.0,
    };
    let on_disk = tokio::task::spawn_blocking(move || on_disk(&recordings)).await.map_err(|error| error.to_string())?;
    Ok(compare(&indexed, &on_disk))
}

/// What the index has of each segment, by its file; and how many segments are open.
async fn indexed(store: &Store) -> Result<(BTreeMap<PathBuf, BTreeSet<Fragment>>, usize), String> {
    let (mut found, mut open, mut after) = (BTreeMap::new(), 0, None);
    loop {
        let page = store.segments_after(after).await.map_err(|error| error.to_string())?;
        for row in &page {
            open += usize::from(row.state == SegmentState::Open);
            let (tenant, camera) = (&row.placement.tenant, row.placement.camera);
            let segment: SegmentId = row.segment;
            let table = store.fragments(tenant, camera, segment).await.map_err(|error| error.to_string())?;
            let path = SegmentPath::new(row.placement.clone(), row.segment, row.start).relative();
            found.insert(path, table.iter().map(fragment).collect());
        }
        if page.len() < SEGMENT_PAGE_MAX {
            return Ok((found, open));
        }
        after = page.last().cloned();
    }
}

/// What lies on the disks, by file. One that cannot be read has no fragments.
fn on_disk(recordings: &[PathBuf]) -> BTreeMap<PathBuf, BTreeSet<Fragment>> {
    let mut found = BTreeMap::new();
    for root in recordings {
        for segment in walk(root).filter_map(Result::ok) {
            let path = segment.path.strip_prefix(root).map_or_else(|_| segment.path.clone(), Path::to_owned);
            // Every byte is hashed: what is damaged is not there.
            let scan = SegmentReader::open(&segment.path, None).and_then(|reader| reader.scan(0));
            found.insert(path, scan.map(|scan| scan.fragments.iter().map(fragment).collect()).unwrap_or_default());
        }
    }
    found
}

fn fragment(entry: &FragmentEntry) -> Fragment {
    (entry.number, entry.offset, entry.length)
}

fn compare(index: &BTreeMap<PathBuf, BTreeSet<Fragment>>, disk: &BTreeMap<PathBuf, BTreeSet<Fragment>>) -> Worst {
    let (none, mut all, mut worst) = (BTreeSet::new(), 0, (0, String::new()));
    for path in index.keys().chain(disk.keys()).collect::<BTreeSet<_>>() {
        let (named, there) = (index.get(path).unwrap_or(&none), disk.get(path).unwrap_or(&none));
        let (lost, unknown) = (named.difference(there).count() as u64, there.difference(named).count() as u64);
        all += lost + unknown;
        if lost + unknown > worst.0 {
            let text = format!("{lost} not on disk and {unknown} not in the index, of {}", path.display());
            worst = (lost + unknown, text);
        }
    }
    Worst { measured: all, text: worst.1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_has_and_the_other_has_not_is_counted_both_ways() {
        let of = |files: &[(&str, &[Fragment])]| {
            let file =
                |(path, fragments): &(&str, &[Fragment])| (PathBuf::from(path), fragments.iter().copied().collect());
            files.iter().map(file).collect::<BTreeMap<_, BTreeSet<_>>>()
        };
        let index = of(&[("a", &[(0, 10, 5), (1, 15, 5)]), ("gone", &[(0, 10, 5)])]);
        let disk = of(&[("a", &[(0, 10, 5), (1, 15, 6)]), ("new", &[(0, 10, 5), (1, 15, 5), (2, 20, 5)])]);
        let found = compare(&index, &disk);
        assert_eq!(found.measured, 2 + 1 + 3);
        assert_eq!(found.text, "0 not on disk and 3 not in the index, of new");
        assert_eq!(compare(&index, &index), Worst { measured: 0, text: String::new() });
    }
}
