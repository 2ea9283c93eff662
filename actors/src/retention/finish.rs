use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::disk::{Disk, DiskError, delete_segment};
use eyrie_storage::footage::Footage;
use eyrie_storage::segment::SegmentPath;
use eyrie_storage::store::{MarkedSegment, Store, StoreError};
use eyrie_types::SegmentRow;

use super::round::told;
use crate::context::NodeContext;

/// The pause between two files: at most 100 a second, so that a disk which frees the blocks of large files has time for recorders
/// in between. 10,000 cameras with files of a minute need more than that, and none are that short.
const FILE_PAUSE: Duration = Duration::from_millis(10);

/// Second phase of deletions on running disks: files, then keys and marks. Answers the bytes made free. A file that a disk does not
/// let go of keeps its mark and is tried again with the next round.
pub(super) async fn finish(store: &Store, footage: &Footage, disks: &[Disk]) -> Result<u64, StoreError> {
    let mut freed = 0;
    loop {
        let marks = store.marked_segments().await?;
        metrics::gauge!("eyrie_retention_segments_marked").set(marks.len() as f64);
        let mut done = 0;
        for marked in marks {
            // Readers that have it open still read to their end; nobody opens it any more.
            footage.forget(marked.segment);
            match delete(disks, &marked).await {
                Ok(found) => {
                    freed += if found { marked.bytes } else { 0 };
                    store.finish_deletion(marked).await?;
                    done += 1;
                }
                Err(error) => {
                    metrics::counter!("eyrie_retention_failures_total").increment(1);
                    tracing::warn!(%error, segment = %marked.segment, "a recording could not be deleted yet");
                }
            }
            tokio::time::sleep(FILE_PAUSE).await;
        }
        if done == 0 {
            return Ok(freed);
        }
    }
}

/// Deletes what a node recorded that is no more: out of the index with its key, for there is no file to be deleted.
///
/// # Errors
/// When the index does not answer.
pub(crate) async fn retire(node: &NodeContext, row: SegmentRow) -> Result<(), StoreError> {
    let now = node.clock.now();
    let (tenant, camera, bytes) = (row.placement.tenant.clone(), row.placement.camera, row.bytes);
    let (audit, event) = told((&tenant, camera), std::iter::once(&row), now);
    for marked in node.store.mark_deleted(vec![row], audit, event.clone()).await? {
        node.store.finish_deletion(marked).await?;
        metrics::counter!("eyrie_retention_deleted_segments_total", "reason" => "age").increment(1);
        metrics::counter!("eyrie_retention_deleted_bytes_total", "reason" => "age").increment(bytes);
        node.events.announce(Arc::new(event.clone()));
    }
    Ok(())
}

async fn delete(disks: &[Disk], marked: &MarkedSegment) -> Result<bool, DiskError> {
    let path = path(marked);
    let mut found = false;
    for disk in disks {
        found |= disk.delete(&path).await?;
    }
    Ok(found)
}

/// The same below `roots` that no node records into: for a check of a stopped node.
pub(crate) async fn finish_on(store: &Store, roots: &[PathBuf]) -> Result<(), StoreError> {
    loop {
        let marks = store.marked_segments().await?;
        let mut done = 0;
        for marked in marks {
            let path = path(&marked);
            if roots.iter().all(|root| delete_segment(root, &path).is_ok()) {
                store.finish_deletion(marked).await?;
                done += 1;
            }
        }
        if done == 0 {
            return Ok(());
        }
    }
}

fn path(marked: &MarkedSegment) -> SegmentPath {
    SegmentPath::new(marked.placement.clone(), marked.segment, marked.start)
}
