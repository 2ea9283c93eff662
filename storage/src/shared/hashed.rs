use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use eyrie_types::TenantId;

/// A name, address or ticket as it may stand in a key: the first half of a SHA-256, so that whoever reads the keys of a Redis
/// learns no name and no secret. 128 bits do not meet by chance.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Hashed([u8; 16]);

impl Hashed {
    /// The hash of a subject of a tenant; the same text means another subject in another kind or tenant.
    pub(super) fn subject(kind: &str, tenant: &TenantId, subject: &str) -> Self {
        Self::of(&[kind, tenant.as_str(), subject])
    }

    /// The hash of a ticket.
    pub(super) fn ticket(kind: &str, ticket: &str) -> Self {
        Self::of(&[kind, ticket])
    }

    fn of(parts: &[&str]) -> Self {
        // No part but the last can hold a NUL, so no two lists of parts are one text.
        let hash = digest(&SHA256, parts.join("\0").as_bytes());
        let mut half = [0; 16];
        half.copy_from_slice(&hash.as_ref()[..16]);
        Self(half)
    }
}

impl fmt::Display for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
