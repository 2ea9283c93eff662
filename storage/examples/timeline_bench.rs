//! How long a timeline of a camera-year takes in an index of many segments:
//! `cargo run --release -p eyrie-storage --example timeline_bench [ROWS [DIR]]`.
//!
//! Fills a database in DIR (a temporary directory without it) with ROWS hourly segments through the store itself, a camera-year
//! at a time, and draws one of these years: day by day for the first time, and from the days that were kept.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for people, which may stop at the first error")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::ledger::{DayItem, coarsen};
use eyrie_storage::{Store, StoreConfig};
use eyrie_types::{
    CameraId, Clock, Epoch, NodeId, Placement, SegmentId, SegmentRow, SegmentState, Slot, SystemClock, TenantId,
    TimeRange, WallTime,
};

const HOUR: Duration = Duration::from_secs(3600);
const YEAR_HOURS: u32 = 365 * 24;
const YEAR_START_US: i64 = 1_735_689_600_000_000;
const POINTS: usize = 1000;
const REPEATS: usize = 20;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let rows: u32 = arguments.next().map_or(10_000, |text| text.parse().unwrap());
    let temporary = tempfile::tempdir().unwrap();
    let directory = arguments.next().map_or(temporary.path().to_owned(), PathBuf::from);
    let clock = Arc::new(SystemClock::new());
    let store = Store::open(StoreConfig { path: directory.join("timeline_bench.db") }, clock.clone()).await.unwrap();
    let (tenant, node) = (TenantId::default_tenant(), NodeId::generate());
    let start = WallTime::from_unix_us(YEAR_START_US);
    let mut cameras = Vec::new();
    for first in (0..rows).step_by(YEAR_HOURS as usize) {
        let camera = CameraId::generate();
        cameras.push(camera);
        let year: Vec<_> =
            (0..YEAR_HOURS.min(rows - first)).map(|hour| row(camera, node, start + HOUR * hour)).collect();
        for some in year.chunks(1000) {
            store.put_segments(some.to_vec()).await.unwrap();
        }
    }
    let camera = cameras[cameras.len() / 2];
    let year = TimeRange { start, end: start + HOUR * YEAR_HOURS };
    let (first, last) = (year.start.utc_day(), year.end.offset_us(-1).utc_day());
    let began = clock.monotonic();
    for day in first..=last {
        store.draw_day_rollup(&tenant, camera, node, day, year.end + HOUR).await.unwrap();
    }
    let cold = clock.monotonic().since(began);
    let mut warm = Vec::new();
    let mut stretches = 0;
    for _ in 0..REPEATS {
        let began = clock.monotonic();
        let days = store.day_rollups(&tenant, camera, first, last).await.unwrap();
        let items: Vec<DayItem> = days.into_values().flat_map(|day| day.items).collect();
        stretches = coarsen(&items, year, POINTS).len();
        warm.push(clock.monotonic().since(began));
    }
    warm.sort_unstable();
    println!(
        "{rows} segments of {} cameras; a camera-year in {stretches} stretches: {:.1} ms from kept days (p95 {:.1} ms), \
         {:.0} ms the first time",
        cameras.len(),
        warm[REPEATS / 2].as_secs_f64() * 1e3,
        warm[REPEATS * 95 / 100].as_secs_f64() * 1e3,
        cold.as_secs_f64() * 1e3
    );
    store.close().await.unwrap();
}

/// An hour with a hole of 2 s in its middle.
fn row(camera: CameraId, node: NodeId, start: WallTime) -> SegmentRow {
    let (half, end) = (start + HOUR / 2, start + HOUR);
    let runs = vec![TimeRange { start, end: half }, TimeRange { start: half + Duration::from_secs(2), end }];
    let tenant = TenantId::default_tenant();
    let placement = Placement { tenant, camera, slot: Slot::OWNER, epoch: Epoch::new(0, 1).unwrap() };
    let (segment, state) = (SegmentId::generate(), SegmentState::Closed);
    SegmentRow {
        placement,
        segment,
        node,
        state,
        start,
        end,
        runs,
        fragments: 3600,
        bytes: 900_000_000,
        key: None,
        merkle_root: Some([7; 32]),
    }
}
