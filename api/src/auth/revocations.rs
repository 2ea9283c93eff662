use std::time::Duration;

use eyrie_storage::shared::{Listener, Said};
use eyrie_types::UserId;
use serde::{Deserialize, Serialize};

use super::session_cache::Ended;
use crate::gateway::WeakState;

/// What revocations are about, among all that nodes tell one another.
pub(crate) const SUBJECT: &str = "revocation";
/// How often the signing keys are read again: a key that was taken out of the store is dead after at most this.
const KEYS_READ_EVERY: Duration = Duration::from_secs(60);

/// What one node tells the others, so that they forget at once what they remember for some seconds. The truth is the store's:
/// a revocation that gets lost is noticed when what is remembered is too old to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Revocation {
    /// Sessions ended.
    Ended(Ended),
    /// A user's role or name changed.
    UserChanged(UserId),
    /// There is another signing key.
    SigningKeys,
}

impl Revocation {
    /// As it travels. Nothing in it can fail to be JSON.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        serde_json::to_vec(&self).unwrap_or_default()
    }
}

/// Follows what the other nodes revoke, for as long as the gateway is there.
pub(crate) async fn follow(state: WeakState, mut others: Listener) {
    let mut keys = tokio::time::interval(KEYS_READ_EVERY);
    keys.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first comes at once, and the keys have just been read.
    keys.tick().await;
    loop {
        let said = tokio::select! {
            said = others.next() => said,
            _ = keys.tick() => {
                let Some(state) = state.upgrade() else { return };
                state.read_keys().await;
                continue;
            }
        };
        let (Some(said), Some(state)) = (said, state.upgrade()) else { return };
        match said {
            Said::Message { subject, body, .. } if subject == SUBJECT => match serde_json::from_slice(&body) {
                Ok(Revocation::Ended(ended)) => state.sessions().end(ended),
                Ok(Revocation::UserChanged(user)) => state.sessions().forget_user(user),
                Ok(Revocation::SigningKeys) => state.read_keys().await,
                // Of a later release, perhaps: to ask too much is safe.
                Err(_) => state.sessions().doubt_all(state.clock().monotonic()),
            },
            Said::Message { .. } => {}
            Said::Missed => {
                state.sessions().doubt_all(state.clock().monotonic());
                state.read_keys().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use eyrie_types::SessionId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_bytes_are_those_of_every_release() {
        let id = Uuid::from_bytes([7; 16]);
        let (session, user) = (SessionId::from_uuid(id), UserId::from_uuid(id));
        let text = |revocation: Revocation| String::from_utf8(revocation.to_bytes()).unwrap();
        let uuid = "07070707-0707-0707-0707-070707070707";
        for (revocation, expected) in [
            (Revocation::Ended(Ended::Session(session)), format!(r#"{{"ended":{{"session":"{uuid}"}}}}"#)),
            (
                Revocation::Ended(Ended::User { user, keep: Some(session) }),
                format!(r#"{{"ended":{{"user":{{"user":"{uuid}","keep":"{uuid}"}}}}}}"#),
            ),
            (Revocation::UserChanged(user), format!(r#"{{"user_changed":"{uuid}"}}"#)),
            (Revocation::SigningKeys, r#""signing_keys""#.to_owned()),
        ] {
            assert_eq!(text(revocation), expected);
            assert_eq!(serde_json::from_str::<Revocation>(&expected).unwrap(), revocation);
        }
    }
}
