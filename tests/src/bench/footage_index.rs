use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_storage::store::{CameraUpdate, PasswordChange, SEGMENT_BATCH_MAX, Store, StoreConfig};
use eyrie_types::{
    By, Camera, CameraId, CameraSpec, Clock as _, Epoch, FileSource, GapCause, Incident, NodeId, Placement,
    RecordingMode, RecordingSpec, SegmentId, SegmentRow, SegmentState, Slot, SourceSpec, SystemClock, TenantId,
    TimeRange, WallTime,
};
use futures::StreamExt as _;
use futures::future::try_join_all;
use serde_json::json;

use crate::{Node, NodeOptions};

/// The year that each camera was recorded for.
const YEAR_S: u64 = 365 * 86_400;
/// Segments of a camera that is recorded all the time and never breaks off: one an hour.
const HOURS: u64 = YEAR_S / 3600;
/// Cameras that are asked for; the others only fill the index.
const ASKED_MAX: usize = 5;
/// Writes under way at once: the store commits what waits together.
const WRITES_AT_ONCE: usize = 8;
/// Once a day each camera was away for this long, and an incident tells why.
const AWAY: Duration = Duration::from_secs(40);

/// How the segments of an index lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexLayout {
    /// Each camera has a year in segments of an hour; there are as many cameras as are needed.
    Hourly,
    /// One camera has all of them in its year: it breaks off all the time.
    Dense,
}

/// Makes a data directory whose index knows of `rows` segments, written through the store as a recorder does, and says in
/// `about.json` which cameras are to be asked for. There are no files: nothing that is asked of it reads one.
///
/// # Errors
/// When the store cannot be opened or written.
pub async fn make_footage_index(dir: &Path, rows: u64, layout: IndexLayout) -> anyhow::Result<()> {
    // The first start makes the keys, the store, its first user and the node's id.
    Node::start(dir, &NodeOptions::default())?.stop()?;
    let clock = Arc::new(SystemClock::new());
    let store = Store::open(StoreConfig::Sqlite { path: dir.join("metadata.sqlite") }, clock.clone()).await?;
    let node = store.node_id(NodeId::generate()).await?;
    let now = clock.now();
    let from = now - Duration::from_secs(YEAR_S);
    store.node_alive(node, from, now).await?;
    let per_camera = if layout == IndexLayout::Hourly { HOURS.min(rows) } else { rows };
    let cameras: Vec<CameraId> = (0..rows.div_ceil(per_camera)).map(|_| CameraId::generate()).collect();
    let step = (cameras.len() / ASKED_MAX).max(1);
    let asked: Vec<CameraId> = cameras.iter().copied().step_by(step).take(ASKED_MAX).collect();
    for camera in &asked {
        make_camera(&store, *camera, from, now).await?;
    }
    let mut left = rows;
    let batches = cameras.iter().flat_map(|camera| {
        let segments = per_camera.min(left);
        left -= segments;
        let year = Year { camera: *camera, node, from, segments, of: per_camera };
        (0..segments).step_by(SEGMENT_BATCH_MAX).map(move |first| year.rows(first))
    });
    let put = |rows: Vec<SegmentRow>| async {
        let count = rows.len();
        store.put_segments(rows).await.map(|()| count)
    };
    let mut writes = futures::stream::iter(batches.map(put)).buffer_unordered(WRITES_AT_ONCE);
    let mut written = 0;
    while let Some(count) = writes.next().await {
        written += count?;
    }
    drop(writes);
    store.close().await?;
    let layout = if layout == IndexLayout::Hourly { "hourly" } else { "dense" };
    let about = json!({"rows": written, "layout": layout, "cameras": asked, "from": from, "to": now});
    std::fs::write(dir.join("about.json"), serde_json::to_vec(&about)?)?;
    Ok(())
}

/// A camera that was to be recorded since `from`, and is switched off now, so that the node does not look for it.
async fn make_camera(store: &Store, id: CameraId, from: WallTime, now: WallTime) -> anyhow::Result<()> {
    let tenant = TenantId::default_tenant();
    let spec = CameraSpec {
        name: format!("Camera {id}"),
        enabled: true,
        labels: Default::default(),
        site: None,
        source: SourceSpec::File(FileSource { path: "a.mp4".to_owned() }),
        recording: RecordingSpec { mode: RecordingMode::Continuous, ..Default::default() },
        placement: Default::default(),
    };
    let off = CameraSpec { enabled: false, ..spec.clone() };
    let camera = Camera { id, tenant: tenant.clone(), revision: 1, created_at: from, updated_at: from, spec };
    store.create_camera(camera, None, By::system()).await?;
    let update = CameraUpdate { expected: None, spec: off, password: PasswordChange::Keep };
    store.update_camera(&tenant, id, update, now, By::system()).await?;
    tell_away(store, id, from).await
}

/// Makes the node draw up anew each day of the cameras that are asked for: tells again when they were away. The node must be
/// stopped.
///
/// # Errors
/// When the store cannot be opened or written.
pub(super) async fn touch_days(dir: &Path, cameras: &[CameraId], from: WallTime) -> anyhow::Result<()> {
    let store =
        Store::open(StoreConfig::Sqlite { path: dir.join("metadata.sqlite") }, Arc::new(SystemClock::new())).await?;
    for camera in cameras {
        tell_away(&store, *camera, from).await?;
    }
    Ok(store.close().await?)
}

/// An incident for each time that a camera was away in its year.
async fn tell_away(store: &Store, camera: CameraId, from: WallTime) -> anyhow::Result<()> {
    let (slot, epoch, cause) = (Slot::OWNER, epoch()?, GapCause::CameraUnreachable);
    let incidents = (0..YEAR_S / 86_400).map(|day| away_on(from, day)).map(|start| {
        let incident = Incident { slot, epoch, cause, start, end: Some(start + AWAY) };
        async move { store.put_incident(&TenantId::default_tenant(), camera, incident).await }
    });
    try_join_all(incidents).await?;
    Ok(())
}

/// When a camera was away on a day of its year.
fn away_on(from: WallTime, day: u64) -> WallTime {
    from + Duration::from_secs(day * 86_400 + 43_200)
}

fn epoch() -> anyhow::Result<Epoch> {
    Ok(Epoch::new(1, 1)?)
}

/// The segments of a camera's year.
#[derive(Clone, Copy)]
struct Year {
    camera: CameraId,
    node: NodeId,
    from: WallTime,
    segments: u64,
    /// How many there are to the year.
    of: u64,
}

impl Year {
    /// Those from the `first` on that one write takes.
    fn rows(self, first: u64) -> Vec<SegmentRow> {
        (first..self.segments.min(first + SEGMENT_BATCH_MAX as u64))
            .filter_map(|number| self.row(number).ok())
            .collect()
    }

    fn row(self, number: u64) -> anyhow::Result<SegmentRow> {
        let at = |number: u64| {
            self.from.offset_us((u128::from(number) * u128::from(YEAR_S) * 1_000_000 / u128::from(self.of)) as i64)
        };
        let (start, end) = (at(number), at(number + 1));
        let day = start.signed_us_since(self.from) as u64 / 86_400_000_000;
        let away = TimeRange { start: away_on(self.from, day), end: away_on(self.from, day) + AWAY };
        let runs = TimeRange { start, end }.subtract(&[away]);
        let (first, last) = (runs.first().context("away for all of it")?, runs.last().context("no runs")?);
        let (start, end) = (first.start, last.end);
        ensure!(start < end, "an empty segment");
        Ok(SegmentRow {
            placement: Placement {
                tenant: TenantId::default_tenant(),
                camera: self.camera,
                slot: Slot::OWNER,
                epoch: epoch()?,
            },
            segment: SegmentId::generate(),
            node: self.node,
            state: SegmentState::Closed,
            start,
            end,
            fragments: end.since(start).as_secs() as u32,
            bytes: end.since(start).as_micros() as u64 / 4,
            runs,
            key: None,
            merkle_root: Some([7; 32]),
        })
    }
}
