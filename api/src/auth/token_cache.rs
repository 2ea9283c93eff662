use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use eyrie_types::WallTime;
use lru::LruCache;

use super::signing_keys::SigningKeys;
use super::tokens::{AccessClaims, TokenError, VerifiedToken};

/// Tokens remembered: as many people at the same time as sessions are, at some 300 bytes each. More cost a signature each.
const TOKENS_MAX: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// Access tokens whose signature was found good. What a signature does not tell is looked at on every request: whether the
/// token has expired, its key is still in force, and its session goes on with which role. Tokens that are not good are not
/// remembered, so whoever makes them up displaces nobody.
pub(crate) struct TokenCache {
    /// By the SHA-256 of the token: the tokens themselves are not kept.
    good: Mutex<LruCache<[u8; SHA256_OUTPUT_LEN], Arc<VerifiedToken>>>,
}

impl Default for TokenCache {
    fn default() -> Self {
        Self { good: Mutex::new(LruCache::new(TOKENS_MAX)) }
    }
}

impl TokenCache {
    /// As [`AccessClaims::verify`], with one check of the signature for each token.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn verify(
        &self,
        token: &str,
        keys: &SigningKeys,
        now: WallTime,
    ) -> Result<Arc<VerifiedToken>, TokenError> {
        let mut hash = [0; SHA256_OUTPUT_LEN];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        let known = self.good().get(&hash).cloned();
        if let Some(known) = known {
            let still = known.check(keys, now);
            if still.is_err() {
                self.good().pop(&hash);
            }
            return still.map(|()| known);
        }
        let verified = Arc::new(AccessClaims::verify(token, keys, now)?);
        metrics::counter!("eyrie_auth_tokens_verified_total").increment(1);
        let mut good = self.good();
        good.put(hash, Arc::clone(&verified));
        metrics::gauge!("eyrie_auth_tokens_remembered").set(good.len() as f64);
        drop(good);
        Ok(verified)
    }

    fn good(&self) -> MutexGuard<'_, LruCache<[u8; SHA256_OUTPUT_LEN], Arc<VerifiedToken>>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use eyrie_types::{SessionId, TenantId, UserId};

    use super::super::ACCESS_TTL;
    use super::*;

    fn now() -> WallTime {
        WallTime::from_unix_us(1_767_225_600_000_000)
    }

    fn token(keys: &SigningKeys) -> String {
        let claims = AccessClaims::new(UserId::generate(), SessionId::generate(), TenantId::default_tenant(), now());
        claims.sign(keys, now()).unwrap()
    }

    #[test]
    fn a_remembered_token_ends_when_it_expires_and_when_its_key_goes() {
        let (keys, cache) = (SigningKeys::for_tests(now()), TokenCache::default());
        let token = token(&keys);
        let first = cache.verify(&token, &keys, now()).unwrap();
        let again = cache.verify(&token, &keys, now() + ACCESS_TTL - Duration::from_secs(1)).unwrap();
        assert!(Arc::ptr_eq(&first, &again), "remembered");
        assert_eq!(cache.verify(&token, &keys, now() + ACCESS_TTL).unwrap_err(), TokenError::Expired);
        cache.verify(&token, &keys, now()).unwrap();
        let strangers = SigningKeys::for_tests(now());
        assert_eq!(cache.verify(&token, &strangers, now()).unwrap_err(), TokenError::UnknownKey);
        assert_eq!(cache.verify(&token, &strangers, now()).unwrap_err(), TokenError::UnknownKey);
    }

    #[test]
    fn what_is_not_good_is_not_remembered_and_a_changed_text_is_another_token() {
        let (keys, cache) = (SigningKeys::for_tests(now()), TokenCache::default());
        let token = token(&keys);
        cache.verify(&token, &keys, now()).unwrap();
        for at in [5, token.len() / 2, token.len() - 3] {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(cache.verify(&other, &keys, now()).unwrap_err(), TokenError::Invalid, "byte {at}");
        }
        assert_eq!(cache.good().len(), 1);
    }
}
