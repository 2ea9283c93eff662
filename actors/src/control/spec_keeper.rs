//! Keeps the specs of all cameras of the cell on this node, so that it can run any of them while the store is down.

use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::{CameraKey, CellState};
use eyrie_types::TenantId;

use super::control::Shared;

/// Specs that are fetched at a time.
const FETCHES_MAX: usize = 4;
/// How often what could not be fetched is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// Changes that come together are looked through together.
const GATHER: Duration = Duration::from_millis(200);

/// Follows the cell, for as long as it is polled.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut applied = shared.raft.state();
    loop {
        let state = Arc::clone(&applied.borrow_and_update().state);
        let whole = keep(&shared, &state).await;
        let changed = async {
            // The sender lives as long as Raft does.
            let _ = applied.changed().await;
        };
        if whole {
            changed.await;
        } else {
            let _ = tokio::time::timeout(RETRY, changed).await;
        }
        tokio::time::sleep(GATHER).await;
    }
}

/// Whether every camera is kept.
async fn keep(shared: &Arc<Shared>, state: &CellState) -> bool {
    for (tenant, camera, _) in shared.mirror.revisions() {
        let key = CameraKey { tenant, camera };
        if state.was_removed(&key) {
            // Told and counted by the mirror; tried again with the next change.
            let _ = shared.mirror.remove(&key.tenant, key.camera).await;
            shared.unkept().remove(&key);
        }
    }
    let known = |tenant: &TenantId, camera| state.camera(&CameraKey { tenant: tenant.clone(), camera }).is_some();
    shared.node.bus().forget_unknown(known);
    let mut missing = Vec::new();
    for (key, needs) in state.cameras() {
        if !shared.keeps(key, needs.revision) {
            missing.push((key.clone(), needs.revision));
        }
    }
    let count = missing.len();
    let left = count - shared.fetch_all(missing, FETCHES_MAX).await;
    metrics::gauge!("eyrie_specs_missing").set(left as f64);
    left == 0
}
