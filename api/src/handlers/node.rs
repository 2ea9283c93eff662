use axum::Json;
use axum::extract::State;
use eyrie_actors::{RetentionOutlook, WhenFull};
use eyrie_storage::disk::{Disk, DiskState};
use eyrie_types::{CameraState, GapCause};

use crate::model::{CameraCounts, DiskAnswer, MemoryAnswer, NodeAnswer, NodeRecordings, WhenFullAnswer};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// Shows how the node is.
#[utoipa::path(get, path = "/api/v1/node", tag = "node",
    responses((status = 200, description = "Its health.", body = NodeAnswer)))]
pub(crate) async fn get_node(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
) -> Result<Json<NodeAnswer>, Problem> {
    let mut cameras = CameraCounts::default();
    for (of_state, count) in state.node().camera_counts(&caller.tenant) {
        cameras.total += count;
        *match of_state {
            CameraState::Disabled => &mut cameras.disabled,
            CameraState::Connecting => &mut cameras.connecting,
            CameraState::Online => &mut cameras.online,
            CameraState::Silent => &mut cameras.silent,
            CameraState::Refused => &mut cameras.refused,
            CameraState::Offline => &mut cameras.offline,
        } += count;
    }
    let (ring_bytes, ring_bytes_max) = state.node().frame_memory();
    let memory = MemoryAnswer { resident_bytes: resident_bytes().await, ring_bytes, ring_bytes_max };
    let disks: Vec<DiskAnswer> = state.disks().iter().map(disk).collect();
    let troubled = cameras.silent + cameras.refused + cameras.offline;
    Ok(Json(NodeAnswer {
        id: state.node_id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        healthy: troubled == 0 && disks.iter().all(|disk| disk.trouble.is_none()),
        started_at: state.started_at(),
        now: state.clock().now(),
        cameras,
        memory,
        disks,
        recordings: recordings(&state),
    }))
}

fn recordings(state: &GatewayState) -> Option<NodeRecordings> {
    let RetentionOutlook { bytes, oldest, bytes_per_s, days_left, days_kept } = state.node().retention_outlook()?;
    let rules = state.node().settings().retention;
    let file_systems: Vec<u64> = state.disks().iter().map(|disk| disk.health().total_bytes).collect();
    Some(NodeRecordings {
        bytes,
        oldest,
        bytes_per_s,
        days_left,
        days_kept,
        max_age_s: rules.max_age.map(|age| age.as_secs()),
        max_bytes: rules.max_bytes.and_then(|share| share.of(&file_systems)),
        when_full: match rules.when_full {
            WhenFull::DeleteOldest => WhenFullAnswer::DeleteOldest,
            WhenFull::Stop => WhenFullAnswer::Stop,
        },
    })
}

/// Bytes of a page of memory on every platform this is built for; `statm` counts pages.
const PAGE_BYTES: u64 = 4096;

/// Resident bytes of this process (proc(5): the second number of `/proc/self/statm`).
async fn resident_bytes() -> Option<u64> {
    let text = tokio::fs::read_to_string("/proc/self/statm").await.ok()?;
    text.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(PAGE_BYTES)
}

fn disk(disk: &Disk) -> DiskAnswer {
    let health = disk.health();
    let known = health.total_bytes > 0;
    DiskAnswer {
        path: disk.config().root.display().to_string(),
        total_bytes: known.then_some(health.total_bytes),
        free_bytes: known.then_some(health.free_bytes),
        trouble: match health.state {
            DiskState::Ok => None,
            DiskState::Full => Some(GapCause::DiskFull),
            DiskState::ReadOnly => Some(GapCause::DiskReadOnly),
            DiskState::Slow => Some(GapCause::DiskSlow),
            DiskState::Failing => Some(GapCause::DiskError),
        },
    }
}
