use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// How places are shared out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlaceLimits {
    /// What the places are for: the label `of` of the metrics.
    pub(crate) of: &'static str,
    /// Places there are.
    pub(crate) all: usize,
    /// Of these, what one caller may hold.
    pub(crate) share: usize,
    /// Requests of one caller that may wait beside those that hold a place.
    pub(crate) waiting: usize,
    /// How long a request waits for its place.
    pub(crate) patience: Duration,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// The caller asks for more than its share, or has as many waiting as one may.
    Share,
    /// Others hold all there are.
    All,
}

impl NoPlace {
    fn outcome(self) -> &'static str {
        match self {
            Self::Share => "refused_share",
            Self::All => "refused_all",
        }
    }
}

/// Places that callers share so that none starves the others: each holds at most its share, and a place that becomes free goes to
/// whoever holds the fewest, first come first served among equals. `K` tells callers apart: a session or a user.
#[derive(Debug)]
pub(crate) struct FairPlaces<K: Copy + Eq + Hash> {
    limits: PlaceLimits,
    taken: Mutex<Taken<K>>,
}

#[derive(Debug)]
struct Taken<K: Copy + Eq + Hash> {
    free: usize,
    /// Those who hold a place or wait for one.
    callers: HashMap<K, Caller<K>>,
    /// The number of the next who waits.
    next: u64,
}

#[derive(Debug)]
struct Caller<K: Copy + Eq + Hash> {
    held: usize,
    /// In the order they came, with their numbers.
    waiting: VecDeque<(u64, oneshot::Sender<FairPlace<K>>)>,
}

/// A place, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct FairPlace<K: Copy + Eq + Hash> {
    places: Arc<FairPlaces<K>>,
    caller: K,
}

impl<K: Copy + Eq + Hash> FairPlaces<K> {
    pub(crate) fn new(limits: PlaceLimits) -> Arc<Self> {
        let taken = Taken { free: limits.all, callers: HashMap::new(), next: 0 };
        Arc::new(Self { limits, taken: Mutex::new(taken) })
    }

    /// Takes a place for `caller`, and waits for it where it must.
    ///
    /// # Errors
    /// [`NoPlace`] when none came in time, or too many of the caller's wait already.
    pub(crate) async fn take(self: &Arc<Self>, caller: K) -> Result<FairPlace<K>, NoPlace> {
        let mut waits = self.enter(caller).map_err(|refused| self.counted(refused))?;
        if let Ok(place) = waits.try_recv() {
            self.count("at_once");
            return Ok(place);
        }
        let come = tokio::time::timeout(self.limits.patience, &mut waits).await.ok().and_then(Result::ok);
        // Nothing is given from here on, but something may have been at the last moment.
        waits.close();
        match come.or_else(|| waits.try_recv().ok()) {
            Some(place) => {
                self.count("waited");
                Ok(place)
            }
            None => Err(self.counted(self.why(caller))),
        }
    }

    /// Puts `caller` into the queue. Answers where its place comes; it may be there by now.
    fn enter(self: &Arc<Self>, caller: K) -> Result<oneshot::Receiver<FairPlace<K>>, NoPlace> {
        let (sender, receiver) = oneshot::channel();
        let mut taken = self.lock();
        let number = taken.next;
        taken.next += 1;
        let known = taken.callers.entry(caller).or_insert_with(|| Caller { held: 0, waiting: VecDeque::new() });
        known.waiting.retain(|(_, waiter)| !waiter.is_closed());
        if known.held + known.waiting.len() >= self.limits.share + self.limits.waiting {
            return Err(NoPlace::Share);
        }
        known.waiting.push_back((number, sender));
        let late = self.give(&mut taken);
        drop(taken);
        // Their places go back, which takes the lock.
        drop(late);
        Ok(receiver)
    }

    /// Gives free places to those who wait. Answers the places of those who went away in that very moment.
    fn give(self: &Arc<Self>, taken: &mut Taken<K>) -> Vec<FairPlace<K>> {
        let mut late = Vec::new();
        while taken.free > 0 {
            let first = |caller: &Caller<K>| caller.waiting.front().map(|(number, _)| *number);
            let may_have = taken.callers.iter_mut().filter(|(_, caller)| caller.held < self.limits.share);
            let waiting = may_have.filter(|(_, caller)| first(caller).is_some());
            let Some((key, caller)) = waiting.min_by_key(|(_, caller)| (caller.held, first(caller))) else { break };
            let Some((_, waiter)) = caller.waiting.pop_front() else { break };
            // Those who gave up are passed over.
            if !waiter.is_closed() {
                caller.held += 1;
                taken.free -= 1;
                late.extend(waiter.send(FairPlace { places: Arc::clone(self), caller: *key }).err());
            }
        }
        taken.callers.retain(|_, caller| caller.held > 0 || !caller.waiting.is_empty());
        metrics::gauge!("eyrie_places_taken", "of" => self.limits.of).set((self.limits.all - taken.free) as f64);
        late
    }

    fn give_back(self: &Arc<Self>, caller: K) {
        let mut taken = self.lock();
        taken.free += 1;
        if let Some(known) = taken.callers.get_mut(&caller) {
            known.held -= 1;
        }
        let late = self.give(&mut taken);
        drop(taken);
        drop(late);
    }

    /// Why a caller that waited has no place: it asks for more than its share beside this, or others hold what it wanted.
    fn why(&self, caller: K) -> NoPlace {
        let mut taken = self.lock();
        let Some(known) = taken.callers.get_mut(&caller) else { return NoPlace::All };
        known.waiting.retain(|(_, waiter)| !waiter.is_closed());
        if known.held + known.waiting.len() >= self.limits.share { NoPlace::Share } else { NoPlace::All }
    }

    fn counted(&self, refused: NoPlace) -> NoPlace {
        self.count(refused.outcome());
        refused
    }

    fn count(&self, outcome: &'static str) {
        metrics::counter!("eyrie_places_asked_total", "of" => self.limits.of, "outcome" => outcome).increment(1);
    }

    fn lock(&self) -> MutexGuard<'_, Taken<K>> {
        // No method can leave it half-changed.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Drop for FairPlace<K> {
    fn drop(&mut self) {
        let places = Arc::clone(&self.places);
        places.give_back(self.caller);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: PlaceLimits =
        PlaceLimits { of: "test", all: 8, share: 2, waiting: 3, patience: Duration::from_millis(20) };

    async fn take_all(places: &Arc<FairPlaces<u32>>, caller: u32, count: usize) -> Vec<FairPlace<u32>> {
        let mut held = Vec::new();
        for _ in 0..count {
            held.push(places.take(caller).await.unwrap());
        }
        held
    }

    #[tokio::test]
    async fn a_caller_who_floods_gets_its_share_and_the_others_theirs_at_once() {
        let places = FairPlaces::new(LIMITS);
        let flood = futures::future::join_all((0..1000).map(|_| places.take(1))).await;
        let held: Vec<_> = flood.into_iter().filter_map(Result::ok).collect();
        assert_eq!(held.len(), LIMITS.share);
        for other in 2..5 {
            let own = take_all(&places, other, LIMITS.share).await;
            std::mem::forget(own);
        }
        assert_eq!(places.take(5).await.unwrap_err(), NoPlace::All, "four shares are all there are");
        assert_eq!(places.take(1).await.unwrap_err(), NoPlace::Share);
        drop(held);
        assert!(places.take(5).await.is_ok());
    }

    #[tokio::test]
    async fn beyond_those_who_may_wait_the_next_is_refused_without_waiting() {
        let places = FairPlaces::new(PlaceLimits { patience: Duration::from_secs(3600), ..LIMITS });
        let held = take_all(&places, 1, 2).await;
        let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(places.take(1))).collect();
        for one in &mut waiting {
            assert!(futures::poll!(one).is_pending());
        }
        assert_eq!(places.take(1).await.unwrap_err(), NoPlace::Share);
        // Who goes away makes room for another who waits, and takes no place with it.
        waiting.truncate(1);
        let mut next = Box::pin(places.take(1));
        assert!(futures::poll!(&mut next).is_pending());
        drop(held);
        let (first, second) = (waiting.remove(0).await.unwrap(), next.await.unwrap());
        drop((first, second));
        let taken = places.lock();
        assert!(taken.free == LIMITS.all && taken.callers.is_empty(), "nothing is left of anybody");
    }

    #[tokio::test]
    async fn a_free_place_goes_to_whoever_holds_the_fewest() {
        let places = FairPlaces::new(PlaceLimits { all: 2, patience: Duration::from_secs(3600), ..LIMITS });
        let mut held = take_all(&places, 1, 2).await;
        let mut again = Box::pin(places.take(1));
        let mut other = Box::pin(places.take(2));
        assert!(futures::poll!(&mut again).is_pending() && futures::poll!(&mut other).is_pending());
        drop(held.pop());
        let other = other.await.unwrap();
        assert!(futures::poll!(&mut again).is_pending(), "it came first, but holds a place");
        drop(other);
        assert!(again.await.is_ok());
    }

    #[tokio::test]
    async fn without_patience_there_is_a_place_now_or_never() {
        let places = FairPlaces::new(PlaceLimits { waiting: 0, patience: Duration::ZERO, ..LIMITS });
        let held = take_all(&places, 1, 2).await;
        assert_eq!(places.take(1).await.unwrap_err(), NoPlace::Share);
        drop(held);
        assert!(places.take(1).await.is_ok());
    }
}
