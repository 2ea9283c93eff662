use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use eyrie_types::{CameraId, SegmentId, SessionId, WallTime};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};

use super::ffmpeg::{Ffmpeg, Turn};
use super::latest::Latest;
use super::{PictureError, telemetry};
use crate::byte_lru::ByteLru;

/// Bytes of the hash that an ETag has: enough that no two pictures share one.
const ETAG_BYTES: usize = 16;

/// Bytes of pictures kept: some thousand thumbnails of 20 kB.
const CACHE_BYTES_MAX: usize = 64 << 20;
/// What a kept picture costs beyond its JPEG: its key, its texts, its place in the list.
const ENTRY_BYTES: usize = 300;

/// Which picture: the same key always means the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum PictureKey {
    /// The keyframe of a recorded fragment.
    Fragment { segment: SegmentId, number: u32, width: u32 },
    /// A keyframe in memory, by its wall time.
    Live { camera: CameraId, at: WallTime, width: u32 },
    /// Many on one sheet, by the hash of which.
    Sheet([u8; 32]),
}

/// A JPEG.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) jpeg: Bytes,
    /// When it was taken; a sheet has many times.
    pub(crate) at: Option<WallTime>,
    /// Strong: the same text means the same bytes.
    pub(crate) etag: Arc<str>,
}

impl Picture {
    pub(super) fn new(jpeg: Bytes, at: Option<WallTime>) -> Self {
        let hash = digest(&SHA256, &jpeg);
        let hex: String = hash.as_ref().iter().take(ETAG_BYTES).map(|byte| format!("{byte:02x}")).collect();
        Self { jpeg, at, etag: format!("\"{hex}\"").into() }
    }
}

/// Bytes that keeping a picture takes.
fn cost(picture: &Picture) -> usize {
    picture.jpeg.len() + ENTRY_BYTES
}

type Made = Result<Picture, PictureError>;
type Flight = Shared<BoxFuture<'static, Made>>;
/// Who makes which picture. Each session makes its own: whoever joined another's would wait among all that the other asked for.
type FlightKey = (SessionId, PictureKey);

/// Makes pictures, each once however many of a session ask for it at the same time, and keeps them for all.
#[derive(Debug)]
pub(crate) struct Pictures {
    ffmpeg: Ffmpeg,
    known: Mutex<Known>,
    latest: Latest,
}

#[derive(Debug)]
struct Known {
    cache: ByteLru<PictureKey, Picture>,
    /// What is being made, by those who wait for it: once none does, it is given up.
    flights: HashMap<FlightKey, WeakShared<BoxFuture<'static, Made>>>,
}

impl Pictures {
    pub(crate) fn new() -> Arc<Self> {
        Self::with(Ffmpeg::new())
    }

    fn with(ffmpeg: Ffmpeg) -> Arc<Self> {
        telemetry::describe();
        let known = Mutex::new(Known { cache: ByteLru::new(CACHE_BYTES_MAX, cost), flights: HashMap::new() });
        Arc::new(Self { ffmpeg, known, latest: Latest::default() })
    }

    pub(super) fn latest(&self) -> &Latest {
        &self.latest
    }

    /// A picture that is kept.
    pub(super) fn kept(&self, key: &PictureKey) -> Option<Picture> {
        self.lock().cache.get(key)
    }

    /// The picture of `key`: kept, being made, or made by `make` once it is the turn of `session`.
    ///
    /// # Errors
    /// [`PictureError::Busy`] when its turn does not come in time; those of `make`.
    pub(super) async fn get<M, F>(self: &Arc<Self>, session: SessionId, key: PictureKey, make: M) -> Made
    where
        M: FnOnce(Turn) -> F + Send + 'static,
        F: Future<Output = Made> + Send + 'static,
    {
        let (flight, source) = match self.join((session, key), make) {
            Ok(kept) => {
                answered("cache");
                return Ok(kept);
            }
            Err(flight) => flight,
        };
        let made = flight.await;
        if made.is_ok() {
            answered(source);
        }
        made
    }

    fn join<M, F>(self: &Arc<Self>, asked: FlightKey, make: M) -> Result<Picture, (Flight, &'static str)>
    where
        M: FnOnce(Turn) -> F + Send + 'static,
        F: Future<Output = Made> + Send + 'static,
    {
        let mut known = self.lock();
        if let Some(kept) = known.cache.get(&asked.1) {
            return Ok(kept);
        }
        if let Some(flight) = known.flights.get(&asked).and_then(WeakShared::upgrade) {
            return Err((flight, "another"));
        }
        let (me, landing) = (Arc::clone(self), asked.clone());
        let flight = async move {
            let made = me.make(&landing, make).await;
            me.land(landing, &made);
            made
        };
        let flight = flight.boxed().shared();
        // Those that were given up: at most as many as there are requests at once.
        known.flights.retain(|_, flight| flight.upgrade().is_some());
        known.flights.extend(flight.downgrade().map(|weak| (asked, weak)));
        Err((flight, "decoder"))
    }

    async fn make<M, F>(&self, (session, key): &FlightKey, make: M) -> Made
    where
        M: FnOnce(Turn) -> F,
        F: Future<Output = Made>,
    {
        let turn = self.ffmpeg.turn(*session).await?;
        match self.kept(key) {
            // Another session made it meanwhile.
            Some(kept) => Ok(kept),
            None => make(turn).await,
        }
    }

    fn land(&self, asked: FlightKey, made: &Made) {
        let mut known = self.lock();
        known.flights.remove(&asked);
        if let Ok(picture) = made {
            let bytes = known.cache.keep(asked.1, picture.clone());
            metrics::gauge!("eyrie_pictures_cache_bytes").set(bytes as f64);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // No method can leave it half-changed.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answered(from: &'static str) {
    metrics::counter!("eyrie_pictures_answered_total", "from" => from).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn a_hundred_who_ask_for_one_picture_cause_one_decode() {
        let (pictures, made) = (Pictures::new(), Arc::new(AtomicUsize::new(0)));
        let session = SessionId::generate();
        let ask = || {
            let made = Arc::clone(&made);
            pictures.get(session, PictureKey::Sheet([1; 32]), |_| async move {
                tokio::task::yield_now().await;
                made.fetch_add(1, Ordering::Relaxed);
                Ok(Picture::new(Bytes::from_static(b"jpeg"), None))
            })
        };
        let answers = futures::future::join_all((0..100).map(|_| ask())).await;
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().jpeg == "jpeg"));
        ask().await.unwrap();
        assert_eq!(made.load(Ordering::Relaxed), 1);
        assert!(pictures.lock().flights.is_empty());
    }

    #[tokio::test]
    async fn who_gives_up_does_not_take_the_picture_from_the_others_and_failures_are_not_kept() {
        let pictures = Pictures::new();
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let session = SessionId::generate();
        let wait = |made: Made| {
            let gate = Arc::clone(&gate);
            pictures.get(session, PictureKey::Sheet([2; 32]), |_| async move {
                let _ = gate.acquire().await;
                made
            })
        };
        let picture = || Picture::new(Bytes::from_static(b"jpeg"), None);
        let mut first = Box::pin(wait(Ok(picture())));
        let mut second = Box::pin(wait(Err(PictureError::Busy)));
        assert!(futures::poll!(&mut first).is_pending() && futures::poll!(&mut second).is_pending());
        drop(second);
        // It was begun by the first and goes on; once nobody waits, it ends, and the next makes its own.
        drop(first);
        gate.add_permits(1);
        assert_eq!(wait(Err(PictureError::Busy)).await.unwrap_err(), PictureError::Busy);
        gate.forget_permits(1);
        let mut first = Box::pin(wait(Ok(picture())));
        let mut second = Box::pin(wait(Err(PictureError::Busy)));
        assert!(futures::poll!(&mut first).is_pending() && futures::poll!(&mut second).is_pending());
        drop(first);
        gate.add_permits(1);
        assert_eq!(second.await.unwrap().jpeg, "jpeg");
        assert!(pictures.lock().flights.is_empty());
    }

    #[tokio::test]
    async fn what_another_session_made_while_one_waited_for_its_turn_is_not_made_again() {
        let pictures = Pictures::new();
        let (first, second) = (SessionId::generate(), SessionId::generate());
        let key = || PictureKey::Sheet([3; 32]);
        let held = [pictures.ffmpeg.turn(first).await.unwrap(), pictures.ffmpeg.turn(first).await.unwrap()];
        let mut waiting = Box::pin(pictures.get(first, key(), |_| async { Err(PictureError::Undecodable) }));
        assert!(futures::poll!(&mut waiting).is_pending());
        let mut other =
            Box::pin(pictures.get(second, key(), |_| async { Ok(Picture::new(Bytes::from_static(b"jpeg"), None)) }));
        assert!(futures::poll!(&mut other).is_pending(), "it joins nobody");
        drop(held);
        assert_eq!((other.await.unwrap().jpeg, waiting.await.unwrap().jpeg), ("jpeg".into(), "jpeg".into()));
    }
}
