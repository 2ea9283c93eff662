use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::shared::{SharedState, Viewers};

use super::FactsBoard;
use crate::context::NodeContext;

/// How often nodes tell one another who watches: a third of how long that counts.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Tells the other nodes who watches on this one, and learns who watches on them, for as long as it is polled.
pub(crate) async fn run(node: Arc<NodeContext>) {
    let Some(shared) = &node.config.shared else { return };
    let mut tick = tokio::time::interval(TELL_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let running: Vec<_> = {
            let inner = node.directory.lock();
            inner.running.values().map(|running| (Arc::clone(&running.context), Arc::clone(&running.live))).collect()
        };
        let now = node.clock.monotonic();
        let watched = running.into_iter().filter_map(|(camera, live)| {
            let count = u32::try_from(live.viewers.count(now)).unwrap_or(u32::MAX);
            (count > 0).then(|| ((camera.placement.tenant.clone(), camera.placement.camera), count))
        });
        let relayed = node.relayed_viewers.counts(now).into_iter();
        let relayed = relayed.map(|(camera, count)| (camera, u32::try_from(count).unwrap_or(u32::MAX)));
        exchange(shared, &node.facts, watched.chain(relayed).collect()).await;
    }
}

async fn exchange(shared: &SharedState, facts: &FactsBoard, own: Viewers) {
    facts.set_elsewhere(shared.viewers(&own).await);
}

#[cfg(test)]
mod tests {
    use eyrie_storage::shared::MemoryCell;
    use eyrie_types::{CameraId, NodeId, SystemClock, TenantId};

    use super::*;

    #[tokio::test]
    async fn viewers_of_two_nodes_are_seen_on_both_and_no_more_once_they_left() {
        let (cell, clock) = (MemoryCell::default(), Arc::new(SystemClock::new()));
        let [(one, here), (two, there)] = [(), ()].map(|()| {
            let shared = SharedState::in_memory(NodeId::random(), cell.clone(), clock.clone());
            (shared, FactsBoard::default())
        });
        let camera = (TenantId::default_tenant(), CameraId::random());
        exchange(&one, &here, Viewers::from([(camera.clone(), 2)])).await;
        exchange(&two, &there, Viewers::from([(camera.clone(), 3)])).await;
        exchange(&one, &here, Viewers::new()).await;
        assert_eq!((here.elsewhere(&camera), there.elsewhere(&camera)), (3, 2));
        exchange(&two, &there, Viewers::new()).await;
        assert_eq!(there.elsewhere(&camera), 0);
    }
}
