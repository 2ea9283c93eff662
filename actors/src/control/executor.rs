//! Carries out what the cell asks of this node: in order, as fast as specs are there, and never in the way of heartbeats.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::{CameraKey, Duty, PlacementKey, SpentEpochs};
use eyrie_storage::mirror::SpentEpoch;
use eyrie_types::{CameraState, Epoch, WallTime};

use super::control::Shared;
use super::specs::open_camera;
use crate::node::Assignment;

/// Specs that are fetched at a time.
const FETCHES_MAX: usize = 8;
/// How long after a spec was not to be had it is asked for again.
const RETRY: Duration = Duration::from_millis(500);

/// What this node is to run, as last decided.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders {
    /// Rises with each.
    pub(super) version: u64,
    /// The epochs that are spent with it; to be noted before anything is run.
    pub(super) spent: SpentEpochs,
    /// All of it.
    pub(super) duties: BTreeMap<PlacementKey, Duty>,
    /// Of placements taken from a dead node, when that was last heard of.
    pub(super) dead_since: BTreeMap<PlacementKey, WallTime>,
}

/// What was carried out.
#[derive(Default)]
struct Done {
    /// With the revision that was handed over.
    duties: BTreeMap<PlacementKey, (Epoch, u64, bool)>,
    noted: SpentEpochs,
}

/// Carries out orders for as long as it is polled. Started again after a panic, it hands everything over once more, which changes
/// nothing of what runs.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut orders = shared.orders.subscribe();
    let mut done = Done::default();
    loop {
        let now = orders.borrow_and_update().clone();
        let progress = carry_out(&shared, &now, &mut done).await;
        let changed = async {
            // The sender lives in `shared`.
            let _ = orders.changed().await;
        };
        match progress {
            Progress::Complete => {
                shared.executed.send_replace(now.version);
                changed.await;
            }
            Progress::Again => {}
            Progress::Later => drop(tokio::time::timeout(RETRY, changed).await),
        }
    }
}

/// How far it went.
enum Progress {
    /// All is done.
    Complete,
    /// More can be done at once.
    Again,
    /// The rest has to wait for something.
    Later,
}

async fn carry_out(shared: &Arc<Shared>, orders: &Orders, done: &mut Done) -> Progress {
    note(shared, orders, done).await;
    let gone: Vec<_> = done.duties.keys().filter(|key| !orders.duties.contains_key(key)).cloned().collect();
    for key in gone {
        if let Err(error) = shared.node.withdraw(key.clone()).await {
            tracing::warn!(%error, "a placement that is no longer this node's could not be stopped yet");
            return Progress::Later;
        }
        done.duties.remove(&key);
    }
    let mut missing = Vec::new();
    for (key, duty) in &orders.duties {
        let camera = CameraKey::from(key);
        let wanted = (duty.epoch, duty.revision, duty.enabled);
        if done.duties.get(key).is_some_and(|had| had.0 == wanted.0 && had.1 >= wanted.1 && had.2 == wanted.2) {
            continue;
        }
        let Some(stored) = shared.kept(&camera, duty.revision) else {
            missing.push((camera, duty.revision));
            continue;
        };
        let revision = stored.camera.revision;
        match open_camera(&shared.sealer, stored) {
            Ok(camera) => {
                let dead_since = orders.dead_since.get(key).copied();
                tracing::debug!(camera = %key.camera, slot = %key.slot, epoch = %duty.epoch, "the cell has given this node a camera");
                let assignment = Assignment { camera, slot: key.slot, epoch: duty.epoch, dead_since };
                if let Err(error) = shared.node.assign(assignment).await {
                    tracing::warn!(%error, "a placement could not be started yet");
                    return Progress::Later;
                }
            }
            Err(error) => {
                tracing::error!(camera = %key.camera, %error, "the camera's password cannot be opened; set it again");
                // As with a wrong password: nothing runs, and the status says why.
                let _ = shared.node.withdraw(key.clone()).await;
                let reason = "its stored password cannot be opened; set it again";
                shared.node.put_unrunnable(&key.tenant, key.camera, CameraState::Refused, reason);
            }
        }
        done.duties.insert(key.clone(), (wanted.0, revision.max(wanted.1), wanted.2));
    }
    if missing.is_empty() {
        return Progress::Complete;
    }
    for (key, _) in &missing {
        let reason = "waiting for its settings: neither the store nor another node has them now";
        shared.node.put_unrunnable(&key.tenant, key.camera, CameraState::Connecting, reason);
    }
    if shared.fetch_all(missing, FETCHES_MAX).await > 0 { Progress::Again } else { Progress::Later }
}

/// Epochs are noted durably before they are used.
async fn note(shared: &Shared, orders: &Orders, done: &mut Done) {
    if orders.spent == done.noted {
        return;
    }
    let fresh = orders.spent.iter().filter(|(key, epoch)| done.noted.last(key) != Some(*epoch));
    let fresh: Vec<_> = fresh.map(|(key, epoch)| spent_epoch(key, epoch)).collect();
    let count = fresh.len();
    match shared.mirror.spend_all(fresh).await {
        Ok(()) => done.noted = orders.spent.clone(),
        Err(error) => {
            // Footage comes first: were an epoch used by two runs, the segments of the two still have ids and keys of their own.
            metrics::counter!("eyrie_epochs_not_noted_total").increment(count as u64);
            tracing::error!(%error, count, "epochs are used without a durable note that they are");
        }
    }
}

fn spent_epoch(key: &PlacementKey, epoch: Epoch) -> SpentEpoch {
    let PlacementKey { tenant, camera, slot } = key;
    SpentEpoch { tenant: tenant.clone(), camera: *camera, slot: *slot, epoch }
}
