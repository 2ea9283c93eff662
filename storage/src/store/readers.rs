//! The reader threads: each has a connection of its own and runs one read after another, each in one snapshot.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::StoreError;
use super::connection::open_reader;

/// Reader threads. SQLite reads do not block one another; a few threads keep a long list from delaying a sign-in.
pub const READERS: usize = 4;
/// Reads that may wait; callers beyond it wait for room.
pub const READ_QUEUE_MAX: usize = 256;

type Read = Box<dyn FnOnce(&Connection) + Send>;

/// The queue in front of the reader threads. The threads end when it is dropped.
pub(super) struct Readers {
    queue: mpsc::Sender<Read>,
}

impl Readers {
    /// Opens the connections and starts the threads.
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let (queue, reads) = mpsc::channel(READ_QUEUE_MAX);
        let reads = Arc::new(Mutex::new(reads));
        for number in 0..READERS {
            let connection = open_reader(path)?;
            let reads = Arc::clone(&reads);
            std::thread::Builder::new()
                .name(format!("store-read-{number}"))
                .spawn(move || serve(&connection, &reads))
                .map_err(|source| StoreError::Open { path: path.to_owned(), source: Arc::new(source) })?;
        }
        Ok(Self { queue })
    }

    /// Runs `work` on one of the threads, in one snapshot of the database.
    pub(super) async fn read<F, T>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let read: Read = Box::new(move |connection| {
            let result = catch_unwind(AssertUnwindSafe(|| {
                let snapshot = connection.unchecked_transaction()?;
                work(&snapshot)
            }));
            let _ = reply.send(result.unwrap_or(Err(StoreError::Panicked)));
        });
        self.queue.send(read).await.map_err(|_| StoreError::Closed)?;
        metrics::gauge!("eyrie_store_read_queue").set((READ_QUEUE_MAX - self.queue.capacity()) as f64);
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

fn serve(connection: &Connection, reads: &Mutex<mpsc::Receiver<Read>>) {
    loop {
        // The lock is held only while waiting; whoever holds it takes the next read. Nothing under it can panic.
        let read = reads.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(read) = read else { return };
        read(connection);
    }
}
