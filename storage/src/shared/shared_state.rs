use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{CameraId, Clock, NodeId, Secret, TenantId};
use tokio::sync::{broadcast, watch};

use super::hashed::Hashed;
use super::listener::{Listener, MESSAGES_MAX, Sent};
use super::memory::MemoryCell;
use super::message::Message;
use super::rate_limit::{RateLimit, Step};
use super::redis::{Redis, RedisConfig};
use super::telemetry;
use super::ticket_kind::TicketKind;

/// How many watch which cameras.
pub type Viewers = HashMap<(TenantId, CameraId), u32>;

/// How long a node's viewers count for the others without being told again: three times as long as telling takes.
pub(super) const VIEWERS_KEPT: Duration = Duration::from_secs(15);
/// Watched cameras a node tells of; those beyond count on their own node alone. At 60 bytes each, a message of 240 kB.
const VIEWERS_MAX: usize = 4096;

/// What the nodes of a cell share. Every method answers, whatever Redis does: within 100 ms, and at once while it is known to be
/// down. Cheap to clone.
#[derive(Clone)]
pub struct SharedState(Arc<Inner>);

struct Inner {
    node: NodeId,
    clock: Arc<dyn Clock>,
    /// All there is without Redis, and what is left while it is down.
    memory: MemoryCell,
    redis: Option<Redis>,
    /// What was heard over Redis.
    heard: broadcast::Sender<Sent>,
}

impl SharedState {
    /// In the memory of this process.
    pub fn in_memory(node: NodeId, cell: MemoryCell, clock: Arc<dyn Clock>) -> Self {
        telemetry::describe();
        Self(Arc::new(Inner { node, clock, memory: cell, redis: None, heard: broadcast::Sender::new(1) }))
    }

    /// In Redis, which may be down: it is connected to, now and whenever it was away, in the background. Needs a runtime.
    pub fn in_redis(node: NodeId, config: RedisConfig, clock: Arc<dyn Clock>) -> Self {
        telemetry::describe();
        let heard = broadcast::Sender::new(MESSAGES_MAX);
        let redis = Some(Redis::start(node, config, Arc::clone(&clock), heard.clone()));
        Self(Arc::new(Inner { node, clock, memory: MemoryCell::default(), redis, heard }))
    }

    /// Whether the nodes share: `true` for good in memory, and while Redis answers.
    pub fn is_up(&self) -> watch::Receiver<bool> {
        match &self.0.redis {
            Some(redis) => redis.is_up(),
            None => watch::Sender::new(true).subscribe(),
        }
    }

    /// Takes one attempt of `subject`.
    ///
    /// # Errors
    /// How long to wait before the next one.
    pub async fn take(&self, limit: &RateLimit, tenant: &TenantId, subject: &str) -> Result<(), Duration> {
        match self.step(limit, Step::Take, tenant, subject).await {
            0 => Ok(()),
            wait_ms => Err(Duration::from_millis(wait_ms)),
        }
    }

    /// An attempt of `subject` failed: beyond the free ones, each doubles the pause.
    pub async fn failed(&self, limit: &RateLimit, tenant: &TenantId, subject: &str) {
        self.step(limit, Step::Failed, tenant, subject).await;
    }

    /// An attempt of `subject` succeeded: its failures are forgotten.
    pub async fn succeeded(&self, limit: &RateLimit, tenant: &TenantId, subject: &str) {
        self.step(limit, Step::Succeeded, tenant, subject).await;
    }

    /// With Redis down, each node counts for itself, from nothing: an attacker gains as many attempts as there are nodes, and the
    /// pauses of user names, which are the store's, stand.
    async fn step(&self, limit: &RateLimit, step: Step, tenant: &TenantId, subject: &str) -> u64 {
        let subject = Hashed::subject(limit.kind, tenant, subject);
        if let Some(redis) = &self.0.redis {
            match redis.limit(limit, step, tenant, subject).await {
                Ok(wait) => return wait,
                Err(_) => telemetry::fell_back("rate_limit"),
            }
        }
        self.0.memory.limit(limit, step, subject, self.0.clock.monotonic())
    }

    /// Keeps `value` under a ticket that `make` makes, to be used once on any node. `value` is told the ticket, so that it can be
    /// bound to it. With Redis down, on this node only. `None` when too many wait, or `make` or `value` makes nothing.
    pub async fn issue_ticket(
        &self,
        kind: &TicketKind,
        make: impl Fn() -> Option<Secret>,
        value: impl Fn(&Secret) -> Option<String>,
    ) -> Option<Secret> {
        let ticket = make()?;
        if let Some(redis) = &self.0.redis {
            match redis.put_ticket(kind, Hashed::ticket(kind.kind, ticket.expose()), value(&ticket)?).await {
                Ok(room) => return room.then_some(ticket),
                Err(_) => telemetry::fell_back("ticket"),
            }
        }
        // Redis may have kept the first one nevertheless, so that one is never given out: a ticket is in one place.
        let ticket = if self.0.redis.is_some() { make()? } else { ticket };
        let hashed = Hashed::ticket(kind.kind, ticket.expose());
        let kept = self.0.memory.put_ticket(kind, hashed, value(&ticket)?, self.0.clock.monotonic());
        kept.then_some(ticket)
    }

    /// Uses a ticket up: what was kept under it, once. A ticket whose node or Redis does not answer is refused.
    pub async fn redeem_ticket(&self, kind: &TicketKind, ticket: &str) -> Option<String> {
        let hashed = Hashed::ticket(kind.kind, ticket);
        let own = self.0.memory.take_ticket(kind, hashed, self.0.clock.monotonic());
        match (own, &self.0.redis) {
            (Some(value), _) => Some(value),
            (None, Some(redis)) => redis.take_ticket(kind, hashed).await.ok().flatten(),
            (None, None) => None,
        }
    }

    /// Tells how many watch which cameras on this node, which counts for 15 s; answers how many watch on all others together.
    /// Nobody, as far as is known, while Redis is down.
    pub async fn viewers(&self, own: &Viewers) -> Viewers {
        let fewer;
        let own = if own.len() > VIEWERS_MAX {
            fewer = own.iter().take(VIEWERS_MAX).map(|(camera, count)| (camera.clone(), *count)).collect();
            &fewer
        } else {
            own
        };
        match &self.0.redis {
            None => self.0.memory.viewers(self.0.node, own, self.0.clock.monotonic()),
            Some(redis) => redis.viewers(own).await.unwrap_or_else(|_| {
                telemetry::fell_back("viewers");
                Viewers::new()
            }),
        }
    }

    /// Tells all other nodes something that they can do without: a body of at most 8 KiB. Returns once it is on its way; with
    /// Redis down it is lost, which is counted.
    pub async fn say(&self, subject: &str, body: Vec<u8>) {
        let message = Message { from: self.0.node, subject: subject.to_owned(), body };
        let Some(bytes) = message.encode() else {
            metrics::counter!("eyrie_shared_state_messages_total", "direction" => "too_long").increment(1);
            return;
        };
        let sent = match &self.0.redis {
            None => {
                self.0.memory.say(message);
                true
            }
            Some(redis) => redis.say(bytes).await.is_ok(),
        };
        if sent {
            metrics::counter!("eyrie_shared_state_messages_total", "direction" => "sent").increment(1);
        } else {
            telemetry::fell_back("message");
        }
    }

    /// What the others say from now on.
    pub fn listen(&self) -> Listener {
        let heard = if self.0.redis.is_some() { self.0.heard.subscribe() } else { self.0.memory.listen() };
        Listener { heard, node: self.0.node }
    }
}

impl fmt::Debug for SharedState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.0.redis.is_some() { "redis" } else { "memory" };
        f.debug_struct("SharedState").field("node", &self.0.node).field("in", &place).finish()
    }
}
