use std::fmt;
use std::num::NonZeroU32;

use aws_lc_rs::{hmac, pbkdf2};
use eyrie_types::Secret;

use super::{PeerConfigError, SECRET_CHARS_MIN};

/// What the TLS exporter is asked for (RFC 8446, 7.5): bytes that only the two ends of this one session know.
pub(super) const EXPORTER_LABEL: &[u8] = b"EXPORTER-eyrie-peer-proof-1";

/// Rounds that make guessing a weak secret from one's own recorded handshake slow; some tens of milliseconds at each start.
/// Part of the protocol: both sides must use the same number.
const STRETCH_ROUNDS: NonZeroU32 = NonZeroU32::new(100_000).expect("not zero");
/// Also part of the protocol.
const STRETCH_SALT: &[u8] = b"eyrie cell secret 1";

/// Which end of a connection speaks. Part of what is proved, so that no proof can be sent back to its maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It dialed.
    Dialer,
    /// It was dialed.
    Listener,
}

impl Role {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Dialer => b"eyrie peer proof 1 dialer",
            Self::Listener => b"eyrie peer proof 1 listener",
        }
    }
}

/// The cell's secret, made into a key.
pub(super) struct CellKey(hmac::Key);

impl CellKey {
    /// Stretches `secret`, surrounding blanks removed (files end in a newline).
    ///
    /// # Errors
    /// When it is shorter than [`SECRET_CHARS_MIN`].
    pub(super) fn derive(secret: &Secret) -> Result<Self, PeerConfigError> {
        let secret = secret.expose().trim();
        if secret.chars().count() < SECRET_CHARS_MIN {
            return Err(PeerConfigError::SecretTooShort);
        }
        let mut key = zeroize::Zeroizing::new([0; 32]);
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, STRETCH_ROUNDS, STRETCH_SALT, secret.as_bytes(), key.as_mut_slice());
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice())))
    }

    /// Proves, as `role`, the knowledge of the secret within the session that exported `exported`.
    pub(super) fn prove(&self, role: Role, exported: &[u8; 32]) -> [u8; 32] {
        let tag = hmac::sign(&self.0, &message(role, exported));
        tag.as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")
    }

    /// Whether `proof` was made by `role` within that session by somebody who knows the secret; in constant time.
    pub(super) fn accepts(&self, role: Role, exported: &[u8; 32], proof: &[u8; 32]) -> bool {
        hmac::verify(&self.0, &message(role, exported), proof).is_ok()
    }
}

impl fmt::Debug for CellKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CellKey(…)")
    }
}

fn message(role: Role, exported: &[u8; 32]) -> Vec<u8> {
    [role.label(), exported.as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_good_for_one_role_one_session_and_one_secret() {
        let key = CellKey::derive(&Secret::new("  correct horse battery\n")).unwrap();
        let same = CellKey::derive(&Secret::new("correct horse battery")).unwrap();
        let other = CellKey::derive(&Secret::new("correct horse staples")).unwrap();
        let proof = key.prove(Role::Dialer, &[1; 32]);
        assert!(same.accepts(Role::Dialer, &[1; 32], &proof));
        assert!(!same.accepts(Role::Listener, &[1; 32], &proof), "sent back");
        assert!(!same.accepts(Role::Dialer, &[2; 32], &proof), "replayed");
        assert!(!other.accepts(Role::Dialer, &[1; 32], &proof));
        assert!(!format!("{key:?}").contains("horse"));
    }

    #[test]
    fn a_short_secret_is_refused_blanks_not_counted() {
        let error = CellKey::derive(&Secret::new(format!("{}short", " ".repeat(40)))).unwrap_err();
        assert!(matches!(error, PeerConfigError::SecretTooShort), "{error}");
    }
}
