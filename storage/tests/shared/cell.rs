//! Cells of several nodes, in memory and in Redis.

use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::shared::{MemoryCell, RedisConfig, SharedState};
use eyrie_types::{NodeId, SystemClock};

use crate::redis_server::RedisServer;

/// How long anything that happens by itself may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Two nodes that share, and a third of another cell that may use the same Redis.
pub(crate) struct Cell {
    pub(crate) one: SharedState,
    pub(crate) two: SharedState,
    pub(crate) stranger: SharedState,
    pub(crate) redis: Option<RedisServer>,
}

impl Cell {
    pub(crate) fn in_memory() -> Self {
        let (cell, clock) = (MemoryCell::default(), Arc::new(SystemClock::new()));
        let node = |cell: &MemoryCell| SharedState::in_memory(NodeId::random(), cell.clone(), clock.clone());
        Self { one: node(&cell), two: node(&cell), stranger: node(&MemoryCell::default()), redis: None }
    }

    pub(crate) async fn in_redis() -> Self {
        let redis = RedisServer::start();
        let node = |prefix: &str| connect(config(&redis, prefix));
        let cell = Self { one: node("cell-1"), two: node("cell-1"), stranger: node("cell-2"), redis: Some(redis) };
        for node in [&cell.one, &cell.two, &cell.stranger] {
            await_up(node, true).await;
        }
        cell
    }
}

pub(crate) fn config(redis: &RedisServer, prefix: &str) -> RedisConfig {
    let address = redis.url().parse().unwrap();
    RedisConfig { address, username: None, password_file: None, prefix: prefix.to_owned() }
}

pub(crate) fn connect(config: RedisConfig) -> SharedState {
    SharedState::in_redis(NodeId::random(), config, Arc::new(SystemClock::new()))
}

/// Waits until Redis counts as up, or as down.
pub(crate) async fn await_up(node: &SharedState, up: bool) {
    let mut is_up = node.is_up();
    let waited = tokio::time::timeout(PATIENCE, is_up.wait_for(|is| *is == up)).await;
    waited.unwrap_or_else(|_| panic!("Redis is to be up: {up}")).unwrap();
}
