//! What happens when Redis is away, hangs, answers errors, and returns. It is a real one, killed, stopped and started again.

use std::sync::OnceLock;
use std::time::Duration;

use eyrie_storage::shared::{RateLimit, RedisConfig, Said, SharedState, TicketKind, Viewers};
use eyrie_types::{CameraId, Secret, TenantId};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::time::Instant;

use crate::cell::{PATIENCE, await_up, config, connect};
use crate::redis_server::RedisServer;

const LIMIT: RateLimit = RateLimit {
    kind: "sign_in",
    burst: 3,
    per_second: 1,
    free_failures: 2,
    pause_max: Duration::from_secs(900),
    kept: Duration::from_secs(3600),
    subjects_max: 100,
};
const TICKETS: TicketKind = TicketKind { kind: "ws", good_for: Duration::from_secs(30), waiting_max: 10 };
/// What [`MANY`] answers out of memory may take on a machine that does other things as well; with a deadline each, they would take
/// 10 s.
const SOON: Duration = Duration::from_secs(3);
/// How many are asked when nobody is to wait.
const MANY: usize = 100;

fn metrics() -> String {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().unwrap()).render()
}

/// The metrics of all tests of this binary together: only growth of what one test causes alone says anything.
fn metric(name: &str, label: &str) -> u64 {
    let text = metrics();
    let line = text.lines().find(|line| line.starts_with(name) && line.contains(label));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

fn tenant() -> TenantId {
    TenantId::default_tenant()
}

async fn take(node: &SharedState, subject: &str) -> Result<(), Duration> {
    node.take(&LIMIT, &tenant(), subject).await
}

async fn ticket(node: &SharedState) -> Secret {
    let random = || Some(Secret::new(CameraId::random().to_string()));
    node.issue_ticket(&TICKETS, random, |_| Some("session".to_owned())).await.unwrap()
}

/// Asks [`MANY`] times, whatever the answers.
async fn take_many(node: &SharedState) {
    for _ in 0..MANY {
        let _ = take(node, "many").await;
    }
}

/// Takes until it is refused; how many there were.
async fn take_all(node: &SharedState, subject: &str) -> u32 {
    let mut taken = 0;
    while take(node, subject).await.is_ok() {
        taken += 1;
        assert!(taken < 1_000, "there is no limit");
    }
    taken
}

/// Waits until `node` shares again, which shows in what another node sees.
async fn await_shared(node: &SharedState, other: &SharedState) {
    await_up(node, true).await;
    await_up(other, true).await;
    let issued = ticket(node).await;
    assert!(other.redeem_ticket(&TICKETS, issued.expose()).await.is_some(), "a ticket of one is good at the other");
}

#[tokio::test]
async fn down_at_the_start_each_node_works_alone_and_they_share_once_redis_is_there() {
    metrics();
    let mut redis = RedisServer::stopped();
    let (one, two) = (connect(config(&redis, "eyrie")), connect(config(&redis, "eyrie")));
    let (began, before) = (Instant::now(), metric("eyrie_shared_state_fallbacks_total", "rate_limit"));
    assert!((3..=6).contains(&take_all(&one, "a").await), "a limit there is");
    assert!((3..=6).contains(&take_all(&two, "a").await), "on each node");
    take_many(&one).await;
    assert!(began.elapsed() < SOON, "nobody waits for a Redis that is down: {:?}", began.elapsed());
    assert!(metric("eyrie_shared_state_fallbacks_total", "rate_limit") > before);
    let issued = ticket(&one).await;
    assert_eq!(two.redeem_ticket(&TICKETS, issued.expose()).await, None, "good where it was issued");
    assert!(one.redeem_ticket(&TICKETS, issued.expose()).await.is_some());
    redis.run(&[]);
    await_shared(&one, &two).await;
    assert!(take_all(&one, "b").await >= 3);
    assert!(take(&two, "b").await.is_err(), "counted together");
}

#[tokio::test]
async fn killed_and_started_again_it_is_missed_for_a_moment_and_nobody_has_to_help() {
    let mut redis = RedisServer::start();
    let (one, two) = (connect(config(&redis, "eyrie")), connect(config(&redis, "eyrie")));
    await_shared(&one, &two).await;
    let (mut heard, before) = (two.listen(), ticket(&one).await);
    take_all(&one, "a").await;
    redis.stop();
    await_up(&one, false).await;
    let began = Instant::now();
    assert_eq!(take(&one, "a").await, Ok(()), "open: this node counts from nothing");
    assert_eq!(one.redeem_ticket(&TICKETS, before.expose()).await, None, "closed: what Redis kept is gone");
    one.say("revocation", Vec::new()).await;
    assert_eq!(one.viewers(&Viewers::new()).await, Viewers::new());
    take_many(&one).await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let meanwhile = ticket(&one).await;
    redis.run(&[]);
    await_shared(&one, &two).await;
    assert!(one.redeem_ticket(&TICKETS, meanwhile.expose()).await.is_some(), "issued while it was down");
    let first = tokio::time::timeout(PATIENCE, heard.next()).await.unwrap();
    assert_eq!(first, Some(Said::Missed), "what was said meanwhile got nowhere, and that is told");
    one.say("revocation", b"now".to_vec()).await;
    let next = tokio::time::timeout(PATIENCE, heard.next()).await.unwrap();
    assert!(matches!(next, Some(Said::Message { body, .. }) if body == b"now"));
}

#[tokio::test]
async fn hanging_it_costs_three_callers_their_patience_and_the_others_nothing() {
    metrics();
    let redis = RedisServer::start();
    let (one, two) = (connect(config(&redis, "eyrie")), connect(config(&redis, "eyrie")));
    await_shared(&one, &two).await;
    let before = metric("eyrie_shared_state_errors_total", "timeout");
    redis.hang();
    let mut took = Vec::new();
    while *one.is_up().borrow() {
        let began = Instant::now();
        assert_eq!(one.take(&RateLimit { burst: 1_000, ..LIMIT }, &tenant(), "a").await, Ok(()));
        took.push(began.elapsed());
        assert!(took.len() <= 3, "{took:?}");
    }
    assert!(took.iter().all(|took| *took < SOON), "{took:?}");
    assert!(metric("eyrie_shared_state_errors_total", "timeout") >= before + 3);
    let began = Instant::now();
    take_many(&one).await;
    assert!(began.elapsed() < SOON, "nobody waits any more: {:?}", began.elapsed());
    // The other one had nothing to ask, and notices by itself.
    await_up(&two, false).await;
    redis.go_on();
    await_shared(&one, &two).await;
}

#[tokio::test]
async fn one_late_answer_does_not_take_it_down() {
    let mut redis = RedisServer::stopped();
    metrics();
    redis.run(&["--enable-debug-command", "yes"]);
    let one = connect(config(&redis, "eyrie"));
    await_up(&one, true).await;
    let mut up = one.is_up();
    up.mark_unchanged();
    let before = metric("eyrie_shared_state_fallbacks_total", "rate_limit");
    let sleeps = tokio::task::spawn_blocking(move || (redis.command("DEBUG SLEEP 0.16"), redis));
    let patient = RateLimit { burst: 1_000_000, ..LIMIT };
    let mut longest = Duration::ZERO;
    while !sleeps.is_finished() {
        let began = Instant::now();
        assert_eq!(one.take(&patient, &tenant(), "a").await, Ok(()));
        longest = longest.max(began.elapsed());
    }
    assert!(longest >= Duration::from_millis(90), "{longest:?}: or this test shows nothing");
    assert!(metric("eyrie_shared_state_fallbacks_total", "rate_limit") > before);
    let (slept, _redis) = sleeps.await.unwrap();
    assert_eq!(slept, "+OK\r\n");
    assert!(!up.has_changed().unwrap(), "it was up all the time");
}

/// While `trouble` lasts a node works alone and counts errors of `kind`; then they share again.
async fn works_alone_while(redis: &RedisServer, kind: &str, trouble: &str, relief: &str) {
    metrics();
    let (one, two) = (connect(config(redis, "eyrie")), connect(config(redis, "eyrie")));
    await_shared(&one, &two).await;
    let before = metric("eyrie_shared_state_errors_total", kind);
    assert_eq!(redis.command(trouble), "+OK\r\n");
    assert_eq!(take(&one, "a").await, Ok(()), "{kind}");
    await_up(&one, false).await;
    let issued = ticket(&one).await;
    assert!(one.redeem_ticket(&TICKETS, issued.expose()).await.is_some(), "{kind}");
    assert!(metric("eyrie_shared_state_errors_total", kind) > before, "{kind}");
    assert_eq!(redis.command(relief), "+OK\r\n");
    await_shared(&one, &two).await;
}

#[tokio::test]
async fn full_it_is_gone_round() {
    let redis = RedisServer::start();
    works_alone_while(&redis, "\"memory\"", "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0").await;
}

#[tokio::test]
async fn as_a_replica_it_is_gone_round() {
    let redis = RedisServer::start();
    works_alone_while(&redis, "\"read_only\"", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE").await;
}

#[tokio::test]
async fn while_it_loads_it_is_gone_round() {
    metrics();
    let mut redis = RedisServer::stopped();
    redis.run(&["--rdbcompression", "no"]);
    let (one, two) = (connect(config(&redis, "eyrie")), connect(config(&redis, "eyrie")));
    await_shared(&one, &two).await;
    for number in 0..40 {
        redis.command(&format!("SETRANGE filler{number} 4000 x"));
    }
    assert_eq!(redis.command("SAVE"), "+OK\r\n");
    redis.stop();
    await_up(&one, false).await;
    let before = metric("eyrie_shared_state_errors_total", "loading");
    // A tenth of a second a key; it looks at connections every kilobyte.
    redis.run(&["--key-load-delay", "100000", "--loading-process-events-interval-bytes", "1024"]);
    assert!(redis.command("GET filler0").starts_with("-LOADING"), "or this test shows nothing");
    assert_eq!(take(&one, "a").await, Ok(()));
    await_shared(&one, &two).await;
    assert!(metric("eyrie_shared_state_errors_total", "loading") > before, "{}", metrics());
}

#[tokio::test]
async fn given_a_password_meanwhile_it_is_used_again_once_the_file_has_it() {
    metrics();
    let mut redis = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    let with = RedisConfig { password_file: Some(file.clone()), ..config(&redis, "eyrie") };
    let (one, missing) = (connect(config(&redis, "eyrie")), metric("eyrie_shared_state_errors_total", "password_file"));
    let two = connect(with);
    await_up(&one, true).await;
    redis.stop();
    redis.run(&["--requirepass", "a-long-secret"]);
    await_up(&one, false).await;
    let before = metric("eyrie_shared_state_errors_total", "auth");
    std::fs::write(&file, "a wrong secret\n").unwrap();
    let refused = async {
        while metric("eyrie_shared_state_errors_total", "auth") < before + 4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.expect("both are refused, and go on trying");
    assert!(metric("eyrie_shared_state_errors_total", "password_file") > missing, "at first there was no file");
    assert!(!*one.is_up().borrow() && !*two.is_up().borrow());
    assert_eq!(take(&two, "a").await, Ok(()));
    std::fs::write(&file, "a-long-secret\n").unwrap();
    await_up(&two, true).await;
    assert!(!*one.is_up().borrow(), "it was told no password");
}

#[tokio::test]
async fn what_strangers_say_on_the_channel_and_keys_of_another_type_break_nothing() {
    metrics();
    let redis = RedisServer::start();
    let (one, two) = (connect(config(&redis, "eyrie")), connect(config(&redis, "eyrie")));
    await_shared(&one, &two).await;
    let before = metric("eyrie_shared_state_messages_total", "unreadable");
    let mut heard = one.listen();
    assert_eq!(redis.command("PUBLISH {eyrie}:said nonsense"), ":2\r\n");
    two.say("after", Vec::new()).await;
    let next = tokio::time::timeout(PATIENCE, heard.next()).await.unwrap();
    assert!(matches!(next, Some(Said::Message { subject, .. }) if subject == "after"));
    assert!(metric("eyrie_shared_state_messages_total", "unreadable") >= before + 2);
    redis.command("SET {eyrie}:limits:sign_in text");
    assert_eq!(take(&one, "a").await, Ok(()), "counted alone");
    assert!(*one.is_up().borrow(), "one command that is refused says nothing of the others");
}

#[tokio::test]
async fn a_user_with_the_rights_that_the_manual_names_is_enough_and_fewer_are_gone_round() {
    let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operate.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let rights = manual.split('`').find(|code| code.starts_with("~{eyrie}:*")).expect("the manual names them");
    let redis = RedisServer::start();
    assert_eq!(redis.command(&format!("ACL SETUSER eyrie on >secret {rights}")), "+OK\r\n");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    std::fs::write(&file, "secret\n").unwrap();
    let user = RedisConfig { username: Some("eyrie".to_owned()), password_file: Some(file), ..config(&redis, "eyrie") };
    let (one, two) = (connect(user.clone()), connect(user));
    await_shared(&one, &two).await;
    assert!(take(&one, "a").await.is_ok());
    let camera = (tenant(), CameraId::random());
    two.viewers(&Viewers::from([(camera.clone(), 1)])).await;
    assert_eq!(one.viewers(&Viewers::new()).await, Viewers::from([(camera, 1)]));
    let mut heard = two.listen();
    one.say("news", Vec::new()).await;
    assert!(matches!(tokio::time::timeout(PATIENCE, heard.next()).await.unwrap(), Some(Said::Message { .. })));
    assert_eq!(redis.command("ACL SETUSER eyrie -@write"), "+OK\r\n");
    assert_eq!(take(&one, "b").await, Ok(()));
    await_up(&one, false).await;
    assert_eq!(redis.command(&format!("ACL SETUSER eyrie {rights}")), "+OK\r\n");
    await_shared(&one, &two).await;
}

#[tokio::test]
async fn keys_name_nobody_and_all_of_them_run_out() {
    let redis = RedisServer::start();
    let one = connect(config(&redis, "cell-1"));
    await_up(&one, true).await;
    take(&one, "mallory@example.org").await.unwrap();
    one.failed(&LIMIT, &tenant(), "mallory@example.org").await;
    let issued = ticket(&one).await;
    one.viewers(&Viewers::from([((tenant(), CameraId::random()), 1)])).await;
    let keys = redis.command("KEYS *");
    let keys: Vec<_> = keys.lines().filter(|line| line.contains(':')).collect();
    assert_eq!(keys.len(), 7, "bucket, ticket, their indexes, nodes, viewers and beat: {keys:?}");
    for key in keys {
        assert!(key.starts_with("{cell-1}:"), "{key}");
        assert!(!key.contains("mallory") && !key.contains(issued.expose()), "{key}");
        let left = redis.command(&format!("PTTL {key}"));
        assert!(left.trim_start_matches(':').trim().parse::<i64>().unwrap() > 0, "{key} stays for good: {left}");
    }
}
