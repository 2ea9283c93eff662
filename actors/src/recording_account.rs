//! The node's account of recording as metrics: what was expected, is durable and is missing over the last hour and day. Derived
//! anew each time, never counted up, so that a restart or a late row makes no step in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::PlacementKey;
use eyrie_storage::ledger::{Ledger, Summary};
use eyrie_storage::store::StoreError;
use eyrie_types::{GapCause, TimeRange};

use crate::context::NodeContext;

/// How often the last hour is derived: alerts look once a minute.
const HOUR_EVERY: Duration = Duration::from_secs(60);
/// The last day is derived with every so many of them: it changes by little, and reads 24 times as much.
const DAY_EVERY: u32 = 10;
/// The windows, with their word in metrics.
const HOUR: (&str, Duration) = ("1h", Duration::from_secs(3600));
const DAY: (&str, Duration) = ("1d", Duration::from_secs(86_400));

/// Derives the account, for as long as it is polled.
pub(crate) async fn run(node: Arc<NodeContext>) {
    let mut tick = tokio::time::interval(HOUR_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut round = 0u32;
    loop {
        tick.tick().await;
        let day = round.is_multiple_of(DAY_EVERY);
        round = round.wrapping_add(1);
        metrics::gauge!("eyrie_recording_objective").set(node.settings.load().slo_recording);
        for window in std::iter::once(HOUR).chain(day.then_some(DAY)) {
            match account(&node, window.1).await {
                Ok(summary) => tell(window.0, &summary),
                // The gauges keep what they said last; the failure shows in the store's own metrics, too.
                Err(error) => {
                    tracing::warn!(%error, window = window.0, "the account of recording could not be drawn up")
                }
            }
        }
    }
}

/// The account of all cameras of the node over the last `window`.
async fn account(node: &NodeContext, window: Duration) -> Result<Summary, StoreError> {
    let placements = node.directory.lock().placements();
    let mut total = Summary::default();
    for PlacementKey { tenant, camera, .. } in placements {
        let now = node.clock.now();
        let range = TimeRange { start: now - window, end: now };
        // Asked before the index, or what passes from here to there meanwhile is missed.
        let tail = node.open_tail(camera);
        let mut rows = node.store.ledger_rows(&tenant, camera, node.config.node, range).await?;
        rows.replace(tail.into_iter().map(|tail| tail.row), range);
        total.add(&Ledger::of(&rows, range, now).summary);
    }
    Ok(total)
}

fn tell(window: &'static str, summary: &Summary) {
    metrics::gauge!("eyrie_recording_expected_seconds", "window" => window)
        .set(summary.expected_s() - summary.pending_s());
    metrics::gauge!("eyrie_recording_durable_seconds", "window" => window)
        .set(summary.durable_s() + summary.deleted_s());
    let missing: BTreeMap<GapCause, u64> =
        GapCause::ALL.into_iter().map(|cause| (cause, 0)).chain(summary.missing_us_by_cause.clone()).collect();
    for (cause, us) in missing {
        metrics::gauge!("eyrie_recording_missing_seconds", "window" => window, "cause" => cause.as_str())
            .set(us as f64 / 1e6);
    }
}
