//! What a crash left open is scanned, and the index told what is really there. The same comparison, over everything, is
//! `eyrie recordings check`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use eyrie_storage::disk::Disk;
use eyrie_storage::segment::{FoundSegment, Scan, ScanEnd, SegmentPath, SegmentReader, walk};
use eyrie_storage::store::{FRAGMENT_CHUNK_MAX, SegmentCopy, Store, StoreError};
use eyrie_types::{FragmentEntry, NodeId, Placement, SegmentId, SegmentRow, SegmentState, WallTime};

use super::runs;
use crate::retention::finish_on;

/// What one segment or file was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A row whose segment was left open, or told of less or more than the file holds: the row now tells what is there.
    Mended {
        /// Which.
        segment: SegmentId,
        /// Where.
        path: PathBuf,
    },
    /// A file without a row: it has one now.
    Adopted {
        /// Which.
        segment: SegmentId,
        /// Where.
        path: PathBuf,
    },
    /// A row whose file is on none of the disks. The row stays, for the disk may come back.
    Missing {
        /// Which.
        segment: SegmentId,
        /// Where it should be, below the root of a recordings directory.
        path: PathBuf,
    },
    /// A file that is damaged: what comes before the damage is sound and in the index.
    Damaged {
        /// Where.
        path: PathBuf,
        /// How.
        reason: String,
    },
    /// A file or directory that is none of ours.
    Foreign {
        /// Where.
        path: PathBuf,
        /// What is odd about it.
        reason: String,
    },
}

/// What a repair or check found and did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RepairReport {
    /// Segments looked at.
    pub segments: u64,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// Why a repair could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The index.
    #[error("the index cannot be read or written")]
    Store(#[from] StoreError),
    /// A thread that reads the disk died.
    #[error("reading the recordings failed: {0}")]
    Reader(String),
}

/// Scans the segments of `node` that are open in the index and that `is_left` says an earlier run wrote, and writes their rows
/// anew.
///
/// # Errors
/// When the store does not answer.
pub async fn repair_index(
    store: &Store,
    node: NodeId,
    disks: &[Disk],
    is_left: impl Fn(&Placement) -> bool,
) -> Result<RepairReport, RepairError> {
    let mut report = RepairReport::default();
    for row in store.open_segments(node).await? {
        if !is_left(&row.placement) {
            continue;
        }
        report.segments += 1;
        let Some((disk, path)) = find(disks, &row) else {
            // Opened in the index, but the crash came before the file was durable: nothing is there to be played.
            report.findings.push(Finding::Missing { segment: row.segment, path: relative(&row) });
            store.put_segments(vec![SegmentRow { state: SegmentState::Unclosed, ..row }]).await?;
            continue;
        };
        let (mended, damage) = rescan(path.clone(), row).await?;
        if let Some(reason) = damage {
            report.findings.push(Finding::Damaged { path: path.clone(), reason });
        }
        if let Some(mended) = mended {
            report.findings.push(Finding::Mended { segment: mended.row.segment, path });
            write(store, &disk.config().name, mended).await?;
        }
    }
    Ok(report)
}

/// Gives a row to each file below `disks` that has none and that `is_left` says an earlier run wrote, on the UTC day of `since` or
/// later: what the index did not take before the node stopped. It reads names and headers alone, but for the files it adopts.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn adopt_lost(
    store: &Store,
    node: NodeId,
    disks: &[Disk],
    is_left: impl Fn(&Placement) -> bool,
    since: Option<WallTime>,
) -> Result<RepairReport, RepairError> {
    let mut report = RepairReport::default();
    for disk in disks {
        let mut files = walk(disk.config().root.clone());
        if let Some(since) = since {
            files = files.since(since);
        }
        loop {
            let (next, rest) = blocking(move || (files.next(), files)).await?;
            files = rest;
            // What is odd about a file is for `recordings check` to say; a start has footage to find.
            let Some(found) = next else { break };
            let Ok(found) = found else { continue };
            let head = &found.head;
            if !is_left(&head.placement) || store.knows_segment(&head.placement, head.segment, head.start).await? {
                continue;
            }
            report.segments += 1;
            check_file(store, node, &disk.config().name, found, None, false, &mut report).await?;
        }
    }
    Ok(report)
}

/// Where the file of `row` lies below the root of its disk.
fn relative(row: &SegmentRow) -> PathBuf {
    SegmentPath::new(row.placement.clone(), row.segment, row.start).relative()
}

/// The disk that holds the file of `row`.
pub(super) fn find<'a>(disks: &'a [Disk], row: &SegmentRow) -> Option<(&'a Disk, PathBuf)> {
    let relative = relative(row);
    disks.iter().map(|disk| (disk, disk.config().root.join(&relative))).find(|(_, path)| path.is_file())
}

/// Compares every file below `roots` with every row of the index, and mends what can be mended: rows that tell something else
/// than their file, files without a row. With `deep`, the stored bytes of every fragment are hashed too. The node must not be
/// recording into `roots` meanwhile.
///
/// # Errors
/// When the store does not answer.
pub async fn check_recordings(
    store: &Store,
    node: NodeId,
    roots: &[PathBuf],
    deep: bool,
) -> Result<RepairReport, RepairError> {
    // What retention was deleting when the node stopped is not to be taken for footage without a row.
    finish_on(store, roots).await?;
    let mut report = RepairReport::default();
    let mut rows = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.segments_after(after.take()).await?;
        let Some(last) = page.last().cloned() else { break };
        rows.extend(page.into_iter().filter(|row| row.node == node).map(|row| (row.segment, row)));
        after = Some(last);
    }
    let mut seen = BTreeSet::new();
    for root in roots {
        // One file at a time: a check may take hours and must not hold much.
        let mut files = walk(root.clone());
        loop {
            let (next, rest) = blocking(move || (files.next(), files)).await?;
            files = rest;
            match next {
                None => break,
                Some(Err(skipped)) => {
                    report.findings.push(Finding::Foreign { path: skipped.path, reason: skipped.reason });
                }
                Some(Ok(found)) => {
                    report.segments += 1;
                    seen.insert(found.head.segment);
                    let row = rows.get(&found.head.segment).cloned();
                    // A disk is named after its directory unless its configuration says otherwise.
                    check_file(store, node, &root.display().to_string(), found, row, deep, &mut report).await?;
                }
            }
        }
    }
    for (segment, row) in rows {
        if !seen.contains(&segment) {
            report.findings.push(Finding::Missing { segment, path: relative(&row) });
        }
    }
    Ok(report)
}

async fn check_file(
    store: &Store,
    node: NodeId,
    disk: &str,
    found: FoundSegment,
    row: Option<SegmentRow>,
    deep: bool,
    report: &mut RepairReport,
) -> Result<(), RepairError> {
    let adopted = row.is_none();
    let sound = |row: &SegmentRow| row.state == SegmentState::Closed && found.closed && row.bytes == found.bytes;
    if !deep && row.as_ref().is_some_and(sound) {
        return Ok(());
    }
    let row = row.unwrap_or_else(|| row_of(node, &found));
    let segment = row.segment;
    let (mended, damage) = rescan_from(found.path.clone(), row, if deep { 0 } else { u64::MAX }).await?;
    if let Some(reason) = damage {
        report.findings.push(Finding::Damaged { path: found.path.clone(), reason });
    }
    if let Some(mended) = mended {
        let path = found.path;
        report.findings.push(if adopted {
            Finding::Adopted { segment, path }
        } else {
            Finding::Mended { segment, path }
        });
        write(store, disk, mended).await?;
    }
    Ok(())
}

/// What a scan makes of a segment.
struct Rescanned {
    row: SegmentRow,
    entries: Vec<FragmentEntry>,
}

/// Brings row, copy and fragment table in line with what was found.
async fn write(store: &Store, disk: &str, Rescanned { row, entries }: Rescanned) -> Result<(), RepairError> {
    let Placement { tenant, camera, .. } = &row.placement;
    let known = known_numbers(store, &row).await?;
    for chunk in missing(&entries, &known) {
        store.append_fragments(tenant, *camera, row.segment, &chunk).await?;
    }
    store.put_copy(copy_of(&row, disk)).await?;
    store.put_segments(vec![row]).await?;
    Ok(())
}

pub(super) fn copy_of(row: &SegmentRow, disk: &str) -> SegmentCopy {
    SegmentCopy {
        tenant: row.placement.tenant.clone(),
        camera: row.placement.camera,
        segment: row.segment,
        start: row.start,
        node: row.node,
        disk: disk.to_owned(),
        path: relative(row).display().to_string(),
        bytes: row.bytes,
        written_at: row.end,
    }
}

/// The numbers of the fragments that the index knows of a segment.
pub(super) async fn known_numbers(store: &Store, row: &SegmentRow) -> Result<BTreeSet<u32>, StoreError> {
    let known = store.fragments(&row.placement.tenant, row.placement.camera, row.segment).await?;
    Ok(known.into_iter().map(|entry| entry.number).collect())
}

/// What of `entries` the index does not know, in chunks without a hole.
pub(super) fn missing(entries: &[FragmentEntry], known: &BTreeSet<u32>) -> Vec<Vec<FragmentEntry>> {
    let unknown: Vec<_> = entries.iter().filter(|entry| !known.contains(&entry.number)).cloned().collect();
    let runs = unknown.chunk_by(|before, entry| before.number.checked_add(1) == Some(entry.number));
    runs.flat_map(|run| run.chunks(FRAGMENT_CHUNK_MAX)).map(<[_]>::to_vec).collect()
}

/// The row of a file that has none, still without its fragments.
fn row_of(node: NodeId, found: &FoundSegment) -> SegmentRow {
    SegmentRow {
        placement: found.head.placement.clone(),
        segment: found.head.segment,
        node,
        state: SegmentState::Open,
        start: found.head.start,
        end: found.head.start,
        runs: Vec::new(),
        fragments: 0,
        bytes: 0,
        key: found.head.key,
        merkle_root: None,
    }
}

/// Scans the file of `row`, hashing what was not known to be durable.
async fn rescan(path: PathBuf, row: SegmentRow) -> Result<(Option<Rescanned>, Option<String>), RepairError> {
    let from = row.bytes;
    rescan_from(path, row, from).await
}

async fn rescan_from(
    path: PathBuf,
    row: SegmentRow,
    verify_from: u64,
) -> Result<(Option<Rescanned>, Option<String>), RepairError> {
    blocking(move || match scan_file(&path, verify_from) {
        Ok((scan, bytes)) => {
            let damage = match &scan.end {
                ScanEnd::Damaged { reason } => Some(reason.to_string()),
                ScanEnd::Closed | ScanEnd::Unclosed => None,
            };
            let mended = mended(&row, &scan, bytes);
            ((mended != row).then_some(Rescanned { row: mended, entries: scan.fragments }), damage)
        }
        Err(error) => (None, Some(error)),
    })
    .await
}

/// Scans a file, hashing what begins at or behind `verify_from`; answers its length, too.
pub(super) fn scan_file(path: &Path, verify_from: u64) -> Result<(Scan, u64), String> {
    let scanned = SegmentReader::open(path, None).and_then(|reader| {
        let bytes = reader.bytes()?;
        reader.scan(verify_from).map(|scan| (scan, bytes))
    });
    scanned.map_err(|error| error.to_string())
}

/// The row as the scan tells it.
pub(super) fn mended(row: &SegmentRow, scan: &Scan, file_bytes: u64) -> SegmentRow {
    let closed = scan.end == ScanEnd::Closed;
    let mut mended = SegmentRow {
        state: if closed { SegmentState::Closed } else { SegmentState::Unclosed },
        end: row.start,
        runs: Vec::new(),
        fragments: 0,
        bytes: if closed { file_bytes } else { scan.bytes },
        merkle_root: closed.then_some(scan.merkle_root),
        ..row.clone()
    };
    scan.fragments.iter().for_each(|entry| runs::extend(&mut mended, entry));
    mended
}

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, RepairError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| RepairError::Reader(error.to_string()))
}
