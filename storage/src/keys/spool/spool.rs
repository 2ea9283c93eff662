use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eyrie_types::{KeyId, TenantId};
use tokio::sync::{Notify, mpsc, oneshot};

use super::SpoolError;
use super::slot::{SLOT_BYTES, Slot, decode};
use super::slots::Slots;
use super::writer::{self, Job, lock};
use crate::keys::KeyRow;

/// Most rows that wait: 1,000 cameras that cut every hour, for more than two and a half days. 32 MiB on disk, half as much in
/// memory. Beyond it a segment needs the store again, counted by `eyrie_key_spool_refused_total`.
pub const SPOOL_ROWS_MAX: usize = 65_536;
/// How long a row may take to become durable: far more than a disk that keeps up, less than the ring can hold of a usual camera.
pub const SPOOL_WITHIN: Duration = Duration::from_secs(5);
/// Slots made together with the file (2 MiB), so that a disk that is full later still takes them: the store lies on the same
/// disk, and refuses for the same reason.
const SLOTS_AT_FIRST: usize = 4096;
/// Jobs that may wait for the thread: as many cameras as may open a segment at once, some times over.
const QUEUE_MAX: usize = 4096;

/// The spool of one data directory. One process may use it at a time, which the lock of the data directory sees to.
pub struct KeySpool {
    jobs: mpsc::Sender<Job>,
    slots: Arc<Mutex<Slots>>,
    filled: Arc<Notify>,
}

impl KeySpool {
    /// Opens the spool, making its file where there is none, and reads what an earlier run left in it.
    ///
    /// # Errors
    /// When the file cannot be opened, made or read.
    pub fn open(path: &Path) -> Result<Self, SpoolError> {
        let failed = |source| SpoolError::Open { path: path.to_owned(), source: Arc::new(source) };
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = file.map_err(failed)?;
        let slots = Arc::new(Mutex::new(read(path).map_err(failed)?));
        if let Err(error) = reserve(&file, path) {
            tracing::warn!(%error, path = %path.display(), "no room could be reserved for the key spool");
        }
        metrics::gauge!("eyrie_key_spool_rows").set(lock(&slots).len() as f64);
        let (jobs, mut queue) = mpsc::channel(QUEUE_MAX);
        let filled = Arc::new(Notify::new());
        let (for_writer, to_tell) = (Arc::clone(&slots), Arc::clone(&filled));
        std::thread::Builder::new()
            .name("key-spool".to_owned())
            .spawn(move || writer::run(&file, &for_writer, &to_tell, &mut queue))
            .map_err(failed)?;
        Ok(Self { jobs, slots, filled })
    }

    /// Keeps a row: durable when this answers. An error says that it must not be used, not that it is nowhere.
    ///
    /// # Errors
    /// At the limit, and when the disk refuses or hangs.
    pub async fn put(&self, row: KeyRow) -> Result<(), SpoolError> {
        self.ask(|reply| Job::Put(Box::new(row), reply)).await
    }

    /// Lets go of rows: durably gone when this answers, and untouched or gone after an error.
    ///
    /// # Errors
    /// When the disk refuses or hangs.
    pub async fn remove(&self, keys: Vec<KeyId>) -> Result<(), SpoolError> {
        self.ask(|reply| Job::Remove(keys, reply)).await
    }

    /// The row of a tenant's key, if it waits here.
    pub fn get(&self, tenant: &TenantId, key: KeyId) -> Option<KeyRow> {
        lock(&self.slots).row(key).filter(|row| row.tenant == *tenant).cloned()
    }

    /// How many rows are here.
    pub fn rows(&self) -> usize {
        lock(&self.slots).len()
    }

    /// Whether rows wait for the store: it was, or still is, in trouble.
    pub(in crate::keys) fn is_waiting(&self) -> bool {
        lock(&self.slots).waiting().next().is_some()
    }

    /// Up to `limit` rows that wait for the store.
    pub(in crate::keys) fn waiting(&self, limit: usize) -> Vec<KeyRow> {
        lock(&self.slots).waiting().take(limit).cloned().collect()
    }

    /// Says, from any thread, whether a row is still here.
    pub(in crate::keys) fn watch(&self) -> impl Fn(KeyId) -> bool + Send + 'static {
        let slots = Arc::clone(&self.slots);
        move |key| lock(&slots).row(key).is_some()
    }

    /// The store will never take this row: it stays here, and is not offered again before the next start.
    pub(in crate::keys) fn refuse(&self, key: KeyId) {
        lock(&self.slots).refuse(key);
    }

    /// Returns once rows wait for the store.
    pub(in crate::keys) async fn filled(&self) {
        while !self.is_waiting() {
            self.filled.notified().await;
        }
    }

    async fn ask(&self, job: impl FnOnce(oneshot::Sender<Result<(), SpoolError>>) -> Job) -> Result<(), SpoolError> {
        let (reply, answer) = oneshot::channel();
        let done = async {
            self.jobs.send(job(reply)).await.map_err(|_| SpoolError::Closed)?;
            answer.await.unwrap_or(Err(SpoolError::Closed))
        };
        tokio::time::timeout(SPOOL_WITHIN, done).await.unwrap_or(Err(SpoolError::Slow(SPOOL_WITHIN)))
    }
}

impl std::fmt::Debug for KeySpool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeySpool").field("rows", &self.rows()).finish()
    }
}

/// Reads all slots of the file: at most 32 MiB.
fn read(path: &Path) -> io::Result<Slots> {
    let bytes = std::fs::read(path)?;
    let (mut slots, mut damaged) = (Slots::default(), 0_u64);
    // A last slot that was cut short is written anew.
    for slot in bytes.as_chunks::<SLOT_BYTES>().0 {
        slots.found(match decode(slot) {
            Slot::Row(row) => Some(*row),
            Slot::Free => None,
            Slot::Damaged => {
                damaged += 1;
                None
            }
        });
    }
    if damaged > 0 {
        metrics::counter!("eyrie_key_spool_damaged_total").increment(damaged);
        tracing::warn!(damaged, path = %path.display(), "slots of the key spool hold no row: writes that a crash cut short");
    }
    Ok(slots)
}

/// Makes the file as long as it should be at first, durably, name and all.
fn reserve(file: &File, path: &Path) -> io::Result<()> {
    let length = file.metadata()?.len();
    let missing = ((SLOTS_AT_FIRST * SLOT_BYTES) as u64).saturating_sub(length);
    if missing > 0 {
        // Zeros that are written take their blocks now; a file that is only made longer would take them later.
        file.write_all_at(&vec![0; missing as usize], length)?;
    }
    file.sync_all()?;
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}
