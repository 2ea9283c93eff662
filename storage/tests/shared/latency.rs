//! What sharing costs: run with `--nocapture` to see.

use std::time::Duration;

use eyrie_storage::shared::RateLimit;
use eyrie_types::TenantId;
use tokio::time::Instant;

use crate::cell::Cell;

const LIMIT: RateLimit = RateLimit {
    kind: "latency",
    burst: 1_000_000,
    per_second: 1,
    free_failures: 1,
    pause_max: Duration::from_secs(1),
    kept: Duration::from_secs(60),
    subjects_max: 10_000,
};

#[tokio::test]
#[allow(clippy::print_stdout, reason = "for whoever runs it with --nocapture")]
async fn a_shared_check_is_quick_and_none_is_lost() {
    for (place, cell) in [("memory", Cell::in_memory()), ("redis", Cell::in_redis().await)] {
        let (tenant, began) = (TenantId::default_tenant(), Instant::now());
        let mut took = Vec::new();
        for turn in 0..2_000_u32 {
            let (node, before) = (if turn % 2 == 0 { &cell.one } else { &cell.two }, Instant::now());
            node.take(&LIMIT, &tenant, &format!("192.0.2.{}", turn % 250)).await.unwrap();
            took.push(before.elapsed());
        }
        let rate = 2_000.0 / began.elapsed().as_secs_f64();
        let began = Instant::now();
        let many = (0..64).map(|_| async {
            for _ in 0..50 {
                cell.one.take(&LIMIT, &tenant, "192.0.2.1").await.unwrap();
            }
        });
        futures::future::join_all(many).await;
        let side_by_side = 3_200.0 / began.elapsed().as_secs_f64();
        took.sort();
        println!(
            "{place}: p50 {:?}, p99 {:?}, max {:?}; {rate:.0} a second one by one, {side_by_side:.0} by 64 at once",
            took[1_000], took[1_980], took[1_999]
        );
        if let Some(redis) = &cell.redis {
            let buckets = redis.command("ZCARD {cell-1}:limits:latency");
            assert_eq!(buckets, ":250\r\n", "every subject was counted there");
        }
    }
}
