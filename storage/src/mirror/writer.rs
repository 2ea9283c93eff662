//! The mirror's thread: seals what is to be kept, appends it and makes all that waits durable with one sync. It is not of tokio's
//! pool: a disk that hangs takes no other work with it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::MirrorError;
use super::contents::Contents;
use super::entry::Entry;
use super::log::Log;
use super::record;
use crate::keys::Sealer;

/// Most entries of one sync: 4 MiB at the most, so that the first of them is not held up for long.
const GROUP_MAX: usize = 1024;
/// A file is not rewritten to save less than this.
const WASTE_MIN: u64 = 4 << 20;

/// An entry, and its sealed bytes.
type Sealed = (Entry, Arc<[u8]>);

/// What the thread is asked to do: to keep entries, answering how many of them said anything new.
pub(super) struct Job {
    pub(super) entries: Vec<Entry>,
    pub(super) reply: oneshot::Sender<Result<usize, MirrorError>>,
}

/// The thread's body: ends when no sender is left.
pub(super) fn run(mut log: Log, sealer: &Sealer, contents: &Mutex<Contents>, queue: &mut mpsc::Receiver<Job>) {
    while let Some(job) = queue.blocking_recv() {
        let mut entries = job.entries.len();
        let mut group = vec![job];
        while entries < GROUP_MAX
            && let Ok(next) = queue.try_recv()
        {
            entries += next.entries.len();
            group.push(next);
        }
        keep(&mut log, sealer, contents, group);
    }
}

fn keep(log: &mut Log, sealer: &Sealer, contents: &Mutex<Contents>, group: Vec<Job>) {
    let (mut records, mut kept) = (Vec::new(), Vec::new());
    for Job { entries, reply } in group {
        match sealed(sealer, contents, entries) {
            Ok(entries) => {
                entries.iter().for_each(|(_, sealed)| record::encode(sealed, &mut records));
                kept.push((entries, reply));
            }
            Err(error) => answer(reply, Err(error)),
        }
    }
    let written = if records.is_empty() { Ok(()) } else { write(log, contents, &records) };
    match written {
        Ok(()) => {
            let mut contents = lock(contents);
            for (entries, reply) in kept {
                let new = entries.len();
                entries.into_iter().for_each(|(entry, sealed)| contents.apply(&entry, sealed));
                answer(reply, Ok(new));
            }
            contents.measure(log.bytes());
        }
        Err(error) => {
            let error = MirrorError::Write(Arc::new(error));
            tracing::warn!(%error, "the mirror of specs could not be written");
            kept.into_iter().for_each(|(_, reply)| answer(reply, Err(error.clone())));
        }
    }
}

/// What of `entries` says anything new, sealed.
fn sealed(sealer: &Sealer, contents: &Mutex<Contents>, entries: Vec<Entry>) -> Result<Vec<Sealed>, MirrorError> {
    let mut out = Vec::with_capacity(entries.len());
    for entry in entries {
        let admitted = lock(contents).admits(&entry)?;
        if admitted {
            let sealed = entry.seal(sealer)?.into();
            out.push((entry, sealed));
        }
    }
    Ok(out)
}

fn write(log: &mut Log, contents: &Mutex<Contents>, records: &[u8]) -> io::Result<()> {
    let live = lock(contents).live_bytes() as u64;
    if (log.is_broken() || log.bytes() > 2 * live + WASTE_MIN)
        && let Err(error) = replace(log, contents)
    {
        if log.is_broken() {
            return Err(error);
        }
        tracing::warn!(%error, "the mirror of specs could not be rewritten; it goes on as it is");
    }
    log.append(records)
}

/// Rewrites the file with what counts. The entries are copied out first: nobody who reads waits for the disk.
fn replace(log: &mut Log, contents: &Mutex<Contents>) -> io::Result<()> {
    let entries: Vec<_> = lock(contents).sealed().cloned().collect();
    log.replace(entries.iter())
}

fn answer(reply: oneshot::Sender<Result<usize, MirrorError>>, result: Result<usize, MirrorError>) {
    // Whoever asked may have given up.
    let _ = reply.send(result);
}

/// Every critical section leaves the value whole, so a panic elsewhere while it was held does no harm.
pub(super) fn lock(contents: &Mutex<Contents>) -> MutexGuard<'_, Contents> {
    contents.lock().unwrap_or_else(PoisonError::into_inner)
}
