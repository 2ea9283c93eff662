use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use eyrie_actors::media_link::MediaLinkError;
use eyrie_actors::{LiveError, LiveKeyframe, LiveQuestion};
use eyrie_media::hls::Rendition;
use eyrie_types::{Clock, Monotonic, NodeId};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};
use tokio::sync::Semaphore;

use super::telemetry;
use crate::byte_lru::ByteLru;

/// Bytes of other nodes' media kept: the last seconds of some hundred cameras that are watched.
const CACHE_BYTES_MAX: usize = 64 << 20;
/// What a kept answer costs beyond its bytes: its key, its place in the list.
const ENTRY_BYTES: usize = 300;
/// Requests of viewers that wait for other nodes at once: ten thousand who watch one camera hold two or three each.
const WAITING_MAX: usize = 30_000;

/// What is asked, and whom. The tenant is in the question: no tenant gets what another one was answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) node: NodeId,
    pub(super) question: LiveQuestion,
}

/// Another node's answer.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) rendition: Rendition,
    pub(super) bytes: Bytes,
    /// Where that was asked for.
    pub(super) keyframe: Option<LiveKeyframe>,
}

/// Why there is none.
#[derive(Debug, Clone)]
pub(super) enum Failed {
    /// That node says so.
    Live(LiveError),
    /// That node says nothing.
    Link(MediaLinkError),
    /// That node says what is no answer.
    Garbled(Garbled),
}

/// What is wrong with what another node says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Garbled {
    /// It is not what was asked for, or not whole.
    Garbage,
    /// It is more than any answer is.
    TooLong,
    /// It began and does not go on.
    Stalled,
}

impl Garbled {
    /// One word for metrics and logs.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Garbage => "garbage",
            Self::TooLong => "too_long",
            Self::Stalled => "stalled",
        }
    }
}

type Flight = Shared<BoxFuture<'static, Result<Heard, Failed>>>;

/// Answers of other nodes: each is fetched once, however many wait for it, and kept for those who ask a little later.
pub(super) struct Answers {
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    waiting: Semaphore,
}

struct Known {
    kept: ByteLru<Key, Kept>,
    /// What is being fetched, by those who wait for it: once none does, it is given up.
    flights: HashMap<Key, WeakShared<BoxFuture<'static, Result<Heard, Failed>>>>,
}

#[derive(Debug, Clone)]
struct Kept {
    heard: Heard,
    until: Monotonic,
}

impl Answers {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        telemetry::describe();
        let kept = ByteLru::new(CACHE_BYTES_MAX, |kept: &Kept| kept.heard.bytes.len() + ENTRY_BYTES);
        let known = Mutex::new(Known { kept, flights: HashMap::new() });
        Arc::new(Self { clock, known, waiting: Semaphore::new(WAITING_MAX) })
    }

    /// An answer that is kept.
    pub(super) fn kept(&self, key: &Key) -> Option<Heard> {
        let now = self.clock.monotonic();
        self.lock().kept.get(key).filter(|kept| now < kept.until).map(|kept| kept.heard)
    }

    /// The answer to `key`: kept, on its way, or fetched by `fetch` and kept for `fresh` then.
    ///
    /// # Errors
    /// [`LiveError::Busy`] when too many wait; those of `fetch`, which are not kept.
    pub(super) async fn get<F>(
        self: &Arc<Self>,
        key: Key,
        fresh: Duration,
        fetch: impl FnOnce() -> F,
    ) -> Result<Heard, Failed>
    where
        F: Future<Output = Result<Heard, Failed>> + Send + 'static,
    {
        if let Some(kept) = self.kept(&key) {
            telemetry::answered("cache");
            return Ok(kept);
        }
        let _waits = self.waiting.try_acquire().map_err(|_| Failed::Live(LiveError::Busy))?;
        let (flight, from) = self.join(key, fresh, fetch);
        let heard = flight.await;
        if heard.is_ok() {
            telemetry::answered(from);
        }
        heard
    }

    fn join<F>(self: &Arc<Self>, key: Key, fresh: Duration, fetch: impl FnOnce() -> F) -> (Flight, &'static str)
    where
        F: Future<Output = Result<Heard, Failed>> + Send + 'static,
    {
        let mut known = self.lock();
        if let Some(flight) = known.flights.get(&key).and_then(WeakShared::upgrade) {
            return (flight, "another");
        }
        let (me, landing, fetched) = (Arc::clone(self), key.clone(), fetch());
        let flight = async move {
            let heard = fetched.await;
            me.land(landing, &heard, fresh);
            heard
        };
        let flight = flight.boxed().shared();
        // Those that were given up: at most as many as there are requests at once.
        known.flights.retain(|_, flight| flight.upgrade().is_some());
        known.flights.extend(flight.downgrade().map(|weak| (key, weak)));
        (flight, "node")
    }

    fn land(&self, key: Key, heard: &Result<Heard, Failed>, fresh: Duration) {
        let until = self.clock.monotonic() + fresh;
        let mut known = self.lock();
        known.flights.remove(&key);
        if let Ok(heard) = heard {
            let bytes = known.kept.keep(key, Kept { heard: heard.clone(), until });
            telemetry::kept(bytes);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // No method can leave it half-changed.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use eyrie_actors::LiveWanted;
    use eyrie_media::hls::LiveRequest;
    use eyrie_types::{CameraId, Epoch, ManualClock, Slot, TenantId};

    fn key(tenant: &str, msn: u64) -> Key {
        let rendition = Rendition { slot: Slot::OWNER, epoch: Epoch::from_u64(5).unwrap() };
        let question = LiveQuestion {
            tenant: tenant.parse().unwrap(),
            camera: CameraId::from_uuid(uuid::Uuid::nil()),
            slot: Slot::OWNER,
            wanted: LiveWanted::Media(rendition, LiveRequest::Segment { msn }),
        };
        Key { node: NodeId::from_uuid(uuid::Uuid::nil()), question }
    }

    fn heard(bytes: &'static [u8]) -> Heard {
        let rendition = Rendition { slot: Slot::OWNER, epoch: Epoch::from_u64(5).unwrap() };
        Heard { rendition, bytes: Bytes::from_static(bytes), keyframe: None }
    }

    #[tokio::test]
    async fn two_hundred_who_wait_cause_one_question_a_tenant_and_a_later_one_none_while_it_is_fresh() {
        let clock = ManualClock::default();
        let (answers, asked) = (Answers::new(Arc::new(clock.clone())), Arc::new(AtomicUsize::new(0)));
        let fresh = Duration::from_secs(1);
        let ask = |tenant: &'static str| {
            let asked = Arc::clone(&asked);
            answers.get(key(tenant, 1), fresh, move || async move {
                tokio::task::yield_now().await;
                asked.fetch_add(1, Ordering::SeqCst);
                Ok(heard(tenant.as_bytes()))
            })
        };
        let all = (0..200).map(|n| ask(if n % 2 == 0 { "default" } else { "acme" }));
        for (n, answer) in futures::future::join_all(all).await.into_iter().enumerate() {
            let own: &[u8] = if n % 2 == 0 { b"default" } else { b"acme" };
            assert_eq!(&answer.unwrap().bytes[..], own, "never another tenant's");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        ask("default").await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        clock.advance(fresh);
        ask("default").await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 3);
        assert!(answers.lock().flights.is_empty());
        assert_eq!(TenantId::default_tenant().as_str(), "default");
    }

    #[tokio::test]
    async fn failures_are_told_to_all_who_wait_and_not_kept() {
        let answers = Answers::new(Arc::new(ManualClock::default()));
        let fail = || {
            answers.get(key("default", 2), Duration::from_secs(1), || async {
                tokio::task::yield_now().await;
                Err(Failed::Live(LiveError::Gone))
            })
        };
        let (one, two) = tokio::join!(fail(), fail());
        assert!(matches!((one, two), (Err(Failed::Live(LiveError::Gone)), Err(Failed::Live(LiveError::Gone)))));
        let later = answers.get(key("default", 2), Duration::from_secs(1), || async { Ok(heard(b"x")) }).await;
        assert_eq!(&later.unwrap().bytes[..], b"x");
    }
}
