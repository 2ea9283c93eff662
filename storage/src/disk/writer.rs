use std::io::IoSlice;
use std::sync::Arc;

use eyrie_types::FragmentEntry;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::open_segment::{Mark, OpenSegment, lock};
use super::syncer::Shared;
use super::{DiskError, file};
use crate::segment::{ClosedSegment, NewFragment, NewSegment, SegmentEncoder, SegmentPath};

/// A buffer for sealed fragments that grew beyond this is given back: only a rare, huge keyframe needs more.
const SCRATCH_BYTES_MAX: usize = 4 << 20;

pub(super) type Reply<T> = oneshot::Sender<Result<T, DiskError>>;

/// What the writer thread is asked to do.
pub(super) enum Job {
    Create { new: Box<NewSegment>, slot: OwnedSemaphorePermit, reply: Reply<Arc<OpenSegment>> },
    Append { segment: Arc<OpenSegment>, fragment: NewFragment, room: OwnedSemaphorePermit, reply: Reply<FragmentEntry> },
    Close { segment: Arc<OpenSegment>, reply: Reply<ClosedSegment> },
    Stop,
}

/// The writer thread: jobs in the order they came, until the last handle is gone or it is stopped.
pub(super) fn run(shared: &Shared, jobs: &mut mpsc::Receiver<Job>) {
    let mut sealed = Vec::new();
    while let Some(job) = jobs.blocking_recv() {
        match job {
            Job::Create { new, slot, reply } => {
                let created = create(shared, *new, slot);
                if let Err(Ok(segment)) = reply.send(created) {
                    // Whoever asked gave up waiting, so nobody will ever write to it.
                    let _ = std::fs::remove_file(&segment.path);
                }
            }
            Job::Append { segment, fragment, room, reply } => {
                let appended = append(shared, &segment, &fragment, &mut sealed);
                drop((fragment, room));
                sealed.shrink_to(SCRATCH_BYTES_MAX);
                let _ = reply.send(appended);
            }
            Job::Close { segment, reply } => {
                let _ = reply.send(close(shared, &segment));
            }
            Job::Stop => break,
        }
    }
    jobs.close();
    shared.stop();
}

fn create(shared: &Shared, new: NewSegment, slot: OwnedSemaphorePermit) -> Result<Arc<OpenSegment>, DiskError> {
    check_room(shared)?;
    let root = &shared.config.root;
    let path = root.join(SegmentPath::new(new.placement.clone(), new.segment, new.start).relative());
    let (encoder, head) = SegmentEncoder::new(new)?;
    let write = || {
        let directories = file::directories_between(root, &path);
        if let Some(directory) = directories.first() {
            file::create_directories(directory).map_err(DiskError::io("create", directory))?;
        }
        let created = file::create_file(&path).map_err(DiskError::io("create", &path))?;
        match file::append(&created, &mut [IoSlice::new(&head)]) {
            Ok(()) => Ok((created, directories)),
            Err(error) => {
                // It holds no footage yet, and a full disk is not to fill up with empty files.
                let _ = std::fs::remove_file(&path);
                Err(DiskError::io("write", &path)(error))
            }
        }
    };
    let (created, directories) = write().inspect_err(|error| shared.note_error(error))?;
    shared.metrics.written_bytes.increment(head.len() as u64);
    let written = Mark { fragments: 0, bytes: head.len() as u64 };
    let segment = Arc::new(OpenSegment::new(path, created, encoder, directories, slot));
    if segment.wrote(written) {
        shared.add_dirty(segment.clone());
    }
    Ok(segment)
}

fn append(
    shared: &Shared,
    segment: &Arc<OpenSegment>,
    fragment: &NewFragment,
    sealed: &mut Vec<u8>,
) -> Result<FragmentEntry, DiskError> {
    segment.check()?;
    check_room(shared).inspect_err(|error| fail(shared, segment, error))?;
    let mut slot = lock(&segment.encoder);
    let encoder = slot.as_mut().ok_or(DiskError::ShutDown)?;
    let (entry, head) = encoder.fragment(fragment, sealed)?;
    let mut parts = vec![IoSlice::new(&head)];
    if encoder.is_sealed() {
        parts.push(IoSlice::new(sealed));
    } else {
        parts.extend(fragment.chunks.iter().map(|chunk| IoSlice::new(chunk)));
    }
    let written = Mark { fragments: encoder.fragments(), bytes: encoder.offset() };
    if let Err(error) = file::append(&segment.file, &mut parts) {
        // What a part of the fragment left at the file's end stays there: the scan stops at it.
        let error = DiskError::io("write", &segment.path)(error);
        *slot = None;
        shared.note_error(&error);
        fail(shared, segment, &error);
        return Err(error);
    }
    shared.metrics.written_bytes.increment(u64::from(entry.length));
    shared.metrics.fragments.increment(1);
    if segment.wrote(written) {
        shared.add_dirty(segment.clone());
    }
    Ok(entry)
}

fn close(shared: &Shared, segment: &Arc<OpenSegment>) -> Result<ClosedSegment, DiskError> {
    segment.check()?;
    let encoder = lock(&segment.encoder).take().ok_or(DiskError::ShutDown)?;
    let (footer, closed) = encoder.finish()?;
    if let Err(error) = file::append(&segment.file, &mut [IoSlice::new(&footer)]) {
        let error = DiskError::io("write", &segment.path)(error);
        shared.note_error(&error);
        fail(shared, segment, &error);
        return Err(error);
    }
    shared.metrics.written_bytes.increment(footer.len() as u64);
    if segment.wrote(Mark { fragments: closed.fragments, bytes: closed.bytes }) {
        shared.add_dirty(segment.clone());
    }
    Ok(closed)
}

/// Gives the segment its last round: what was written whole before still becomes durable.
fn fail(shared: &Shared, segment: &Arc<OpenSegment>, error: &DiskError) {
    if segment.fail(error.clone()) {
        shared.add_dirty(segment.clone());
    }
}

fn check_room(shared: &Shared) -> Result<(), DiskError> {
    let health = lock(&shared.health);
    if health.has_room() {
        return Ok(());
    }
    let error =
        DiskError::NoRoom { root: shared.config.root.clone(), free: health.free(), reserve: shared.config.reserve };
    drop(health);
    shared.note_error(&error);
    Err(error)
}
