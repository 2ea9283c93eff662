//! The writer thread: takes queued writes, runs a group of them in one transaction, and commits once for all: one fsync for
//! many callers. Each write runs in a savepoint of its own, so one that fails is undone alone and its neighbours are kept.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use eyrie_types::Clock;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::StoreError;

/// Writes that may wait. Callers beyond it wait for room (back-pressure, nothing is dropped): a disk that stalls for a second
/// at 1,000 writes/s is ridden out, and memory stays small.
pub const WRITE_QUEUE_MAX: usize = 1024;
/// Most writes in one transaction, so that the first of them is not held up for long: some milliseconds of work.
pub const WRITE_GROUP_MAX: usize = 256;

/// What the writer thread is asked to do.
pub(super) enum Command {
    /// Run this write.
    Write(Box<dyn Write>),
    /// Finish what is queued, fold the WAL into the database, and stop.
    Close(oneshot::Sender<Result<(), StoreError>>),
}

/// A queued write with the caller who waits for it.
pub(super) trait Write: Send {
    /// Runs it; `false` when it failed and must be undone.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Tells the caller. `lost` is why the transaction it ran in was not kept, if it was not.
    fn answer(self: Box<Self>, lost: Option<StoreError>);
}

/// The one implementation: a function and the channel its result goes to.
pub(super) struct Call<F, T, K> {
    work: Option<F>,
    kept: K,
    result: Result<T, StoreError>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T, K> Call<F, T, K> {
    /// `kept` sees the result once it is durable, before the caller does.
    pub(super) fn new(work: F, kept: K, reply: oneshot::Sender<Result<T, StoreError>>) -> Self {
        Self { work: Some(work), kept, result: Err(StoreError::Closed), reply }
    }
}

impl<F, T, K> Write for Call<F, T, K>
where
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
    T: Send,
    K: FnOnce(&T) + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else { return false };
        // A panic here is a fault of ours; it costs the call, not the thread that every recorder depends on.
        self.result = catch_unwind(AssertUnwindSafe(|| work(connection))).unwrap_or(Err(StoreError::Panicked));
        self.result.is_ok()
    }

    fn answer(self: Box<Self>, lost: Option<StoreError>) {
        let result = match lost {
            // What failed by itself keeps its own reason.
            Some(reason) => self.result.and(Err(reason)),
            None => self.result,
        };
        if let Ok(value) = &result {
            // As above: the call is done, whatever goes wrong with those who watch.
            let kept = self.kept;
            if catch_unwind(AssertUnwindSafe(|| kept(value))).is_err() {
                tracing::error!("a copy of what was written could not follow");
            }
        }
        // A caller that went away does not want to know.
        let _ = self.reply.send(result);
    }
}

/// The writer thread's body: runs until closed or until no sender is left.
pub(super) fn run(mut connection: Connection, mut queue: mpsc::Receiver<Command>, clock: Arc<dyn Clock>) {
    let mut group = Vec::with_capacity(WRITE_GROUP_MAX);
    let mut closing = None;
    while let Some(command) = queue.blocking_recv() {
        let mut next = Some(command);
        while let Some(command) = next {
            match command {
                Command::Write(write) => group.push(write),
                Command::Close(reply) => {
                    queue.close();
                    closing = Some(reply);
                }
            }
            next = if group.len() < WRITE_GROUP_MAX { queue.try_recv().ok() } else { None };
        }
        metrics::gauge!("eyrie_store_write_queue").set(queue.len() as f64);
        if !group.is_empty() {
            let started = clock.monotonic();
            metrics::histogram!("eyrie_store_write_group").record(group.len() as f64);
            commit(&mut connection, std::mem::take(&mut group));
            metrics::histogram!("eyrie_store_commit_seconds").record(clock.monotonic().since(started).as_secs_f64());
        }
    }
    let folded = close(connection);
    if let Err(error) = &folded {
        tracing::warn!(%error, "the metadata store's WAL was not folded into the database; the next start does it");
    }
    if let Some(reply) = closing {
        let _ = reply.send(folded);
    }
}

/// Runs `group` in one transaction and answers each caller.
fn commit(connection: &mut Connection, group: Vec<Box<dyn Write>>) {
    let mut done: Vec<Box<dyn Write>> = Vec::with_capacity(group.len());
    let mut open = false;
    let mut group = group.into_iter();
    while let Some(mut write) = group.next() {
        if !open {
            if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
                // Nothing can be begun: nobody of the group can be served.
                let lost = StoreError::from(error);
                write.answer(Some(lost.clone()));
                group.for_each(|write| write.answer(Some(lost.clone())));
                metrics::counter!("eyrie_store_commit_failures_total").increment(1);
                return;
            }
            open = true;
        }
        match in_savepoint(connection, write.as_mut()) {
            Ok(()) => done.push(write),
            Err(lost) => {
                // A full disk or an I/O error makes SQLite roll the whole transaction back, not the savepoint alone. Those
                // before lose their work with it and hear so; those after get a transaction of their own.
                write.answer(Some(lost.clone()));
                done.drain(..).for_each(|write| write.answer(Some(lost.clone())));
                if !connection.is_autocommit() {
                    let _ = connection.execute_batch("ROLLBACK");
                }
                open = false;
                metrics::counter!("eyrie_store_commit_failures_total").increment(1);
            }
        }
    }
    if !open {
        return;
    }
    let lost = connection.execute_batch("COMMIT").err().map(|error| {
        let _ = connection.execute_batch("ROLLBACK");
        metrics::counter!("eyrie_store_commit_failures_total").increment(1);
        StoreError::from(error)
    });
    done.into_iter().for_each(|write| write.answer(lost.clone()));
}

/// Runs one write in a savepoint; undoes it when it fails.
///
/// # Errors
/// When the transaction around it is gone.
fn in_savepoint(connection: &Connection, write: &mut dyn Write) -> Result<(), StoreError> {
    let statement = |sql: &str| connection.prepare_cached(sql)?.execute([]).map(drop);
    statement("SAVEPOINT one")?;
    let kept = write.run(connection);
    if connection.is_autocommit() {
        return Err(StoreError::Sqlite(Arc::new(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT_ROLLBACK),
            Some("the transaction was rolled back: disk full or I/O error".to_owned()),
        ))));
    }
    if !kept {
        statement("ROLLBACK TO one")?;
    }
    statement("RELEASE one")?;
    Ok(())
}

/// Folds the WAL into the database, so that the file alone is the whole store, and closes it.
fn close(connection: Connection) -> Result<(), StoreError> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error.into())
}
