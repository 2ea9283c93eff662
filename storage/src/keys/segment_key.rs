use std::fmt;

use eyrie_types::{KeyId, SegmentId, TenantId};
use zeroize::Zeroizing;

use super::{KeyError, random};

/// The key of one segment: 32 random bytes, used for that segment only. Wiped from memory when dropped.
#[derive(Clone)]
pub struct SegmentKey {
    id: KeyId,
    bytes: Zeroizing<[u8; 32]>,
}

impl SegmentKey {
    /// Draws a fresh key under a fresh random id.
    pub(super) fn generate() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        random::fill(bytes.as_mut())?;
        Ok(Self { id: KeyId::random(), bytes })
    }

    /// Puts together a key that was unsealed.
    pub(crate) fn new(id: KeyId, bytes: [u8; 32]) -> Self {
        Self { id, bytes: Zeroizing::new(bytes) }
    }

    /// Its id, which the segment's header names.
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for SegmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SegmentKey({})", self.id)
    }
}

/// A segment key as it is kept: sealed to the tenant's public key. Immutable, and durable before the key is first used; never in
/// the segment file itself, so that destroying the row destroys the footage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Its random id.
    pub key: KeyId,
    /// Whose.
    pub tenant: TenantId,
    /// The one segment it seals.
    pub segment: SegmentId,
    /// The tenant key pair it is sealed to.
    pub tenant_key_version: u32,
    /// `enc` of RFC 9180 section 4.1: the ephemeral X25519 public key.
    pub kem_output: [u8; 32],
    /// The 32 bytes of the key and a tag of 16, AES-256-GCM.
    pub sealed_key: [u8; 48],
}
