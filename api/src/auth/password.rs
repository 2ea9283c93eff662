use std::sync::Arc;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use eyrie_storage::store::PasswordHash;
use eyrie_types::{FieldError, ProblemCode, Secret};
use tokio::sync::Semaphore;

use crate::Problem;

/// Memory of one hash, in KiB: OWASP's first choice for argon2id (19 MiB, 2 passes, 1 lane).
const HASH_MEMORY_KIB: u32 = 19_456;
/// Passes over that memory.
const HASH_PASSES: u32 = 2;
/// Lanes: one, for the node has cameras to look after.
const HASH_LANES: u32 = 1;
/// Hashes computed at the same time: bounds their memory to 76 MiB.
const HASHES_AT_ONCE: usize = 4;
/// Callers that wait for their turn; at 20 hashes a second and more the last one waits some seconds.
const HASHES_WAITING_MAX: usize = 64;
/// Shortest password (NIST SP 800-63B section 3.1.1.2 asks for at least 8 characters).
pub(super) const PASSWORD_CHARS_MIN: usize = 8;
/// Longest password, in bytes: hashing a megabyte is somebody's attack.
const PASSWORD_BYTES_MAX: usize = 1024;

/// Hashes and checks passwords off the async threads, a bounded number at a time.
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Checked for users that do not exist, so that they cannot be told from those that do by the time it takes.
    decoy: PasswordHash,
}

impl Passwords {
    /// Ready to hash.
    ///
    /// # Errors
    /// When the system has no randomness for a salt.
    pub(crate) fn new() -> Result<Self, PasswordError> {
        Ok(Self {
            turns: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            waiting: Arc::new(Semaphore::new(HASHES_AT_ONCE + HASHES_WAITING_MAX)),
            decoy: hash(&Secret::new("nobody has this password"))?,
        })
    }

    /// Whether `password` is the one that `stored` was made of. Takes as long without `stored`.
    ///
    /// # Errors
    /// Too many at once (429).
    pub(crate) async fn verify(&self, password: Secret, stored: Option<PasswordHash>) -> Result<bool, Problem> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let right = self.run(move || verify(&password, &stored)).await?;
        Ok(known && right)
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// Too many at once (429); no randomness (500).
    pub(crate) async fn hash(&self, password: Secret) -> Result<PasswordHash, Problem> {
        self.run(move || hash(&password)).await?.map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            Problem::new(ProblemCode::Internal, "The password could not be stored.")
        })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let Ok(_waiting) = self.waiting.clone().try_acquire_owned() else {
            metrics::counter!("eyrie_auth_password_queue_full_total").increment(1);
            let full = Problem::new(ProblemCode::TooManyRequests, "Too many sign-ins at once.");
            return Err(full.retry_after(2));
        };
        // The semaphore is never closed; were it, answering 503 is right.
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| closed())?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        })
        .await
        .map_err(|_| closed())
    }
}

fn closed() -> Problem {
    Problem::new(ProblemCode::Unavailable, "The node is stopping.")
}

/// Why a password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("hashing a password failed: {0}")]
pub struct PasswordError(String);

fn argon2id() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(HASH_MEMORY_KIB, HASH_PASSES, HASH_LANES, None);
    let params = params.map_err(|error| PasswordError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash of `password` as a PHC string. Blocks for some ten milliseconds.
///
/// # Errors
/// When the system has no randomness for a salt.
pub(crate) fn hash(password: &Secret) -> Result<PasswordHash, PasswordError> {
    let hash = argon2id()?.hash_password(password.expose().as_bytes());
    hash.map(|hash| PasswordHash::new(hash.to_string())).map_err(|error| PasswordError(error.to_string()))
}

fn verify(password: &Secret, stored: &PasswordHash) -> bool {
    if password.expose().len() > PASSWORD_BYTES_MAX {
        return false;
    }
    // Parameters come from the stored hash, so that hashes made with older ones go on working.
    argon2id().is_ok_and(|argon2| argon2.verify_password(password.expose().as_bytes(), stored.as_str()).is_ok())
}

/// Whether a person may choose `password`; `field` names it in the error.
///
/// # Errors
/// Too short or too long.
pub(crate) fn check_new(field: &str, password: &Secret) -> Result<(), FieldError> {
    if password.expose().chars().count() < PASSWORD_CHARS_MIN {
        return Err(FieldError::new(field, format!("must be at least {PASSWORD_CHARS_MIN} characters long")));
    }
    if password.expose().len() > PASSWORD_BYTES_MAX {
        return Err(FieldError::new(field, format!("must be at most {PASSWORD_BYTES_MAX} bytes long")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let stored = hash(&Secret::new("correct horse")).unwrap();
        assert!(stored.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "named parameters");
        assert!(verify(&Secret::new("correct horse"), &stored));
        assert!(!verify(&Secret::new("correct horse "), &stored));
        assert!(!verify(&Secret::new("correct horse"), &PasswordHash::new("not a hash")));
    }
}
