//! Several gateways of one cell: one store, and what they share in memory or in a real Redis.

use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::shared::{MemoryCell, RedisConfig, SharedState};
use eyrie_types::{Clock, NodeId};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::feed::{close_code, open, ticket};
use crate::harness::{ADMIN_PASSWORD, Caller, Eyrie, problem};
use crate::redis_server::RedisServer;

/// How long anything that happens by itself may take on a busy machine; what is remembered is believed for less than that only
/// by the clock of the tests, which stands still.
const PATIENCE: Duration = Duration::from_secs(20);

struct Cell {
    one: Eyrie,
    two: Eyrie,
    redis: Option<RedisServer>,
}

impl Cell {
    async fn in_memory() -> Self {
        let cell = MemoryCell::default();
        Self::start(None, |node, clock| SharedState::in_memory(node, cell.clone(), clock)).await
    }

    async fn in_redis() -> Self {
        let redis = RedisServer::start();
        let address = redis.url().parse().unwrap();
        let config = RedisConfig { address, username: None, password_file: None, prefix: "cell".to_owned() };
        let cell = Self::start(Some(redis), |node, clock| SharedState::in_redis(node, config.clone(), clock)).await;
        cell.await_up(true).await;
        cell
    }

    async fn start(redis: Option<RedisServer>, shared: impl Fn(NodeId, Arc<dyn Clock>) -> SharedState) -> Self {
        let one = Eyrie::start_sharing(None, None, &shared).await;
        let two = Eyrie::start_sharing(None, Some(&one), &shared).await;
        Self { one, two, redis }
    }

    async fn await_up(&self, up: bool) {
        for eyrie in [&self.one, &self.two] {
            let mut is_up = eyrie.shared.is_up();
            tokio::time::timeout(PATIENCE, is_up.wait_for(|is| *is == up)).await.expect("in time").unwrap();
        }
    }
}

/// The same session, at another node.
fn at<'a>(eyrie: &'a Eyrie, caller: &Caller<'_>) -> Caller<'a> {
    Caller { eyrie, token: caller.token.clone() }
}

async fn refresh(eyrie: &Eyrie, token: &Value) -> Response {
    eyrie.http.post(eyrie.url("/api/v1/auth/refresh")).json(&json!({"refresh_token": token})).send().await.unwrap()
}

/// Asks until the answer has this status.
async fn await_status(caller: &Caller<'_>, path: &str, status: u16) {
    let until = async {
        while caller.get(path).await.status() != status {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, until).await.unwrap_or_else(|_| panic!("{path} never answers {status}"));
}

/// What any of the nodes knows, all know: the clock stands still, so nothing is asked again for being old.
async fn one_cell(cell: Cell) {
    let (one, two) = (&cell.one, &cell.two);
    // A ticket of one opens a feed at the other, once.
    let viewer = one.user("viewer").await;
    let issued = ticket(&viewer).await;
    let mut feed = open(two, &issued).await.unwrap();
    assert_eq!(open(one, &issued).await.unwrap_err(), 401, "used");
    // A role counts at once.
    let admin = one.admin().await;
    let me: Value = at(two, &viewer).json("/api/v1/me").await;
    assert_eq!(at(two, &viewer).get("/api/v1/users").await.status(), 403);
    let path = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    assert_eq!(admin.send(Method::PATCH, &path, Some(json!({"role": "admin"}))).await.status(), 200);
    await_status(&at(two, &viewer), "/api/v1/users", 200).await;
    // An end, too, and it closes what is open.
    assert_eq!(admin.send(Method::DELETE, &path, None).await.status(), 204);
    let code = tokio::time::timeout(Duration::from_secs(10), close_code(&mut feed)).await;
    assert_eq!(code.expect("before the next heartbeat"), 4401);
    problem(at(two, &viewer).get("/api/v1/me").await, "unauthenticated").await;
    // Attempts are counted together.
    let attempt = |eyrie| refresh(eyrie, &Value::Null);
    let mut allowed = 0;
    while attempt(if allowed % 2 == 0 { one } else { two }).await.status() != 429 {
        allowed += 1;
        assert!(allowed < 200, "each counts alone");
    }
    assert_eq!(attempt(two).await.status(), 429);
}

#[tokio::test]
async fn nodes_that_share_memory_are_one_cell() {
    one_cell(Cell::in_memory().await).await;
}

#[tokio::test]
async fn nodes_that_share_a_redis_are_one_cell() {
    one_cell(Cell::in_redis().await).await;
}

#[tokio::test]
async fn a_signing_key_of_another_node_is_looked_up_and_made_up_ones_are_refused() {
    let cell = Cell::in_memory().await;
    // After its time the key is replaced, by whoever needs one first.
    cell.one.clock.advance(Duration::from_secs(31 * 24 * 3600));
    let admin = cell.one.admin().await;
    assert_eq!(at(&cell.two, &admin).get("/api/v1/me").await.status(), 200);
    let issued = ticket(&admin).await;
    assert!(open(&cell.two, &issued).await.is_ok());
    let token = admin.token.clone().unwrap();
    let (header, rest) = token.split_once('.').unwrap();
    let forged = |kid: &str| {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let mut header: Value = serde_json::from_slice(&engine.decode(header).unwrap()).unwrap();
        header["kid"] = json!(kid);
        Caller { eyrie: &cell.two, token: Some(format!("{}.{rest}", engine.encode(header.to_string()))) }
    };
    for number in 0..20 {
        problem(forged(&format!("made up {number}")).get("/api/v1/me").await, "unauthenticated").await;
    }
    assert_eq!(at(&cell.two, &admin).get("/api/v1/me").await.status(), 200);
}

#[tokio::test]
async fn with_redis_away_the_store_is_the_truth_within_seconds_and_without_both_tokens_run_out() {
    let mut cell = Cell::in_redis().await;
    let tokens = cell.one.tokens("admin", ADMIN_PASSWORD).await;
    let caller = Caller { eyrie: &cell.one, token: tokens["access_token"].as_str().map(str::to_owned) };
    assert_eq!(at(&cell.two, &caller).get("/api/v1/me").await.status(), 200);
    let mut redis = cell.redis.take().unwrap();
    redis.stop();
    cell.await_up(false).await;
    // Sign-ins, tickets and ends go on; what the other node remembers is believed for five seconds.
    let again = cell.two.tokens("admin", ADMIN_PASSWORD).await;
    let issued = ticket(&at(&cell.two, &caller)).await;
    assert!(open(&cell.two, &issued).await.is_ok(), "good where it was issued");
    let out = cell.one.anonymous();
    let body = json!({"refresh_token": tokens["refresh_token"]});
    assert_eq!(out.send(Method::POST, "/api/v1/auth/logout", Some(body)).await.status(), 204);
    cell.one.clock.advance(Duration::from_secs(5));
    problem(at(&cell.two, &caller).get("/api/v1/me").await, "unauthenticated").await;
    // Redis is back, and nobody had to help.
    redis.run(&[]);
    cell.await_up(true).await;
    let caller = Caller { eyrie: &cell.two, token: again["access_token"].as_str().map(str::to_owned) };
    let issued = ticket(&at(&cell.one, &caller)).await;
    assert!(open(&cell.two, &issued).await.is_ok());
    // Both are gone: who was seen goes on while the access token is good, and nobody gets another one.
    assert_eq!(caller.get("/api/v1/me").await.status(), 200);
    redis.stop();
    let store = rusqlite::Connection::open(cell.one.dir().join("eyrie.db")).unwrap();
    store.execute_batch("ALTER TABLE sessions RENAME TO out_of_reach").unwrap();
    cell.one.clock.advance(Duration::from_secs(60));
    assert_eq!(caller.get("/api/v1/node").await.status(), 200, "a minute later");
    problem(refresh(&cell.two, &again["refresh_token"]).await, "unavailable").await;
    problem(cell.two.log_in("admin", ADMIN_PASSWORD).await, "unavailable").await;
    cell.one.clock.advance(Duration::from_secs(540));
    problem(caller.get("/api/v1/node").await, "token_expired").await;
    store.execute_batch("ALTER TABLE out_of_reach RENAME TO sessions").unwrap();
    assert_eq!(refresh(&cell.two, &again["refresh_token"]).await.status(), 200, "the session never ended");
}
