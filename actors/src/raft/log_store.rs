use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eyrie_types::{Clock, Monotonic};
use openraft::storage::{LogFlushed, RaftLogStorage};
use openraft::{AnyError, ErrorSubject, ErrorVerb, LogState, RaftLogReader, StorageIOError};
use tokio::sync::{mpsc, oneshot};

use super::disk::{DiskLog, LogContent, RaftDirectory, RaftDiskError, encode};
use super::types::{CellTypes, Entry, LogId, StorageError, Vote};
use crate::backoff::{Backoff, jitter};

/// Disk jobs that wait: openraft has one or two under way; the rest is notes of what is committed.
const JOBS_MAX: usize = 64;
/// Bytes of entries read, and so sent, at once: what a follower writes within a heartbeat's time on a slow disk.
const READ_BYTES_MAX: usize = 1 << 20;
/// No job is under way.
const IDLE: u64 = u64::MAX;

/// Raft's log: all that is not purged in memory for readers, and on the disk by a thread of its own.
#[derive(Clone)]
pub(super) struct LogStore {
    memory: Arc<Mutex<Memory>>,
    jobs: mpsc::Sender<Job>,
    busy_since_us: Arc<AtomicU64>,
    stopping: Arc<AtomicBool>,
    clock: Arc<dyn Clock>,
}

struct Memory {
    purged: Option<LogId>,
    entries: BTreeMap<u64, (Entry, usize)>,
    vote: Option<Vote>,
    committed: Option<LogId>,
}

enum Job {
    Append { records: Vec<(LogId, Vec<u8>)>, flushed: LogFlushed<CellTypes> },
    Truncate { index: u64, done: oneshot::Sender<Result<(), RaftDiskError>> },
    Purge { id: LogId, done: oneshot::Sender<Result<(), RaftDiskError>> },
    Vote { vote: Vote, done: oneshot::Sender<Result<(), RaftDiskError>> },
    Committed { id: Option<LogId> },
    Stop,
}

impl LogStore {
    /// Serves what was read from `directory`. The thread ends, and lets go of the directory, after [`LogStore::stop`]; then the
    /// receiver hears of it.
    pub(super) fn start(
        directory: RaftDirectory,
        disk: DiskLog,
        content: LogContent,
        vote: Option<Vote>,
        clock: Arc<dyn Clock>,
    ) -> io::Result<(Self, oneshot::Receiver<()>)> {
        let (jobs, queue) = mpsc::channel(JOBS_MAX);
        let (ended, when_ended) = oneshot::channel();
        let busy_since_us = Arc::new(AtomicU64::new(IDLE));
        let stopping = Arc::new(AtomicBool::new(false));
        let thread = Thread {
            directory,
            disk,
            busy_since_us: busy_since_us.clone(),
            stopping: stopping.clone(),
            clock: clock.clone(),
        };
        std::thread::Builder::new().name("raft-log".to_owned()).spawn(move || {
            thread.run(queue);
            // Nobody may wait for it.
            let _ = ended.send(());
        })?;
        let LogContent { purged, entries, committed, .. } = content;
        let memory = Arc::new(Mutex::new(Memory { purged, entries, vote, committed }));
        Ok((Self { memory, jobs, busy_since_us, stopping, clock }, when_ended))
    }

    /// From now on, what the disk refuses is not tried again: the node is about to end.
    pub(super) fn give_up(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Ends the thread after what was asked before.
    pub(super) async fn stop(&self) {
        // It may have ended already.
        let _ = self.jobs.send(Job::Stop).await;
    }

    /// The last entry there is.
    pub(super) fn last(&self) -> Option<LogId> {
        self.memory().last()
    }

    /// How long the disk has been working at what it does now.
    pub(super) fn busy_for(&self) -> Duration {
        match self.busy_since_us.load(Ordering::Relaxed) {
            IDLE => Duration::ZERO,
            since => self.clock.monotonic().since(Monotonic::from_start(Duration::from_micros(since))),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn work(
        &self,
        subject: ErrorSubject<u64>,
        job: impl FnOnce(oneshot::Sender<Result<(), RaftDiskError>>) -> Job,
    ) -> Result<(), StorageError> {
        let (done, result) = oneshot::channel();
        let result = match self.jobs.send(job(done)).await {
            Ok(()) => result.await.map_err(|_| thread_gone()),
            Err(_) => Err(thread_gone()),
        };
        let error = match result {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => AnyError::new(&error),
            Err(error) => AnyError::new(&error),
        };
        Err(StorageIOError::new(subject, ErrorVerb::Write, error).into())
    }
}

fn thread_gone() -> io::Error {
    io::Error::other("the thread that writes the Raft log has ended")
}

impl Memory {
    fn last(&self) -> Option<LogId> {
        self.entries.last_key_value().map(|(_, (entry, _))| entry.log_id).or(self.purged)
    }

    fn read(&self, range: impl RangeBounds<u64>, bytes_max: usize) -> Vec<Entry> {
        // `BTreeMap::range` panics on an empty one.
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let found = self.entries.range(start..).take_while(|(index, _)| range.contains(*index));
        let mut bytes = 0;
        let fits = |(_, (_, size)): &(&u64, &(Entry, usize))| {
            let first = bytes == 0;
            bytes += size;
            first || bytes <= bytes_max
        };
        found.take_while(fits).map(|(_, (entry, _))| entry.clone()).collect()
    }
}

impl RaftLogReader<CellTypes> for LogStore {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + Send>(
        &mut self,
        range: RB,
    ) -> Result<Vec<Entry>, StorageError> {
        Ok(self.memory().read(range, usize::MAX))
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> Result<Vec<Entry>, StorageError> {
        Ok(self.memory().read(start..end, READ_BYTES_MAX))
    }
}

impl RaftLogStorage<CellTypes> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<CellTypes>, StorageError> {
        let memory = self.memory();
        Ok(LogState { last_purged_log_id: memory.purged, last_log_id: memory.last() })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), StorageError> {
        let vote = *vote;
        self.work(ErrorSubject::Vote, |done| Job::Vote { vote, done }).await?;
        self.memory().vote = Some(vote);
        Ok(())
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, StorageError> {
        Ok(self.memory().vote)
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), StorageError> {
        self.memory().committed = committed;
        // It only saves time after a restart, so a full queue may drop it.
        let _ = self.jobs.try_send(Job::Committed { id: committed });
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, StorageError> {
        Ok(self.memory().committed)
    }

    async fn append<I>(&mut self, entries: I, callback: LogFlushed<CellTypes>) -> Result<(), StorageError>
    where
        I: IntoIterator<Item = Entry> + Send,
        I::IntoIter: Send,
    {
        let mut records = Vec::new();
        {
            let mut memory = self.memory();
            for entry in entries {
                let bytes = encode(&entry);
                let (id, size) = (entry.log_id, bytes.len());
                records.push((id, bytes));
                memory.entries.insert(id.index, (entry, size));
            }
        }
        let sent = self.jobs.send(Job::Append { records, flushed: callback }).await;
        sent.map_err(|_| StorageIOError::write_logs(AnyError::new(&thread_gone())).into())
    }

    async fn truncate(&mut self, log_id: LogId) -> Result<(), StorageError> {
        self.memory().entries.split_off(&log_id.index);
        self.work(ErrorSubject::Logs, |done| Job::Truncate { index: log_id.index, done }).await
    }

    async fn purge(&mut self, log_id: LogId) -> Result<(), StorageError> {
        {
            let mut memory = self.memory();
            if memory.purged.is_none_or(|purged| purged < log_id) {
                memory.purged = Some(log_id);
            }
            memory.entries = memory.entries.split_off(&(log_id.index + 1));
        }
        self.work(ErrorSubject::Logs, |done| Job::Purge { id: log_id, done }).await
    }
}

/// What does the blocking work, one job after another.
struct Thread {
    directory: RaftDirectory,
    disk: DiskLog,
    busy_since_us: Arc<AtomicU64>,
    stopping: Arc<AtomicBool>,
    clock: Arc<dyn Clock>,
}

impl Thread {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(job) = queue.blocking_recv() {
            if matches!(job, Job::Stop) {
                return;
            }
            let begin = self.clock.monotonic();
            self.busy_since_us.store(begin.as_us(), Ordering::Relaxed);
            self.work(job);
            self.busy_since_us.store(IDLE, Ordering::Relaxed);
            let took = self.clock.monotonic().since(begin);
            metrics::histogram!("eyrie_raft_disk_seconds").record(took.as_secs_f64());
        }
    }

    /// Does something until the disk takes it: Raft would stop for good, and a cell of which most voters had one bad moment of
    /// their disks would never decide again. Meanwhile this is a disk that hangs: a leader lets another lead, and a voter is
    /// missed like one that is down.
    fn insist(&mut self, mut attempt: impl FnMut(&mut Self) -> Result<(), RaftDiskError>) -> Result<(), RaftDiskError> {
        let mut backoff = Backoff::raft_disk();
        let mut refused = false;
        loop {
            match attempt(self) {
                Err(error @ RaftDiskError::Io { .. }) if !self.stopping.load(Ordering::Relaxed) => {
                    metrics::counter!("eyrie_raft_disk_retries_total").increment(1);
                    if !std::mem::replace(&mut refused, true) {
                        tracing::error!(%error, "the Raft log cannot be written: this node decides nothing with its cell until it can");
                    }
                    std::thread::sleep(backoff.pause(jitter()));
                }
                done => {
                    if refused && done.is_ok() {
                        tracing::info!("the Raft log can be written again");
                    }
                    return done;
                }
            }
        }
    }

    fn work(&mut self, job: Job) {
        // Where nobody waits for an answer any more, there is nobody to tell.
        match job {
            Job::Append { records, flushed } => {
                let result = self.insist(|thread| thread.disk.append(&records));
                flushed.log_io_completed(result.map_err(io::Error::other));
            }
            Job::Truncate { index, done } => drop(done.send(self.insist(|thread| thread.disk.truncate(index)))),
            Job::Purge { id, done } => drop(done.send(self.insist(|thread| thread.disk.purge(id)))),
            Job::Stop => {}
            Job::Vote { vote, done } => drop(done.send(self.insist(|thread| thread.directory.save_vote(&vote)))),
            Job::Committed { id } => {
                if let Err(error) = self.disk.note_committed(id) {
                    tracing::warn!(%error, "how far the Raft log is committed could not be noted");
                }
            }
        }
    }
}
