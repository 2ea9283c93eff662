use std::path::Path;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use eyrie_types::{CameraId, TenantId};
use metrics::{Unit, describe_counter, describe_gauge};
use tokio::sync::{mpsc, oneshot};

use super::contents::Contents;
use super::entry::Entry;
use super::log::Log;
use super::writer::{self, Job, lock};
use super::{MirrorError, SpentEpoch, record};
use crate::keys::{KeyError, Sealer};
use crate::store::{StoredCamera, TenantKeyRow};

/// Most cameras: ten times what a cell of 100 nodes is planned for. At most 4 KiB each on disk and in memory; a usual one takes
/// 600 bytes. Beyond it a camera is not mirrored, counted by `eyrie_mirror_refused_total`.
pub const MIRROR_CAMERAS_MAX: usize = 100_000;
/// Most tenants' key pairs: a thousand tenants that rotate every month for five years.
pub const MIRROR_TENANT_KEYS_MAX: usize = 65_536;
/// Most placements of which the last epoch is kept: an owner and a twin of each camera.
pub const MIRROR_SPENT_MAX: usize = 2 * MIRROR_CAMERAS_MAX;
/// How long an entry may take to become durable: far more than a disk that keeps up.
pub const MIRROR_WITHIN: Duration = Duration::from_secs(10);
/// Jobs that may wait for the thread.
const QUEUE_MAX: usize = 1024;
/// Most entries of one job: a cell's cameras come in as many jobs as it takes, so that none is built up without bound.
const JOB_ENTRIES_MAX: usize = 1024;

/// The mirror of one data directory. One process may use it at a time, which the lock of the data directory sees to.
pub struct Mirror {
    jobs: mpsc::Sender<Job>,
    contents: Arc<Mutex<Contents>>,
    sealer: Sealer,
    damaged: u64,
}

impl Mirror {
    /// Opens the mirror in `directory` (made where there is none), whose entries are sealed by `sealer`, and reads what earlier
    /// runs left in it. Damaged entries are told, counted and left out. A file sealed under another master key is set aside as
    /// `mirror.other-key`, and the mirror starts empty: the store, or another node, fills it again.
    ///
    /// Blocks: a tenth of a second for 10,000 cameras.
    ///
    /// # Errors
    /// When the file cannot be opened, made, read or, after damage, rewritten.
    pub fn open(directory: &Path, sealer: Sealer) -> Result<Self, MirrorError> {
        describe();
        let failed = |source| MirrorError::Open { path: directory.to_owned(), source: Arc::new(source) };
        let (mut log, bytes) = Log::open(directory).map_err(failed)?;
        let found = record::read_all(&bytes);
        let (mut contents, mut damaged, mut foreign) = (Contents::default(), found.damaged, 0_u64);
        for sealed in found.entries {
            match Entry::open(&sealer, &sealed) {
                Ok(entry) => contents.apply(&entry, sealed),
                Err(KeyError::OtherMasterKey { .. }) => foreign += 1,
                Err(_) => damaged += 1,
            }
        }
        if foreign > 0 {
            let aside = log.set_aside().map_err(failed)?;
            tracing::warn!(foreign, aside = %aside.display(),
                "the mirror of specs was sealed under another master key; it was set aside and is filled anew");
        }
        if damaged > 0 {
            metrics::counter!("eyrie_mirror_damaged_total").increment(damaged);
            tracing::error!(damaged, directory = %directory.display(),
                "entries of the mirror of specs are damaged, or a crash cut the last one short; the others are used");
        }
        if foreign > 0 || damaged > 0 {
            log.replace(contents.sealed()).map_err(failed)?;
        }
        contents.measure(log.bytes());
        let contents = Arc::new(Mutex::new(contents));
        let (jobs, mut queue) = mpsc::channel(QUEUE_MAX);
        let (for_writer, seals) = (Arc::clone(&contents), sealer.clone());
        std::thread::Builder::new()
            .name("mirror".to_owned())
            .spawn(move || writer::run(log, &seals, &for_writer, &mut queue))
            .map_err(failed)?;
        Ok(Self { jobs, contents, sealer, damaged })
    }

    /// Keeps a camera: durable when this answers. `false` when this revision, or a newer one, was there already.
    ///
    /// A camera that was removed comes back when it is put again: whoever puts one knows that it exists.
    ///
    /// # Errors
    /// [`MirrorError::TooLong`], [`MirrorError::Full`], and when the disk refuses or hangs.
    pub async fn put(&self, camera: StoredCamera) -> Result<bool, MirrorError> {
        Ok(self.ask(vec![Entry::Camera(Box::new(camera))]).await? > 0)
    }

    /// Keeps many cameras, as [`Mirror::put`] each, a thousand a sync; answers how many were new. One that is too long is told,
    /// counted and left out; it keeps none of the others from being kept.
    ///
    /// # Errors
    /// As [`Mirror::put`]; those before are kept.
    pub async fn put_all(&self, cameras: impl IntoIterator<Item = StoredCamera>) -> Result<usize, MirrorError> {
        let (mut new, mut cameras) = (0, cameras.into_iter().peekable());
        while cameras.peek().is_some() {
            let mut entries = Vec::with_capacity(JOB_ENTRIES_MAX);
            for camera in cameras.by_ref().take(JOB_ENTRIES_MAX) {
                match super::camera_to_bytes(&camera) {
                    Ok(_) => entries.push(Entry::Camera(Box::new(camera))),
                    Err(error) => refused(&error),
                }
            }
            new += self.ask(entries).await?;
        }
        Ok(new)
    }

    /// Lets go of a camera: durably gone when this answers. `false` when it was not there.
    ///
    /// # Errors
    /// When the disk refuses or hangs.
    pub async fn remove(&self, tenant: &TenantId, camera: CameraId) -> Result<bool, MirrorError> {
        Ok(self.ask(vec![Entry::CameraGone(tenant.clone(), camera)]).await? > 0)
    }

    /// The camera, from memory.
    pub fn get(&self, tenant: &TenantId, camera: CameraId) -> Option<StoredCamera> {
        let kept = lock(&self.contents).cameras.get(&(tenant.clone(), camera)).cloned();
        self.camera(&kept?.sealed)
    }

    /// The revision at which a camera is kept.
    pub fn revision(&self, tenant: &TenantId, camera: CameraId) -> Option<u64> {
        lock(&self.contents).cameras.get(&(tenant.clone(), camera)).map(|kept| kept.revision)
    }

    /// All cameras as of now, by tenant and id; opened one by one as they are asked for.
    pub fn iter(&self) -> impl Iterator<Item = StoredCamera> + '_ {
        let kept: Vec<_> = lock(&self.contents).cameras.values().map(|kept| Arc::clone(&kept.sealed)).collect();
        kept.into_iter().filter_map(|sealed| self.camera(&sealed))
    }

    /// Which cameras are kept, at which revisions.
    pub fn revisions(&self) -> Vec<(TenantId, CameraId, u64)> {
        let contents = lock(&self.contents);
        contents.cameras.iter().map(|((tenant, id), kept)| (tenant.clone(), *id, kept.revision)).collect()
    }

    /// How many cameras are kept.
    pub fn cameras(&self) -> usize {
        lock(&self.contents).cameras.len()
    }

    /// Keeps a tenant's wrapped key pair, in place of one of the same version: durable when this answers. `false` when the same was
    /// there already.
    ///
    /// # Errors
    /// [`MirrorError::Full`], and when the disk refuses or hangs.
    pub async fn put_tenant_key(&self, row: TenantKeyRow) -> Result<bool, MirrorError> {
        if self.tenant_keys(&row.tenant).contains(&row) {
            return Ok(false);
        }
        Ok(self.ask(vec![Entry::TenantKey(row)]).await? > 0)
    }

    /// The key pairs of a tenant, the newest first, from memory.
    pub fn tenant_keys(&self, tenant: &TenantId) -> Vec<TenantKeyRow> {
        let range = (tenant.clone(), 0)..=(tenant.clone(), u32::MAX);
        let sealed: Vec<_> = lock(&self.contents).tenant_keys.range(range).map(|(_, sealed)| sealed.clone()).collect();
        sealed.iter().rev().filter_map(|sealed| self.tenant_key(sealed)).collect()
    }

    /// The key pairs of all tenants.
    pub fn all_tenant_keys(&self) -> Vec<TenantKeyRow> {
        let sealed: Vec<_> = lock(&self.contents).tenant_keys.values().cloned().collect();
        sealed.iter().filter_map(|sealed| self.tenant_key(sealed)).collect()
    }

    /// Notes that epochs are about to be used: durable when this answers, a thousand a sync.
    ///
    /// # Errors
    /// [`MirrorError::Full`], and when the disk refuses or hangs. Those before are noted.
    pub async fn spend_all(&self, spent: impl IntoIterator<Item = SpentEpoch>) -> Result<(), MirrorError> {
        let mut spent = spent.into_iter().peekable();
        while spent.peek().is_some() {
            self.ask(spent.by_ref().take(JOB_ENTRIES_MAX).map(Entry::Spent).collect()).await?;
        }
        Ok(())
    }

    /// The last epoch that was spent here on each placement; forgotten with its camera.
    pub fn spent(&self) -> Vec<SpentEpoch> {
        let contents = lock(&self.contents);
        let spent = contents.spent.iter().map(|((tenant, camera, slot), kept)| SpentEpoch {
            tenant: tenant.clone(),
            camera: *camera,
            slot: *slot,
            epoch: kept.epoch,
        });
        spent.collect()
    }

    /// How many damaged entries, or stretches of the file without any, were found when it was opened.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    fn camera(&self, sealed: &[u8]) -> Option<StoredCamera> {
        // What is in memory was opened once, or sealed here.
        match Entry::open(&self.sealer, sealed) {
            Ok(Entry::Camera(stored)) => Some(*stored),
            _ => None,
        }
    }

    fn tenant_key(&self, sealed: &[u8]) -> Option<TenantKeyRow> {
        match Entry::open(&self.sealer, sealed) {
            Ok(Entry::TenantKey(row)) => Some(row),
            _ => None,
        }
    }

    async fn ask(&self, entries: Vec<Entry>) -> Result<usize, MirrorError> {
        let (reply, answer) = oneshot::channel();
        let done = async {
            self.jobs.send(Job { entries, reply }).await.map_err(|_| MirrorError::Closed)?;
            answer.await.unwrap_or(Err(MirrorError::Closed))
        };
        let done = tokio::time::timeout(MIRROR_WITHIN, done).await.unwrap_or(Err(MirrorError::Slow(MIRROR_WITHIN)));
        done.inspect_err(refused)
    }
}

/// Says once what each metric of the mirror means.
fn describe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        describe_gauge!("eyrie_mirror_cameras", "Cameras whose specs are kept beside the store");
        describe_gauge!("eyrie_mirror_tenant_keys", "Tenants' key pairs kept beside the store");
        describe_gauge!("eyrie_mirror_bytes", Unit::Bytes, "The file of the mirror of specs");
        describe_counter!("eyrie_mirror_refused_total", "Specs and key pairs not kept in the mirror, by reason");
        describe_counter!(
            "eyrie_mirror_damaged_total",
            "Entries of the mirror found damaged at a start; the others are used"
        );
        describe_counter!("eyrie_mirror_rewritten_total", "Times the file of the mirror was written anew");
    });
}

/// Counts and tells what was not kept.
fn refused(error: &MirrorError) {
    metrics::counter!("eyrie_mirror_refused_total", "reason" => error.reason()).increment(1);
    tracing::warn!(%error, "not kept in the mirror of specs");
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mirror").field("cameras", &self.cameras()).finish()
    }
}
