use std::path::PathBuf;
use std::sync::Arc;

use eyrie_types::Clock;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::camera_watch::CameraWatches;
use super::connection::open_writer;
use super::readers::Readers;
use super::writer::{self, Call, Command, WRITE_QUEUE_MAX};
use super::{StoreError, migrations};

/// The store in a SQLite file: writes queue for one writer thread, which commits many callers' writes with one fsync; reads run
/// on a few reader threads, each in a snapshot that holds every write answered before.
pub(super) struct Sqlite {
    writes: mpsc::Sender<Command>,
    readers: Readers,
    pub(super) watches: CameraWatches,
}

impl Sqlite {
    /// Opens the file, making or migrating it as needed.
    pub(super) async fn open(file: PathBuf, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let (opened, answer) = oneshot::channel();
        let (writes, queue) = mpsc::channel(WRITE_QUEUE_MAX);
        let path = file.clone();
        // Opening blocks on the disk, so the writer thread does it, and keeps the connection.
        std::thread::Builder::new()
            .name("store-write".to_owned())
            .spawn(move || {
                let connection = open_writer(&path).and_then(|mut connection| {
                    migrations::migrate(&mut connection, &path, clock.now())?;
                    Ok(connection)
                });
                match connection.and_then(|connection| Ok((connection, Readers::start(&path)?))) {
                    Ok((connection, readers)) => {
                        if opened.send(Ok(readers)).is_ok() {
                            writer::run(connection, queue, clock);
                        }
                    }
                    Err(error) => drop(opened.send(Err(error))),
                }
            })
            .map_err(|source| StoreError::Open { path: file, source: Arc::new(source) })?;
        let readers = answer.await.map_err(|_| StoreError::Closed)??;
        Ok(Self { writes, readers, watches: CameraWatches::default() })
    }

    /// Finishes all queued writes, folds the WAL into the database file and stops the writer.
    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.writes.send(Command::Close(reply)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs `work` on the writer thread, in a savepoint of its own; it is undone when it fails.
    pub(super) async fn write<F, T>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.write_then(work, |_| {}).await
    }

    /// As [`Self::write`]; `kept` sees the result on the writer thread once it is durable, also when nobody waits for it any
    /// more.
    pub(super) async fn write_then<F, T, K>(&self, work: F, kept: K) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
        K: FnOnce(&T) + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let write = Command::Write(Box::new(Call::new(work, kept, reply)));
        self.writes.send(write).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs `work` on a reader thread, in one snapshot.
    pub(super) async fn read<F, T>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.readers.read(work).await
    }
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").field("writes_queued", &(WRITE_QUEUE_MAX - self.writes.capacity())).finish()
    }
}

#[cfg(test)]
mod tests {
    use eyrie_types::ManualClock;

    use super::*;

    async fn opened() -> (Sqlite, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("eyrie.db");
        (Sqlite::open(file, Arc::new(ManualClock::default())).await.unwrap(), directory)
    }

    fn add(connection: &Connection, bytes: usize) -> Result<(), StoreError> {
        let sql = "INSERT INTO key_rows (tenant, id, sealed) VALUES ('t', randomblob(16), zeroblob(?1))";
        connection.execute(sql, [bytes as u32])?;
        Ok(())
    }

    async fn count(store: &Sqlite) -> u32 {
        let count =
            |connection: &Connection| Ok(connection.query_row("SELECT count(*) FROM key_rows", [], |row| row.get(0))?);
        store.read(count).await.unwrap()
    }

    #[tokio::test]
    async fn a_fault_of_ours_costs_the_call_and_not_the_store() {
        let (store, _directory) = opened().await;
        let (good, bad, also_good) = tokio::join!(
            store.write(|connection| add(connection, 1)),
            store.write(|connection| -> Result<(), _> {
                add(connection, 1)?;
                panic!("on purpose")
            }),
            store.write(|connection| add(connection, 1)),
        );
        assert!(good.is_ok() && also_good.is_ok());
        assert!(matches!(bad, Err(StoreError::Panicked)));
        let read = store.read(|_| -> Result<(), _> { panic!("on purpose") }).await;
        assert!(matches!(read, Err(StoreError::Panicked)));
        assert_eq!(count(&store).await, 2);
    }

    #[tokio::test]
    async fn what_a_full_disk_refuses_is_told_to_its_callers_and_room_makes_it_work_again() {
        let (store, _directory) = opened().await;
        let pages = |pages: u32| {
            store.write(move |connection| {
                connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
                Ok(())
            })
        };
        pages(1).await.unwrap(); // SQLite raises it to what is in use.
        let (small, large) =
            tokio::join!(store.write(|c| add(c, 1)), store.write(|connection| add(connection, 10_000_000)));
        assert!(large.unwrap_err().is_unavailable());
        assert_eq!(count(&store).await, u32::from(small.is_ok()));
        pages(1_000_000).await.unwrap();
        store.write(|connection| add(connection, 10_000_000)).await.unwrap();
        assert_eq!(count(&store).await, u32::from(small.is_ok()) + 1);
    }
}
