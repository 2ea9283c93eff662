use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_storage::Store;
use eyrie_storage::disk::{Disk, DiskConfig};
use eyrie_storage::segment::{NewFragment, NewSegment, SegmentReader};
use eyrie_tests::eventually;
use eyrie_types::{Epoch, FragmentEntry, SegmentId, SegmentRow, SegmentState, SystemClock, TimeRange};

/// How much is recorded a second time, and how long after its end that is to have been: together more than clocks of two nodes may
/// differ, so that nobody takes it for the other copy of the same moment.
const AGAIN: Duration = Duration::from_secs(4);
const AFTER: Duration = Duration::from_secs(3);
/// A file that did not grow for so long is one of a camera that sends nothing.
const STILL: Duration = Duration::from_millis(2500);

/// The fragments of the recording at `path`, once it has enough of them and its camera sends no more.
async fn fragments_at_rest(path: &Path) -> anyhow::Result<Vec<FragmentEntry>> {
    let mut last = (0, tokio::time::Instant::now());
    eventually("a recording that does not grow", || {
        let read = SegmentReader::open(path, None).and_then(|reader| reader.scan(0)).map(|scan| scan.fragments);
        let found = read.map_err(|error| error.to_string()).and_then(|fragments| {
            if fragments.len() != last.0 {
                last = (fragments.len(), tokio::time::Instant::now());
            }
            let all: Duration = fragments.iter().map(|entry| Duration::from_micros(entry.duration_us.into())).sum();
            let enough = all > AGAIN && last.1.elapsed() > STILL;
            if enough { Ok(fragments) } else { Err(format!("{all:?} of it")) }
        });
        std::future::ready(found)
    })
    .await
}

/// Behind the cell's back, the last seconds of the recording at `path` are recorded once more, as if they had been some seconds
/// later, while its camera sends nothing: below `recordings`, where its node looks for it, and in the index. `scratch` is a
/// directory for making it.
pub(crate) async fn record_again(
    store: &Store,
    recordings: &Path,
    path: &Path,
    scratch: &Path,
) -> anyhow::Result<SegmentRow> {
    let all = fragments_at_rest(path).await?;
    let reader = SegmentReader::open(path, None)?;
    let end = all.last().context("nothing is recorded")?.end();
    let from = all.iter().position(|entry| entry.starts_gop && entry.start >= end - AGAIN).context("no keyframe")?;
    let (again, first) = (&all[from..], all[from].start);
    let later = end.signed_us_since(first) + i64::try_from(AFTER.as_micros())?;

    let head = reader.head();
    let known = store.segments_after(None).await?.into_iter().find(|row| row.segment == head.segment);
    let mut placement = head.placement.clone();
    placement.epoch = Epoch::new(placement.epoch.generation(), placement.epoch.counter() + 1000)?;
    let (segment, start) = (SegmentId::generate(), first.offset_us(later));
    let disk = Disk::open(DiskConfig::new(scratch), Arc::new(SystemClock::new()))?;
    let new = NewSegment { placement: placement.clone(), segment, start, key: None, init: reader.init()? };
    let mut writer = disk.create(new).await?;
    let mut entries = Vec::new();
    for entry in again {
        let fragment = NewFragment {
            chunks: vec![reader.fragment(entry)?],
            start: entry.start.offset_us(later),
            duration_us: entry.duration_us,
            starts_gop: entry.starts_gop,
            discontinuity: entry.discontinuity,
            keyframe_hash: entry.keyframe_hash,
        };
        entries.push(writer.append(fragment).await?);
    }
    let made = writer.path().to_owned();
    let closed = writer.close().await?;
    disk.shutdown().await;
    let put = recordings.join(made.strip_prefix(scratch)?);
    std::fs::create_dir_all(put.parent().context("no directory")?)?;
    std::fs::copy(&made, &put)?;

    let range = TimeRange { start, end: entries.last().context("nothing again")?.end() };
    let row = SegmentRow {
        placement,
        segment,
        node: known.context("the index does not know it")?.node,
        state: SegmentState::Closed,
        start,
        end: range.end,
        runs: vec![range],
        fragments: closed.fragments,
        bytes: closed.bytes,
        key: None,
        merkle_root: Some(closed.merkle_root),
    };
    ensure!(later > 5_000_000, "within what clocks may differ");
    store.append_fragments(&row.placement.tenant, row.placement.camera, segment, &entries).await?;
    store.put_segments(vec![row.clone()]).await?;
    Ok(row)
}
