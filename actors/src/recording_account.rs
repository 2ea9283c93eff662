//! The node's account of recording as metrics: what was expected, is durable and is missing over the last hour and day. Derived
//! anew each time, never counted up, so that a restart or a late row makes no step in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::PlacementKey;
use eyrie_storage::ledger::{Ledger, Summary};
use eyrie_storage::store::StoreError;
use eyrie_types::{GapCause, Slot, Span, TimeRange, WallTime};

use crate::context::NodeContext;

/// How often the last hour is derived: alerts look once a minute.
const HOUR_EVERY: Duration = Duration::from_secs(60);
/// The last day is derived with every so many of them: it changes by little, and reads 24 times as much.
const DAY_EVERY: u32 = 10;
/// What another node recorded is in the index so much later at most: its row is refreshed every 10 s, and a store may be slow.
const TWIN_LATE_MAX: Duration = Duration::from_secs(30);
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
                Ok((summary, single)) => tell(window.0, &summary, single),
                // The gauges keep what they said last; the failure shows in the store's own metrics, too.
                Err(error) => {
                    tracing::warn!(%error, window = window.0, "the account of recording could not be drawn up")
                }
            }
        }
    }
}

/// The account of all cameras of the node over the last `window`, and the age of the oldest second within it that has one copy
/// alone, of cameras that have a twin and whose owner is this node.
async fn account(node: &NodeContext, window: Duration) -> Result<(Summary, Duration), StoreError> {
    let placements = node.directory.lock().placements();
    let (mut total, mut single) = (Summary::default(), Duration::ZERO);
    for PlacementKey { tenant, camera, slot } in placements {
        let now = node.clock.now();
        let range = TimeRange { start: now - window, end: now };
        // Asked before the index, or what passes from here to there meanwhile is missed.
        let tail = node.open_tail(camera);
        let mut rows = node.store.ledger_rows(&tenant, camera, node.config.node, range).await?;
        rows.replace(tail.into_iter().map(|tail| tail.row), range);
        let ledger = Ledger::of(&rows, range, now);
        total.add(&ledger.summary);
        if slot == Slot::OWNER && rows.segments.iter().any(|row| row.placement.slot == Slot::TWIN) {
            single = single.max(oldest_single(&ledger.spans, now));
        }
    }
    Ok((total, single))
}

/// How old the oldest second is that one node alone holds; zero where there is none, or too fresh a one to tell.
fn oldest_single(spans: &[Span], now: WallTime) -> Duration {
    let copies = |span: &Span| span.sources.iter().map(|source| source.node).collect::<BTreeSet<_>>().len();
    let old = spans.iter().filter(|span| copies(span) == 1).map(|span| now.since(span.start));
    old.filter(|age| *age > TWIN_LATE_MAX).max().unwrap_or_default()
}

fn tell(window: &'static str, summary: &Summary, single: Duration) {
    metrics::gauge!("eyrie_recording_single_copy_age_seconds", "window" => window).set(single.as_secs_f64());
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

#[cfg(test)]
mod tests {
    use eyrie_types::{Epoch, NodeId, SpanSource};

    use super::*;

    #[test]
    fn the_oldest_second_with_one_copy_counts_and_what_the_twin_has_not_told_yet_does_not() {
        let at = |s: i64| WallTime::from_unix_us(1_767_225_600_000_000 + s * 1_000_000);
        let span = |start: i64, end: i64, copies: u8| {
            let source = |slot| SpanSource {
                slot: Slot(slot),
                epoch: Epoch::new(0, 1).unwrap(),
                node: NodeId::from_uuid(uuid::Uuid::from_u128(slot.into())),
            };
            Span { start: at(start), end: at(end), available: true, sources: (0..copies).map(source).collect() }
        };
        let age = |spans: &[Span]| oldest_single(spans, at(1_000)).as_secs();
        assert_eq!(age(&[span(0, 985, 2), span(985, 1_000, 1)]), 0);
        assert_eq!(age(&[span(0, 100, 2), span(100, 200, 1), span(200, 300, 2), span(300, 1_000, 1)]), 900);
        assert_eq!(age(&[]), 0);
    }
}
