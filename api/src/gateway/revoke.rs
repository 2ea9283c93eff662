use std::sync::Weak;
use std::time::Duration;

use eyrie_types::{Monotonic, ProblemCode, UserId, WallTime};

use super::GatewayState;
use super::state::StateInner;
use crate::Problem;
use crate::auth::{Ended, REVOCATION, Revocation};

/// How often strangers with made-up keys can have the store asked for its keys.
const KEYS_ASKED_EVERY: Duration = Duration::from_secs(1);

/// The state, for whoever must not keep the gateway alive.
pub(crate) struct WeakState(Weak<StateInner>);

impl WeakState {
    /// The state, while the gateway is there.
    pub(crate) fn upgrade(&self) -> Option<GatewayState> {
        self.0.upgrade().map(GatewayState)
    }
}

impl GatewayState {
    pub(crate) fn weak(&self) -> WeakState {
        WeakState(std::sync::Arc::downgrade(&self.0))
    }

    /// Sessions ended in the store: they end here at once, and on the other nodes.
    pub(crate) async fn end_sessions(&self, ended: Ended) {
        self.sessions().end(ended);
        self.tell(Revocation::Ended(ended)).await;
    }

    /// A user's role or name changed in the store: so it does here at once, and on the other nodes.
    pub(crate) async fn user_changed(&self, user: UserId) {
        self.sessions().forget_user(user);
        self.tell(Revocation::UserChanged(user)).await;
    }

    async fn tell(&self, revocation: Revocation) {
        self.shared().say(REVOCATION, revocation.to_bytes()).await;
    }

    /// Takes over the signing keys that the store has now. A store that does not answer leaves those that are known.
    pub(crate) async fn read_keys(&self) {
        if let Err(error) = self.keys().reload(self.store(), self.sealer(), self.clock().now()).await {
            tracing::warn!(%error, "the signing keys could not be read again; those known stay in force");
        }
    }

    /// Somebody shows something signed with an unknown key, which another node may have made: asks the store, unless that has
    /// just been done. Whether it was done since, so that it is worth to look again.
    pub(crate) async fn look_for_key(&self) -> bool {
        let asked: Monotonic = self.clock().monotonic();
        // Those who come meanwhile wait for one answer.
        let mut last = self.keys_asked().lock().await;
        match *last {
            Some(at) if at >= asked => return true,
            Some(at) if self.clock().monotonic().since(at) < KEYS_ASKED_EVERY => return false,
            _ => {}
        }
        self.read_keys().await;
        *last = Some(self.clock().monotonic());
        true
    }

    /// Makes the next signing key once none may sign, unless another node has made one.
    ///
    /// # Errors
    /// When it could not be made.
    pub(crate) async fn keep_signing_key(&self, now: WallTime) -> Result<(), Problem> {
        if self.keys().current(now).is_ok() {
            return Ok(());
        }
        self.read_keys().await;
        if self.keys().current(now).is_ok() {
            return Ok(());
        }
        self.keys().rotate(self.store(), self.sealer(), now).await.map_err(|error| {
            tracing::error!(%error, "no signing key could be made");
            Problem::new(ProblemCode::Unavailable, "Signing in is not possible now.")
        })?;
        self.tell(Revocation::SigningKeys).await;
        Ok(())
    }
}
