use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use eyrie_storage::facts::NodePoint;
use eyrie_types::{CameraState, Monotonic};

use super::board::Reading;
use super::node_load::NodeLoad;
use crate::context::{CameraContext, NodeContext};
use crate::live::LiveState;

/// How often cameras and node are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Every so many looks what is usual of each camera is found anew.
const REVIEW_EVERY: u32 = 60;
/// What an ingest published longer ago says nothing of now. Longer than silence takes to be noticed, so that slow cameras count.
const MEASURED_MAX: Duration = Duration::from_millis(3_500);

/// Looks at what cameras send and at the node, for as long as it is polled.
pub(crate) async fn run(node: Arc<NodeContext>) {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut load = NodeLoad::default();
    let mut written: Option<(Monotonic, u64)> = None;
    let mut looks = 0_u32;
    loop {
        tick.tick().await;
        let (now, monotonic) = (node.clock.now(), node.clock.monotonic());
        let running: Vec<_> = {
            let inner = node.directory.lock();
            inner.running.values().map(|running| (Arc::clone(&running.context), Arc::clone(&running.live))).collect()
        };
        let (mut received_bps, mut viewers) = (0_u64, 0_u64);
        for (camera, live) in running {
            let reading = read(&node, &camera, &live, monotonic);
            viewers = viewers.saturating_add(reading.viewers);
            received_bps = received_bps.saturating_add(node.facts.note(now, &reading));
        }
        let bytes = node.written_bytes.load(Ordering::Relaxed);
        let written_bps = written.replace((monotonic, bytes)).map_or(0, |(before, earlier)| {
            let us = (monotonic.since(before).as_micros() as u64).max(1);
            bytes.wrapping_sub(earlier).saturating_mul(8_000_000) / us
        });
        let online = node.events.own_counts().get(&CameraState::Online).copied().unwrap_or(0);
        let small = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let point = NodePoint {
            cpu_milli: load.cpu_milli(monotonic),
            cameras_online: small(online),
            viewers: small(viewers),
            memory_bytes: NodeLoad::memory_bytes(),
            received_bps,
            written_bps,
            disk_free_bytes: node.disks.iter().map(|disk| disk.health().free_bytes).sum(),
        };
        node.facts.note_node(now, point);
        if looks.is_multiple_of(REVIEW_EVERY) {
            let there: BTreeSet<_> = node.directory.lock().placements().into_iter().map(|key| key.camera).collect();
            for (level, count) in node.facts.review(now, &there) {
                metrics::gauge!("eyrie_cameras_by_verdict", "level" => level.as_str()).set(count as f64);
            }
        }
        looks = looks.wrapping_add(1);
    }
}

fn read(node: &NodeContext, camera: &CameraContext, live: &LiveState, now: Monotonic) -> Reading {
    let (tenant, id) = (camera.placement.tenant.clone(), camera.placement.camera);
    let measured = camera.measured.load_full().map(|measured| *measured);
    Reading {
        measured: measured.filter(|measured| now.since(measured.at) <= MEASURED_MAX),
        lost: camera.packets_lost.load(Ordering::Relaxed),
        viewers: live.viewers.count(now),
        viewers_elsewhere: node.facts.elsewhere(&(tenant.clone(), id)),
        tenant,
        camera: id,
    }
}
