//! What holds wherever shared state is kept. Each test runs over both backends.

use std::collections::HashSet;
use std::time::Duration;

use eyrie_storage::shared::{RateLimit, Said, SharedState, TicketKind, Viewers};
use eyrie_types::{CameraId, Secret, TenantId};

use crate::cell::{Cell, PATIENCE};

/// Runs a test over both backends.
macro_rules! over_both {
    ($($name:ident),+ $(,)?) => {
        mod in_memory {
            $(#[tokio::test] async fn $name() { super::$name(crate::cell::Cell::in_memory()).await; })+
        }
        mod in_redis {
            $(#[tokio::test] async fn $name() { super::$name(crate::cell::Cell::in_redis().await).await; })+
        }
    };
}

over_both!(
    a_burst_is_shared_by_all_nodes_and_refills_at_the_rate,
    failures_double_the_pause_up_to_the_longest_and_success_forgets_them,
    attempts_at_the_same_time_share_no_permission,
    subjects_tenants_and_kinds_and_cells_do_not_disturb_one_another,
    beyond_the_limit_the_subject_seen_longest_ago_is_forgotten,
    a_ticket_is_good_once_on_any_node,
    a_ticket_runs_out_and_no_more_wait_than_may,
    what_a_node_says_the_others_hear_in_order,
    a_message_that_is_too_long_is_not_sent,
    a_listener_that_falls_behind_is_told,
    viewers_are_summed_over_the_other_nodes_and_replaced,
);

const LIMIT: RateLimit = RateLimit {
    kind: "test",
    burst: 5,
    per_second: 2,
    free_failures: 2,
    pause_max: Duration::from_secs(4),
    kept: Duration::from_secs(3600),
    subjects_max: 100,
};

const TICKETS: TicketKind = TicketKind { kind: "test", good_for: Duration::from_secs(30), waiting_max: 3 };

fn tenant() -> TenantId {
    TenantId::default_tenant()
}

async fn take(node: &SharedState, subject: &str) -> Result<(), Duration> {
    node.take(&LIMIT, &tenant(), subject).await
}

async fn a_burst_is_shared_by_all_nodes_and_refills_at_the_rate(cell: Cell) {
    for turn in 0..5 {
        let node = if turn % 2 == 0 { &cell.one } else { &cell.two };
        assert_eq!(take(node, "192.0.2.1").await, Ok(()), "attempt {turn}");
    }
    let wait = take(&cell.two, "192.0.2.1").await.unwrap_err();
    assert!(wait > Duration::ZERO && wait <= Duration::from_millis(500), "{wait:?}: one comes each half second");
    tokio::time::sleep(wait + Duration::from_millis(2)).await;
    assert_eq!(take(&cell.one, "192.0.2.1").await, Ok(()), "after the wait it told");
    assert!(take(&cell.one, "192.0.2.1").await.is_err());
}

async fn failures_double_the_pause_up_to_the_longest_and_success_forgets_them(cell: Cell) {
    let (tenant, subject) = (tenant(), "192.0.2.1");
    let pause = |wait: Result<(), Duration>| wait.unwrap_err().as_millis().div_ceil(1000);
    cell.one.failed(&LIMIT, &tenant, subject).await;
    cell.two.failed(&LIMIT, &tenant, subject).await;
    assert_eq!(take(&cell.one, subject).await, Ok(()), "two are free");
    for expected in [1, 2, 4, 4] {
        cell.two.failed(&LIMIT, &tenant, subject).await;
        assert_eq!(pause(take(&cell.one, subject).await), expected);
    }
    let other = "192.0.2.2";
    for _ in 0..2 {
        cell.one.failed(&LIMIT, &tenant, other).await;
    }
    cell.two.succeeded(&LIMIT, &tenant, other).await;
    cell.one.failed(&LIMIT, &tenant, other).await;
    assert_eq!(take(&cell.two, other).await, Ok(()), "success forgot the first two");
}

async fn attempts_at_the_same_time_share_no_permission(cell: Cell) {
    let attempts = (0..60).map(|turn| take(if turn % 2 == 0 { &cell.one } else { &cell.two }, "192.0.2.1"));
    let mut taken = 0;
    for attempt in futures::future::join_all(attempts).await {
        taken += usize::from(attempt.is_ok());
    }
    // One more may have come while they were made.
    assert!((5..=6).contains(&taken), "{taken}");
}

async fn subjects_tenants_and_kinds_and_cells_do_not_disturb_one_another(cell: Cell) {
    while take(&cell.one, "a").await.is_ok() {}
    assert_eq!(take(&cell.one, "b").await, Ok(()));
    let other: TenantId = "acme".parse().unwrap();
    assert_eq!(cell.one.take(&LIMIT, &other, "a").await, Ok(()));
    assert_eq!(cell.one.take(&RateLimit { kind: "other", ..LIMIT }, &tenant(), "a").await, Ok(()));
    assert_eq!(take(&cell.stranger, "a").await, Ok(()));
}

async fn beyond_the_limit_the_subject_seen_longest_ago_is_forgotten(cell: Cell) {
    let limit = RateLimit { subjects_max: 3, ..LIMIT };
    let (tenant, one) = (tenant(), &cell.one);
    for subject in ["a", "b", "c"] {
        for _ in 0..3 {
            one.failed(&limit, &tenant, subject).await;
        }
        // Redis tells moments apart by the millisecond.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(one.take(&limit, &tenant, "a").await.is_err(), "seen again, so b is the oldest");
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(one.take(&limit, &tenant, "d").await, Ok(()));
    assert!(one.take(&limit, &tenant, "a").await.is_err());
    assert_eq!(one.take(&limit, &tenant, "b").await, Ok(()), "forgotten");
}

fn ticket(number: &std::cell::Cell<u32>) -> Option<Secret> {
    number.set(number.get() + 1);
    Some(Secret::new(format!("ticket {}", number.get())))
}

async fn issue(node: &SharedState, kind: &TicketKind, number: &std::cell::Cell<u32>) -> Option<Secret> {
    node.issue_ticket(kind, || ticket(number), |ticket| Some(format!("value of {}", ticket.expose()))).await
}

async fn a_ticket_is_good_once_on_any_node(cell: Cell) {
    let number = std::cell::Cell::new(0);
    let issued = issue(&cell.one, &TICKETS, &number).await.unwrap();
    assert_eq!(cell.stranger.redeem_ticket(&TICKETS, issued.expose()).await, None, "another cell's");
    let other = TicketKind { kind: "other", ..TICKETS };
    assert_eq!(cell.two.redeem_ticket(&other, issued.expose()).await, None, "another kind");
    let uses = [&cell.two, &cell.one, &cell.two].map(|node| node.redeem_ticket(&TICKETS, issued.expose()));
    let uses: Vec<_> = futures::future::join_all(uses).await.into_iter().flatten().collect();
    assert_eq!(uses, ["value of ticket 1"], "once, whoever comes first");
    assert_eq!(cell.one.redeem_ticket(&TICKETS, "never issued").await, None);
}

async fn a_ticket_runs_out_and_no_more_wait_than_may(cell: Cell) {
    let number = std::cell::Cell::new(0);
    let short = TicketKind { good_for: Duration::from_millis(300), ..TICKETS };
    let mut issued = Vec::new();
    for turn in 0..3 {
        issued.push(issue(if turn == 1 { &cell.two } else { &cell.one }, &short, &number).await.unwrap());
    }
    assert!(issue(&cell.two, &short, &number).await.is_none(), "three wait");
    assert!(cell.two.redeem_ticket(&short, issued[0].expose()).await.is_some());
    assert!(issue(&cell.two, &short, &number).await.is_some(), "a place became free");
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert_eq!(cell.one.redeem_ticket(&short, issued[1].expose()).await, None, "too late");
    assert!(issue(&cell.one, &short, &number).await.is_some(), "those that ran out make room");
}

async fn next(listener: &mut eyrie_storage::shared::Listener) -> Said {
    tokio::time::timeout(PATIENCE, listener.next()).await.expect("somebody says something").unwrap()
}

async fn what_a_node_says_the_others_hear_in_order(cell: Cell) {
    let (mut one, mut two, mut stranger) = (cell.one.listen(), cell.two.listen(), cell.stranger.listen());
    for number in 0..20_u8 {
        cell.one.say("news", vec![number]).await;
    }
    for number in 0..20_u8 {
        let Said::Message { subject, body, .. } = next(&mut two).await else { panic!("nothing was missed") };
        assert_eq!((subject.as_str(), body.as_slice()), ("news", [number].as_slice()));
    }
    cell.two.say("end", Vec::new()).await;
    cell.stranger.say("nothing", Vec::new()).await;
    let first = next(&mut one).await;
    assert!(matches!(first, Said::Message { subject, .. } if subject == "end"), "a node does not hear itself");
    let quiet = tokio::time::timeout(Duration::from_millis(50), stranger.next()).await;
    assert!(quiet.is_err(), "another cell's: {quiet:?}");
}

async fn a_message_that_is_too_long_is_not_sent(cell: Cell) {
    let mut two = cell.two.listen();
    cell.one.say("long", vec![0; 9_000]).await;
    cell.one.say("short", vec![0; 8_000]).await;
    assert!(matches!(next(&mut two).await, Said::Message { subject, .. } if subject == "short"));
}

async fn a_listener_that_falls_behind_is_told(cell: Cell) {
    let mut two = cell.two.listen();
    for number in 0..1_500_u32 {
        cell.one.say("flood", number.to_be_bytes().to_vec()).await;
    }
    let mut heard = Vec::new();
    while heard.last() != Some(&Some(1_499)) {
        heard.push(match next(&mut two).await {
            Said::Missed => None,
            Said::Message { body, .. } => Some(u32::from_be_bytes(body.try_into().unwrap())),
        });
    }
    let distinct: HashSet<_> = heard.iter().flatten().collect();
    assert_eq!(distinct.len() < 1_500, heard.contains(&None), "what is missing is told of, and nothing else");
}

async fn viewers_are_summed_over_the_other_nodes_and_replaced(cell: Cell) {
    let (gate, yard) = ((tenant(), CameraId::random()), (tenant(), CameraId::random()));
    let watch = |counts: &[(&(TenantId, CameraId), u32)]| {
        counts.iter().map(|(camera, count)| ((*camera).clone(), *count)).collect::<Viewers>()
    };
    assert_eq!(cell.one.viewers(&watch(&[(&gate, 2), (&yard, 1)])).await, Viewers::new(), "nobody else");
    assert_eq!(cell.two.viewers(&watch(&[(&gate, 3)])).await, watch(&[(&gate, 2), (&yard, 1)]));
    assert_eq!(cell.one.viewers(&watch(&[])).await, watch(&[(&gate, 3)]));
    assert_eq!(cell.two.viewers(&watch(&[(&gate, 3)])).await, watch(&[]), "they left");
    assert_eq!(cell.stranger.viewers(&watch(&[])).await, watch(&[]), "another cell's");
}
