use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use eyrie_camsim::au_number::{AuStamp, scan};
use eyrie_storage::keys::{KeyRing, KeyRows, KeySpool, MasterKey, TenantKeyRow};
use eyrie_storage::segment::{ScanEnd, SegmentReader};
use eyrie_storage::store::{Store, StoreConfig};
use eyrie_types::{CameraId, SystemClock, TenantId, WallTime};

/// One access unit as it lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedAu {
    /// The stamp the camera put into it.
    pub stamp: AuStamp,
    /// When the fragment that holds it starts, by the recording.
    pub fragment_start: WallTime,
}

/// Every stamped access unit of a camera found on disk, in the order of their numbers, doubles included. Opens each fragment as
/// a reader would: seals, checksums and hashes are checked. The node must be stopped.
///
/// # Errors
/// When a segment cannot be opened or a fragment is damaged. An unfinished tail is no damage.
pub async fn recorded_aus(data_dir: &Path, camera: &str) -> anyhow::Result<Vec<RecordedAu>> {
    recorded_aus_in(&data_dir.join("recordings"), data_dir, camera).await
}

/// The same of a recordings directory elsewhere.
///
/// # Errors
/// As [`recorded_aus`].
pub async fn recorded_aus_in(recordings: &Path, data_dir: &Path, camera: &str) -> anyhow::Result<Vec<RecordedAu>> {
    let camera: CameraId = camera.parse()?;
    let tenant = TenantId::default_tenant();
    let store =
        Store::open(StoreConfig::Sqlite { path: data_dir.join("metadata.sqlite") }, Arc::new(SystemClock::new()))
            .await?;
    let tenant_keys: Vec<_> = store.tenant_keys(&tenant).await?.iter().filter_map(TenantKeyRow::from_stored).collect();
    let keys = KeyRing::new(MasterKey::load(&data_dir.join("master.key"))?, &tenant_keys)?;
    let store = Arc::new(store);
    // A node that was killed while its store was away has left keys in the spool.
    let key_rows = KeyRows::new(Arc::clone(&store), KeySpool::open(&data_dir.join("key-spool"))?);
    let mut found = Vec::new();
    for path in segment_files(&recordings.join(tenant.as_str()).join(camera.to_string()))? {
        let key = match SegmentReader::open(&path, None)?.head().key {
            Some(id) => {
                let row = key_rows.get(&tenant, id).await?.with_context(|| format!("no key row {id}"))?;
                Some(keys.open(&row)?)
            }
            None => None,
        };
        let reader = SegmentReader::open(&path, key.as_ref())?;
        let scanned = reader.scan(u64::MAX)?;
        anyhow::ensure!(!matches!(scanned.end, ScanEnd::Damaged { .. }), "{}: {:?}", path.display(), scanned.end);
        for entry in scanned.fragments {
            let plaintext = reader.fragment(&entry)?;
            found.extend(scan(&plaintext).map(|stamp| RecordedAu { stamp, fragment_start: entry.start }));
        }
    }
    store.close().await?;
    found.sort_by_key(|au| au.stamp.number);
    Ok(found)
}

/// The files of one camera: a directory a day. None for a camera that never recorded.
fn segment_files(camera: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = |directory: &Path| -> anyhow::Result<Vec<PathBuf>> {
        let paths = std::fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path()));
        Ok(paths.collect::<Result<_, _>>()?)
    };
    let mut files = Vec::new();
    if camera.exists() {
        for day in entries(camera)? {
            files.extend(entries(&day)?);
        }
    }
    Ok(files)
}
