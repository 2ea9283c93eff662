//! How fast the metadata store is on this machine: `cargo run --release -p eyrie-storage --example store_bench [DIR [CAMERAS]]`.
//!
//! Prints, for a database in DIR (a temporary directory without it): refreshing segment rows as 1,000 cameras do, paging
//! through CAMERAS (100,000) cameras, and drawing the ledger of a day. `cql` as DIR runs it against an Apache Cassandra that
//! it starts, `cql:HOST:PORT` against a cluster that is there.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for people, which may stop at the first error")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::ledger::Ledger;
use eyrie_storage::store::{CAMERA_PAGE_MAX, CameraQuery, CqlConfig, Replication};
use eyrie_storage::{Store, StoreConfig};
use eyrie_types::{
    By, Camera, CameraId, CameraSpec, Clock, Epoch, FileSource, Monotonic, NodeId, Placement, SegmentId, SegmentRow,
    SegmentState, Slot, SourceSpec, SystemClock, TenantId, TimeRange, WallTime,
};

const RECORDED: usize = 1000;
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::main]
async fn main() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = std::env::args_os().nth(1).map_or(temporary.path().to_owned(), PathBuf::from);
    let cameras = std::env::args().nth(2).map_or(100_000, |number| number.parse().unwrap());
    let clock = Arc::new(SystemClock::new());
    let cluster = std::env::args().nth(1).and_then(|name| Some(name.strip_prefix("cql")?.to_owned()));
    let contact_point = cluster.map(|cluster| match cluster.strip_prefix(':') {
        Some(contact_point) => contact_point.to_owned(),
        None => eyrie_cassandra::Cassandra::shared().contact_point(),
    });
    let config = match contact_point {
        None => StoreConfig::Sqlite { path: directory.join("store_bench.db") },
        Some(contact_point) => StoreConfig::Cql(CqlConfig {
            contact_points: vec![contact_point],
            keyspace: format!("store_bench_{}", std::process::id()),
            datacenter: None,
            credentials: None,
            tls: None,
            replication: Replication::Local(1),
        }),
    };
    let store = Store::open(config, clock.clone()).await.unwrap();
    let bench = Bench { store: Arc::new(store), clock, node: NodeId::generate(), cameras };
    bench.refreshes().await;
    bench.pages().await;
    bench.day().await;
    bench.store.close().await.unwrap();
}

struct Bench {
    store: Arc<Store>,
    clock: Arc<SystemClock>,
    node: NodeId,
    cameras: usize,
}

fn ms(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
    format!("p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", at(50), at(99), at(100))
}

impl Bench {
    fn since(&self, start: Monotonic) -> Duration {
        self.clock.monotonic().since(start)
    }

    /// One row per camera and call, as recorders write them, all at once; then paced at 1,000 a second.
    async fn refreshes(&self) {
        let rows: Vec<SegmentRow> =
            (0..RECORDED).map(|_| row(CameraId::generate(), self.node, midnight(), 60)).collect();
        let start = self.clock.monotonic();
        for round in 0..5 {
            let writes: Vec<_> = rows.iter().map(|row| self.refresh(grown(row, round))).collect();
            for write in writes {
                write.await.unwrap();
            }
        }
        let each = self.since(start).as_secs_f64() / (5 * RECORDED) as f64;
        println!("segment rows, {RECORDED} callers at once: {:.0} refreshes/s", 1.0 / each);

        let mut tick = tokio::time::interval(Duration::from_millis(1));
        let cpu = cpu_ms();
        let start = self.clock.monotonic();
        let mut writes = Vec::new();
        for round in 5..10 {
            for row in &rows {
                tick.tick().await;
                writes.push(self.refresh(grown(row, round)));
            }
        }
        let mut times = Vec::new();
        for write in writes {
            times.push(write.await.unwrap());
        }
        let took = self.since(start).as_secs_f64();
        println!(
            "segment rows, paced: {:.0} refreshes/s, {}, {:.0} % of a core",
            times.len() as f64 / took,
            ms(&mut times),
            (cpu_ms() - cpu) / took / 10.0
        );
    }

    fn refresh(&self, row: SegmentRow) -> tokio::task::JoinHandle<Duration> {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        tokio::spawn(async move {
            let start = clock.monotonic();
            store.put_segments(vec![row]).await.unwrap();
            clock.monotonic().since(start)
        })
    }

    async fn pages(&self) {
        let start = self.clock.monotonic();
        let mut writes = Vec::new();
        let cameras = self.cameras;
        for n in 0..cameras {
            let (store, camera) = (self.store.clone(), camera(n));
            writes.push(tokio::spawn(async move { store.create_camera(camera, None, By::system()).await.unwrap() }));
            if writes.len() == 1000 {
                for write in writes.drain(..) {
                    write.await.unwrap();
                }
            }
        }
        println!("{cameras} cameras made: {:.0}/s", cameras as f64 / self.since(start).as_secs_f64());
        let find = |text: &str| CameraQuery { search: Some(text.to_owned()), ..CameraQuery::default() };
        let label = CameraQuery { labels: vec!["floor 3".to_owned()], ..CameraQuery::default() };
        for (what, query) in [("all", CameraQuery::default()), ("search", find("CAMERA 77")), ("label", label)] {
            for limit in [50, CAMERA_PAGE_MAX] {
                let mut times = Vec::new();
                let (mut cursor, mut total) = (None, 0);
                for _ in 0..100 {
                    let start = self.clock.monotonic();
                    let query = CameraQuery { limit, cursor, ..query.clone() };
                    let page = self.store.cameras(&TenantId::default(), query).await.unwrap();
                    times.push(self.since(start));
                    (cursor, total) = (page.next_cursor, page.total);
                }
                println!("page of {limit} cameras, {what} ({total} of {cameras} match): {}", ms(&mut times));
            }
        }
    }

    async fn day(&self) {
        let camera = camera(self.cameras);
        self.store.create_camera(camera.clone(), None, By::system()).await.unwrap();
        // A hole every minute: a camera in a bad way.
        let rows = (0..24).map(|hour| row(camera.id, self.node, midnight() + HOUR * hour, 60)).collect();
        self.store.put_segments(rows).await.unwrap();
        let range = TimeRange { start: midnight(), end: midnight() + HOUR * 24 };
        let (mut reads, mut draws) = (Vec::new(), Vec::new());
        let mut found = (0, 0);
        for _ in 0..100 {
            let start = self.clock.monotonic();
            let rows = self.store.ledger_rows(&camera.tenant, camera.id, self.node, range).await.unwrap();
            reads.push(self.since(start));
            let start = self.clock.monotonic();
            let ledger = Ledger::of(&rows, range, range.end + HOUR);
            draws.push(self.since(start));
            found = (ledger.spans.len(), ledger.gaps.len());
        }
        println!("ledger of a day, {} spans and {} gaps: read {}", found.0, found.1, ms(&mut reads));
        println!("ledger of a day, drawn: {}", ms(&mut draws));
    }
}

fn midnight() -> WallTime {
    WallTime::from_unix_us(1_767_225_600_000_000)
}

fn camera(n: usize) -> Camera {
    let spec = CameraSpec {
        name: format!("Camera {n}"),
        enabled: true,
        labels: [format!("floor {}", n % 100), "bench".to_owned()].into_iter().collect(),
        site: None,
        source: SourceSpec::File(FileSource { path: "a.mp4".to_owned() }),
        recording: Default::default(),
        placement: Default::default(),
    };
    let (created_at, updated_at) = (midnight(), midnight());
    Camera { id: CameraId::generate(), tenant: TenantId::default(), revision: 1, created_at, updated_at, spec }
}

/// An hour from `start`, cut into `runs` with a second missing between two.
fn row(camera: CameraId, node: NodeId, start: WallTime, runs: u32) -> SegmentRow {
    let step = HOUR / runs;
    let run = |n| TimeRange { start: start + step * n, end: start + step * (n + 1) - Duration::from_secs(1) };
    SegmentRow {
        placement: Placement {
            tenant: TenantId::default(),
            camera,
            slot: Slot::OWNER,
            epoch: Epoch::new(0, 1).unwrap(),
        },
        segment: SegmentId::generate(),
        node,
        state: SegmentState::Open,
        start,
        end: start + HOUR,
        runs: (0..runs).map(run).collect(),
        fragments: 0,
        bytes: 0,
        key: None,
        merkle_root: None,
    }
}

fn grown(row: &SegmentRow, round: u32) -> SegmentRow {
    SegmentRow { fragments: round, ..row.clone() }
}

/// CPU time of this process in milliseconds, user and system (proc(5), `/proc/self/stat` fields 14 and 15, ticks of 10 ms).
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    ticks as f64 * 10.0
}
