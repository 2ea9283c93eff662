use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eyrie_storage::store::{Store, StoreError};
use eyrie_types::{Clock, Monotonic, SessionId, TenantId, UserId};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use super::tokens::ACCESS_TTL;
use crate::principal::{Principal, Via};

/// How long an answer of the store is believed: a session ended by another node is noticed after at most this. Those ended by
/// this gateway are forgotten at once, and so are those of other nodes that shared state tells of.
const BELIEVED_FOR: Duration = Duration::from_secs(5);
/// How long it is believed while the store does not answer: access tokens run out by then, and no other is to be had.
const BELIEVED_AT_MOST: Duration = ACCESS_TTL;
/// Sessions remembered: 10,000 people at the same time; more cost a look-up each.
const SESSIONS_MAX: usize = 10_000;
/// Ended sessions a WebSocket may fall behind by before it checks for itself.
const ENDED_QUEUE: usize = 256;

/// Whose sessions ended: streams that belong to them end, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    /// This one.
    Session(SessionId),
    /// All of this user, but perhaps one.
    User {
        /// The user.
        user: UserId,
        /// The session that goes on.
        keep: Option<SessionId>,
    },
}

impl Ended {
    /// Whether `principal`'s session is among them.
    pub(crate) fn covers(&self, principal: &Principal) -> bool {
        match *self {
            Self::Session(session) => session == principal.session,
            Self::User { user, keep } => user == principal.user && keep != Some(principal.session),
        }
    }
}

/// Whether a sign-in still stands, and who it is now: asked on every request, so remembered for some seconds.
pub(crate) struct SessionCache {
    known: Mutex<Known>,
    ended: broadcast::Sender<Ended>,
}

#[derive(Default)]
struct Known {
    sessions: HashMap<SessionId, (Principal, Monotonic)>,
    /// How often users were forgotten: what was read of the store before such a moment may be what they were.
    forgotten: u64,
    /// What was read of the store up to then is doubted.
    doubted: Option<Monotonic>,
}

impl Default for SessionCache {
    fn default() -> Self {
        Self { known: Mutex::default(), ended: broadcast::Sender::new(ENDED_QUEUE) }
    }
}

impl SessionCache {
    /// Who `session` is, unless it has ended.
    ///
    /// # Errors
    /// When the store does not answer, and has not done so of this session while its access tokens were good: nobody is let in
    /// on a guess.
    pub(crate) async fn principal(
        &self,
        store: &Store,
        clock: &dyn Clock,
        tenant: &TenantId,
        session: SessionId,
        via: Via,
    ) -> Result<Option<Principal>, StoreError> {
        let now = clock.monotonic();
        let forgotten = self.known().forgotten;
        let remembered = |believed| {
            let known = self.remembered(session, now, believed).filter(|known| known.tenant == *tenant);
            known.map(|known| Principal { via, ..known })
        };
        if let Some(principal) = remembered(BELIEVED_FOR) {
            return Ok(Some(principal));
        }
        // Subscribed before the store is asked: an end in between is seen below, and not remembered over.
        let mut ended = self.ended.subscribe();
        let principal = match stored(store, clock, tenant, session, via).await {
            Ok(Some(principal)) => principal,
            Ok(None) => {
                self.known().sessions.remove(&session);
                return Ok(None);
            }
            // Whoever was signed in may go on until the tokens run out. An end that got here has been taken from memory.
            Err(error) if error.is_unavailable() => {
                let principal = remembered(BELIEVED_AT_MOST).ok_or(error)?;
                metrics::counter!("eyrie_auth_sessions_believed_total").increment(1);
                return Ok(Some(principal));
            }
            Err(error) => return Err(error),
        };
        if !self.remember(&principal, now, &mut ended, forgotten) {
            return Ok(None);
        }
        Ok(Some(principal))
    }

    /// Forgets sessions that ended, and tells their streams.
    pub(crate) fn end(&self, ended: Ended) {
        let mut known = self.known();
        known.sessions.retain(|_, (principal, _)| !ended.covers(principal));
        // Sent under the lock, so that nobody can remember a session between the two. Nobody may be listening.
        let _ = self.ended.send(ended);
    }

    /// Forgets what is known of a user whose role or name changed.
    pub(crate) fn forget_user(&self, user: UserId) {
        let mut known = self.known();
        known.forgotten += 1;
        known.sessions.retain(|_, (principal, _)| principal.user != user);
    }

    /// What others said may have been missed: whatever is known up to `now` has to be confirmed before it is believed again. A
    /// store that does not answer confirms nothing; then it is believed until the tokens run out, as above.
    pub(crate) fn doubt_all(&self, now: Monotonic) {
        self.known().doubted = Some(now);
    }

    /// The ends from now on.
    pub(crate) fn ends(&self) -> broadcast::Receiver<Ended> {
        self.ended.subscribe()
    }

    fn remembered(&self, session: SessionId, now: Monotonic, believed: Duration) -> Option<Principal> {
        let known = self.known();
        let (principal, since) = known.sessions.get(&session)?;
        let doubted = believed == BELIEVED_FOR && known.doubted.is_some_and(|doubted| *since <= doubted);
        (now.since(*since) < believed && !doubted).then(|| principal.clone())
    }

    /// Remembers `principal`, unless its session ended since `ended` was subscribed to: then `false`. What was read before
    /// somebody's role changed (`forgotten` was another number) holds for this one request.
    fn remember(
        &self,
        principal: &Principal,
        now: Monotonic,
        ended: &mut broadcast::Receiver<Ended>,
        forgotten: u64,
    ) -> bool {
        let mut known = self.known();
        // Ends are sent under the same lock, so none can slip in between this look and the entry.
        loop {
            match ended.try_recv() {
                Ok(end) if end.covers(principal) => return false,
                Ok(_) => {}
                // Too many ends to look through: true for now, and asked again next time.
                Err(broadcast::error::TryRecvError::Lagged(_)) => return true,
                Err(_) => break,
            }
        }
        if known.forgotten != forgotten {
            return true;
        }
        if known.sessions.len() >= SESSIONS_MAX {
            known.sessions.retain(|_, (_, since)| now.since(*since) < BELIEVED_FOR);
        } else if known.sessions.len() == known.sessions.capacity() {
            // Rather than grow: those who have no good token any more.
            known.sessions.retain(|_, (_, since)| now.since(*since) < BELIEVED_AT_MOST);
        }
        if known.sessions.len() < SESSIONS_MAX {
            known.sessions.insert(principal.session, (principal.clone(), now));
        }
        metrics::gauge!("eyrie_auth_sessions_remembered").set(known.sessions.len() as f64);
        true
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn stored(
    store: &Store,
    clock: &dyn Clock,
    tenant: &TenantId,
    session: SessionId,
    via: Via,
) -> Result<Option<Principal>, StoreError> {
    let Some(found) = store.session(tenant, session, clock.now()).await? else { return Ok(None) };
    let Some(user) = store.user(tenant, found.user).await? else { return Ok(None) };
    let username = user.username.into();
    Ok(Some(Principal { user: user.id, username, tenant: user.tenant, role: user.role, session, via }))
}

#[cfg(test)]
mod tests {
    use eyrie_types::{ManualClock, Role};

    use super::*;

    #[test]
    fn who_somebody_was_before_a_change_is_not_remembered() {
        let (cache, clock) = (SessionCache::default(), ManualClock::default());
        let principal = Principal {
            user: UserId::generate(),
            username: "admin".into(),
            tenant: TenantId::default_tenant(),
            role: Role::Admin,
            session: SessionId::generate(),
            via: Via::Token,
        };
        let (mut ended, before) = (cache.ends(), cache.known().forgotten);
        // The store was read before the role changed, and is remembered after.
        cache.forget_user(principal.user);
        assert!(cache.remember(&principal, clock.monotonic(), &mut ended, before));
        assert_eq!(cache.remembered(principal.session, clock.monotonic(), BELIEVED_AT_MOST), None);
        let now = cache.known().forgotten;
        assert!(cache.remember(&principal, clock.monotonic(), &mut ended, now));
        assert!(cache.remembered(principal.session, clock.monotonic(), BELIEVED_FOR).is_some());
        clock.advance(Duration::from_secs(1));
        cache.doubt_all(clock.monotonic());
        let known = |believed| cache.remembered(principal.session, clock.monotonic(), believed).is_some();
        assert!(!known(BELIEVED_FOR) && known(BELIEVED_AT_MOST), "to be confirmed, and believed if nobody can");
        clock.advance(Duration::from_secs(1));
        let mut ended = cache.ends();
        assert!(cache.remember(&principal, clock.monotonic(), &mut ended, now) && known(BELIEVED_FOR), "confirmed");
        cache.end(Ended::Session(principal.session));
        assert!(!known(BELIEVED_AT_MOST));
        assert!(!cache.remember(&principal, clock.monotonic(), &mut ended, now), "it ended meanwhile");
    }
}
