//! The spool's thread: writes what waits to its slots and makes all of it durable with one sync, so that a thousand cameras that
//! cut at 00:00 UTC cost a few syncs. It is not of tokio's pool: a disk that hangs takes no other work with it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eyrie_types::KeyId;
use tokio::sync::{Notify, mpsc, oneshot};

use super::slot::{FREE, SLOT_BYTES, encode};
use super::slots::Slots;
use super::{SPOOL_ROWS_MAX, SpoolError};
use crate::keys::KeyRow;

/// Most jobs of one sync, so that the first of them is not held up for long.
const GROUP_MAX: usize = 256;

/// What the thread is asked to do.
pub(super) enum Job {
    /// Keep a row.
    Put(Box<KeyRow>, oneshot::Sender<Result<(), SpoolError>>),
    /// Let go of rows; those that are not there are no error.
    Remove(Vec<KeyId>, oneshot::Sender<Result<(), SpoolError>>),
}

/// What was written and counts once it is synced.
enum Written {
    Put(usize, Box<KeyRow>, oneshot::Sender<Result<(), SpoolError>>),
    Removed(Vec<KeyId>, oneshot::Sender<Result<(), SpoolError>>),
}

/// The thread's body: ends when no sender is left. `filled` hears of each row that was kept, also when nobody waits for its answer
/// any more.
pub(super) fn run(file: &File, slots: &Mutex<Slots>, filled: &Notify, queue: &mut mpsc::Receiver<Job>) {
    while let Some(job) = queue.blocking_recv() {
        let mut group = vec![job];
        while group.len() < GROUP_MAX
            && let Ok(next) = queue.try_recv()
        {
            group.push(next);
        }
        let written: Vec<_> = group.into_iter().filter_map(|job| write(file, slots, job)).collect();
        if written.is_empty() {
            continue;
        }
        let synced = file.sync_data().map_err(failed);
        for written in written {
            settle(slots, written, synced.clone());
        }
        filled.notify_one();
        metrics::gauge!("eyrie_key_spool_rows").set(lock(slots).len() as f64);
    }
}

/// Writes without syncing. One that fails is answered here.
fn write(file: &File, slots: &Mutex<Slots>, job: Job) -> Option<Written> {
    match job {
        Job::Put(row, reply) => {
            let slot = lock(slots).take();
            let Some(slot) = slot else {
                let _ = reply.send(Err(SpoolError::Full(SPOOL_ROWS_MAX)));
                return None;
            };
            match write_slot(file, slot, &encode(&row)) {
                Ok(()) => Some(Written::Put(slot, row, reply)),
                Err(error) => {
                    lock(slots).give_back(slot);
                    let _ = reply.send(Err(failed(error)));
                    None
                }
            }
        }
        Job::Remove(keys, reply) => {
            for key in &keys {
                let slot = lock(slots).slot(*key);
                if let Some(Err(error)) = slot.map(|slot| write_slot(file, slot, &FREE)) {
                    // What was overwritten already stays among the rows until another call gets through.
                    let _ = reply.send(Err(failed(error)));
                    return None;
                }
            }
            Some(Written::Removed(keys, reply))
        }
    }
}

fn settle(slots: &Mutex<Slots>, written: Written, synced: Result<(), SpoolError>) {
    let reply = match written {
        Written::Put(slot, row, reply) => {
            let mut slots = lock(slots);
            match synced {
                Ok(()) => slots.put(slot, *row),
                // Nobody will use this key: whether the row is there after a crash makes no difference.
                Err(_) => slots.give_back(slot),
            }
            reply
        }
        Written::Removed(keys, reply) => {
            if synced.is_ok() {
                let mut slots = lock(slots);
                keys.into_iter().for_each(|key| slots.remove(key));
            }
            reply
        }
    };
    // Whoever asked may have given up.
    let _ = reply.send(synced);
}

fn write_slot(file: &File, slot: usize, bytes: &[u8; SLOT_BYTES]) -> io::Result<()> {
    file.write_all_at(bytes, (slot * SLOT_BYTES) as u64)
}

fn failed(error: io::Error) -> SpoolError {
    SpoolError::Write(Arc::new(error))
}

/// Every critical section leaves the value whole, so a panic elsewhere while it was held does no harm.
pub(super) fn lock(slots: &Mutex<Slots>) -> MutexGuard<'_, Slots> {
    slots.lock().unwrap_or_else(PoisonError::into_inner)
}
