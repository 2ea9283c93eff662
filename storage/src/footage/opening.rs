//! How the bytes of a segment are got at: from a disk of this node, or from the node that has them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_types::{FragmentEntry, NodeId, SegmentId, SegmentRow};

use super::holders::Holder;
use super::opened::{FileThere, OpenedSegment, Source};
use super::{ElsewhereError, Footage, FootageError, SegmentName, StoredPlace};
use crate::disk::copy_path;
use crate::keys::SegmentKey;
use crate::segment::{FormatError, SegmentError, SegmentOpener, SegmentPath, SegmentReader};
use crate::store::StoreError;

/// How long a segment is read elsewhere, where that is to be had, after a node sent garbage of it: until somebody looks after it,
/// or the network is well again.
const GARBLED_FOR: Duration = Duration::from_secs(30);

impl Footage {
    /// The segment of `row` at hand, as `holder` has it.
    pub(super) async fn opened(&self, row: &SegmentRow, holder: Holder) -> Result<Arc<OpenedSegment>, FootageError> {
        let known = self.opened.get(&(row.segment, holder));
        if let Some(known) = known.as_ref().filter(|known| known.is_fresh(self.clock.monotonic())) {
            return Ok(Arc::clone(known));
        }
        let key = self.key(row).await?;
        let source = if holder.node == self.node {
            self.open_here(row, holder, key).await?
        } else {
            self.open_there(row, holder.node, key).await?
        };
        // What was read of its table before stays true.
        let table = known.and_then(|known| known.table.clone());
        let opened = Arc::new(OpenedSegment { source, table });
        self.opened.put((row.segment, holder), Arc::clone(&opened));
        Ok(opened)
    }

    /// Reads from a file of this node. One that fails is opened anew the next time.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        row: &SegmentRow,
        holder: Holder,
        reader: &Arc<SegmentReader>,
        work: impl FnOnce(&SegmentReader) -> Result<T, SegmentError> + Send + 'static,
    ) -> Result<T, FootageError> {
        let reader = Arc::clone(reader);
        let read = self.blocking(move || work(&reader)).await?;
        if read.is_err() {
            self.opened.forget(&(row.segment, holder));
        }
        Ok(read?)
    }

    /// Reads the first `length` bytes of a fragment, as stored, from the node that has them, and opens them here. What does not fit
    /// what was recorded is that node's or the network's fault, and says nothing about the file.
    pub(super) async fn fetch<T: Send + 'static>(
        &self,
        (row, node): (&SegmentRow, NodeId),
        file: &Arc<FileThere>,
        entry: &FragmentEntry,
        length: u32,
        open: impl FnOnce(&SegmentOpener, &FragmentEntry, &Bytes) -> Result<T, FormatError> + Send + 'static,
    ) -> Result<T, FootageError> {
        let elsewhere = |source| FootageError::Elsewhere { node, source };
        let place = StoredPlace { number: entry.number, offset: entry.offset, length };
        let fetched = self.neighbours.fragment(node, SegmentName::from(row), place).await;
        let (stored, asking) = fetched
            .inspect_err(|error| {
                self.opened.forget_all(|(segment, holder)| (*segment, holder.node) == (row.segment, node));
                self.note_garbage(row, node, error);
            })
            .map_err(elsewhere)?;
        let (file, entry) = (Arc::clone(file), *entry);
        // Hashes and seals of megabytes are no work for a thread that others wait on.
        let opened = tokio::task::spawn_blocking(move || {
            let _asking = asking;
            open(&file.opener, &entry, &stored)
        });
        let opened = opened.await.map_err(|_| FootageError::Panicked)?;
        opened.map_err(|source| elsewhere(self.garbage(row, node, source)))
    }

    async fn open_here(
        &self,
        row: &SegmentRow,
        holder: Holder,
        key: Option<SegmentKey>,
    ) -> Result<Source, FootageError> {
        let (tenant, camera, segment) = (&row.placement.tenant, row.placement.camera, row.segment);
        let name = SegmentName::from(row);
        let mut paths: Vec<PathBuf> = Vec::new();
        if holder.copy {
            paths.extend(self.copy_paths(&name));
        } else {
            let copies = self.store.copies_of_segment(tenant, camera, row.start, segment).await?;
            for copy in copies.iter().filter(|copy| copy.node == self.node) {
                let named = self.roots.iter().filter(|(name, _)| *name == copy.disk);
                // A directory that was moved has another name than the one the copy was written under.
                let others = self.roots.iter().filter(|(name, _)| *name != copy.disk);
                paths.extend(named.chain(others).map(|(_, root)| root.join(&copy.path)));
            }
            // The row of the copy may still wait for the index; where a segment lies follows from its own row.
            paths.extend(self.own_paths(&name));
        }
        let reader = self.first_of(paths, key).await?.ok_or(FootageError::Lost(segment))?;
        Ok(Source::Here(reader))
    }

    async fn open_there(
        &self,
        row: &SegmentRow,
        node: NodeId,
        key: Option<SegmentKey>,
    ) -> Result<Source, FootageError> {
        let elsewhere = |source| FootageError::Elsewhere { node, source };
        let opened = self.clock.monotonic();
        let stored_head = self.neighbours.head(node, SegmentName::from(row)).await;
        let stored_head = stored_head.inspect_err(|error| self.note_garbage(row, node, error)).map_err(elsewhere)?;
        let (opener, init) = SegmentOpener::of_stored_head(&stored_head, key.as_ref())
            .and_then(|(opener, init)| {
                let head = opener.head();
                let same = head.placement == row.placement && head.segment == row.segment && head.key == row.key;
                if same { Ok((opener, init)) } else { Err(FormatError::Foreign("segment header")) }
            })
            .map_err(|source| elsewhere(self.garbage(row, node, source)))?;
        self.inits.put(row.segment, init.clone());
        Ok(Source::There(Arc::new(FileThere { opener, init, stored_head, opened })))
    }

    /// Where a segment lies if it lies on this node and no copy's row says otherwise.
    pub(super) fn own_paths(&self, name: &SegmentName) -> impl Iterator<Item = PathBuf> {
        let own = SegmentPath::new(name.placement.clone(), name.segment, name.start).relative();
        self.roots.iter().map(move |(_, root)| root.join(&own))
    }

    /// Where a second copy of a segment lies if there is one on this node.
    pub(super) fn copy_paths(&self, name: &SegmentName) -> impl Iterator<Item = PathBuf> {
        let path = SegmentPath::new(name.placement.clone(), name.segment, name.start);
        self.roots.iter().map(move |(_, root)| copy_path(root, &path))
    }

    /// Opens the first of `paths` that is there.
    pub(super) async fn first_of(
        &self,
        paths: Vec<PathBuf>,
        key: Option<SegmentKey>,
    ) -> Result<Option<Arc<SegmentReader>>, FootageError> {
        let opened = self.blocking(move || {
            let path = paths.into_iter().find(|path| path.exists())?;
            Some(SegmentReader::open(path, key.as_ref()).map(Arc::new))
        });
        Ok(opened.await?.transpose()?)
    }

    async fn key(&self, row: &SegmentRow) -> Result<Option<SegmentKey>, FootageError> {
        let Some(id) = row.key else { return Ok(None) };
        let key_row = match self.key_rows.get(&row.placement.tenant, id).await {
            Err(StoreError::Damaged { .. }) => None,
            found => found?,
        };
        let key_row = key_row.ok_or(FootageError::KeyGone(id))?;
        self.keys.open(&key_row).map(Some).map_err(|_| FootageError::KeyGone(id))
    }

    /// Runs `work` on a thread that may block, as one of [`READS_MAX`](super::READS_MAX).
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, FootageError> {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.reads).acquire_owned().await.map_err(|_| FootageError::Panicked)?;
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        task.await.map_err(|_| FootageError::Panicked)
    }

    /// What another node sent is not what the index says was recorded.
    fn garbage(&self, row: &SegmentRow, node: NodeId, source: FormatError) -> ElsewhereError {
        let error = ElsewhereError::Garbage(source);
        self.note_garbage(row, node, &error);
        error
    }

    /// Remembers that `node` sent of `row` what was not recorded, if that is what `error` says: for a while, others are read
    /// instead who recorded the same.
    fn note_garbage(&self, row: &SegmentRow, node: NodeId, error: &ElsewhereError) {
        if matches!(error, ElsewhereError::Garbage(_) | ElsewhereError::Refused(_)) {
            metrics::counter!("eyrie_footage_node_garbage_total").increment(1);
            let error = crate::segment::chain(error);
            tracing::error!(%node, segment = %row.segment, error, "a node sent something else than was recorded");
            self.garbled.put((row.segment, node), self.clock.monotonic());
        }
    }

    /// Whether the node that recorded `row` sent something else of it a while ago: what it sends next may be no better.
    pub fn recorder_garbles(&self, row: &SegmentRow) -> bool {
        row.node != self.node && self.is_garbled(row.segment, row.node)
    }

    /// Whether `node` sent something else than was recorded of a segment a while ago.
    pub(super) fn is_garbled(&self, segment: SegmentId, node: NodeId) -> bool {
        self.garbled.get(&(segment, node)).is_some_and(|at| self.clock.monotonic().since(at) < GARBLED_FOR)
    }
}
