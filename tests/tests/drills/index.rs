use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use eyrie_cassandra::Cassandra;
use eyrie_storage::segment::{SegmentPath, SegmentReader};
use eyrie_storage::store::{CqlConfig, Replication, SEGMENT_PAGE_MAX, Store, StoreConfig};
use eyrie_types::{SegmentId, SystemClock};
use tokio::task::JoinHandle;

use crate::rig::Drill;

/// The most that the index ever said of each segment: where it is, how many fragments of it are durable, and how many bytes.
type Said = BTreeMap<SegmentId, (PathBuf, u32, u64)>;

/// Reads a drill's index over and over while the drill runs, and keeps all it says: whatever it once called durable must be on a
/// disk in the end, whatever it says then.
pub(crate) struct IndexWatch {
    said: Arc<Mutex<Said>>,
    reading: JoinHandle<()>,
}

impl IndexWatch {
    /// Begins with the first index there is.
    pub(crate) fn start(drill: &Drill) -> Self {
        let (said, config) = (Arc::<Mutex<Said>>::default(), drill.data_dir().join("n0/eyrie.toml"));
        let reading = tokio::spawn(read(config, Arc::clone(&said)));
        Self { said, reading }
    }

    /// Ends, and looks at the disks of all nodes. Answers how many fragments the index had called durable.
    pub(crate) fn compare(self, drill: &Drill) -> anyhow::Result<u64> {
        self.reading.abort();
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fragments = 0;
        for (segment, (path, durable, bytes)) in &*said {
            fragments += u64::from(*durable);
            if *durable == 0 {
                continue;
            }
            let there = (0..3).map(|node| drill.data_dir().join(format!("n{node}/recordings")).join(path));
            let found = there.filter(|path| path.is_file()).map(|path| sound(&path)).next();
            let found = found.with_context(|| format!("{segment}: {durable} durable fragments, and no file"))??;
            ensure!(
                found.0 >= *durable && found.1 >= *bytes,
                "{segment}: {durable} fragments in {bytes} bytes were durable, and the disk has {} in {}",
                found.0,
                found.1
            );
        }
        Ok(fragments)
    }
}

/// How many sound fragments a file has, and how long it is.
fn sound(path: &Path) -> anyhow::Result<(u32, u64)> {
    let reader = SegmentReader::open(path, None)?;
    // Every byte of it is hashed.
    Ok((u32::try_from(reader.scan(0)?.fragments.len())?, reader.bytes()?))
}

async fn read(config: PathBuf, said: Arc<Mutex<Said>>) {
    let store = opened(&config).await;
    loop {
        let mut after = None;
        // What cannot be read now is read the next time.
        while let Ok(page) = store.segments_after(after.take()).await {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            for row in &page {
                let path = SegmentPath::new(row.placement.clone(), row.segment, row.start).relative();
                let most = said.entry(row.segment).or_insert((path, 0, 0));
                (most.1, most.2) = (most.1.max(row.fragments), most.2.max(row.bytes));
            }
            if page.len() < SEGMENT_PAGE_MAX {
                break;
            }
            after = page.last().cloned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// The store of a drill whose first node has the configuration `config`, once there is one.
async fn opened(config: &Path) -> Store {
    loop {
        if let Some(store) = open(config).await {
            return store;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// The store of a drill whose first node has its configuration, and made its tables.
async fn open(config: &Path) -> Option<Store> {
    let text = std::fs::read_to_string(config).ok()?;
    let keyspace = text.lines().find_map(|line| line.strip_prefix("store.keyspace = '")?.strip_suffix('\''))?;
    let config = CqlConfig {
        contact_points: vec![Cassandra::shared().contact_point()],
        keyspace: keyspace.to_owned(),
        datacenter: None,
        credentials: None,
        tls: None,
        replication: Replication::Local(1),
    };
    Store::open(StoreConfig::Cql(config), Arc::new(SystemClock::new())).await.ok()
}
