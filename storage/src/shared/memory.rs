use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eyrie_types::{CameraId, Monotonic, NodeId, TenantId};
use lru::LruCache;
use tokio::sync::broadcast;

use super::hashed::Hashed;
use super::listener::{MESSAGES_MAX, Sent};
use super::message::Message;
use super::rate_limit::{Bucket, RateLimit, Step};
use super::shared_state::{VIEWERS_KEPT, Viewers};
use super::ticket_kind::TicketKind;

/// Shared state in the memory of this process. Normally one node is all there is to the cell; tests give several nodes the same
/// one.
#[derive(Debug, Clone)]
pub struct MemoryCell(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kept: Mutex<Kept>,
    said: broadcast::Sender<Sent>,
}

#[derive(Debug, Default)]
struct Kept {
    limits: HashMap<&'static str, LruCache<Hashed, Bucket>>,
    tickets: HashMap<&'static str, HashMap<Hashed, (String, Monotonic)>>,
    viewers: HashMap<NodeId, (Viewers, Monotonic)>,
}

impl Default for MemoryCell {
    fn default() -> Self {
        Self(Arc::new(Inner { kept: Mutex::default(), said: broadcast::Sender::new(MESSAGES_MAX) }))
    }
}

impl MemoryCell {
    /// One step of a subject's bucket; milliseconds to wait.
    pub(super) fn limit(&self, limit: &RateLimit, step: Step, subject: Hashed, now: Monotonic) -> u64 {
        let now_ms = now.as_us() / 1000;
        let mut kept = self.kept();
        let most = NonZeroUsize::new(limit.subjects_max as usize).unwrap_or(NonZeroUsize::MIN);
        let subjects = kept.limits.entry(limit.kind).or_insert_with(|| LruCache::new(most));
        if let Some(bucket) = subjects.get_mut(&subject) {
            return bucket.step(limit, step, now_ms);
        }
        if step == Step::Succeeded {
            return 0;
        }
        let mut bucket = Bucket::full(limit, now_ms);
        let wait = bucket.step(limit, step, now_ms);
        if subjects.push(subject, bucket).is_some() {
            metrics::counter!("eyrie_shared_state_forgotten_total", "kind" => limit.kind).increment(1);
        }
        wait
    }

    /// Keeps a ticket; whether there was room.
    pub(super) fn put_ticket(&self, kind: &TicketKind, ticket: Hashed, value: String, now: Monotonic) -> bool {
        let mut kept = self.kept();
        let waiting = kept.tickets.entry(kind.kind).or_default();
        if waiting.len() >= kind.waiting_max as usize {
            waiting.retain(|_, (_, until)| *until > now);
        }
        let room = waiting.len() < kind.waiting_max as usize;
        if room {
            waiting.insert(ticket, (value, now + kind.good_for));
        }
        room
    }

    /// Uses a ticket up.
    pub(super) fn take_ticket(&self, kind: &TicketKind, ticket: Hashed, now: Monotonic) -> Option<String> {
        let (value, until) = self.kept().tickets.get_mut(kind.kind)?.remove(&ticket)?;
        (now < until).then_some(value)
    }

    /// Notes who watches on `node`; answers who watches on the others.
    pub(super) fn viewers(&self, node: NodeId, own: &Viewers, now: Monotonic) -> Viewers {
        let mut kept = self.kept();
        kept.viewers.insert(node, (own.clone(), now + VIEWERS_KEPT));
        kept.viewers.retain(|_, (_, until)| now < *until);
        let mut sums: HashMap<(TenantId, CameraId), u32> = HashMap::new();
        let others = kept.viewers.iter().filter(|(other, _)| **other != node);
        for (camera, count) in others.flat_map(|(_, (viewers, _))| viewers).filter(|(_, count)| **count > 0) {
            let sum = sums.entry(camera.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        sums
    }

    /// Tells all nodes.
    pub(super) fn say(&self, message: Message) {
        // Nobody may be listening.
        let _ = self.0.said.send(Some(Arc::new(message)));
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Sent> {
        self.0.said.subscribe()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No method can leave it half-changed.
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
