//! One registry of ids, so that no signature takes a bare `Uuid` or `String`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is not a hyphenated UUID.
    #[error("{0} id must be a UUID such as 0192f0c1-2345-7abc-8def-0123456789ab")]
    NotAUuid(&'static str),
    /// The text is not a tenant name.
    #[error("tenant must be 1 to 63 characters of a-z, 0-9 and '-', and start with a letter")]
    NotATenant,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID made elsewhere (the shell makes v7 ids, a store reads them back).
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// Makes a fresh id that sorts by the time of its making (UUID version 7).
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// Makes a fresh id that tells nothing, not even when it was made (UUID version 4).
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }

            /// The UUID inside.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($what, "({})"), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::try_parse(text).map(Self).map_err(|_| IdError::NotAUuid($what))
            }
        }
    };
}

uuid_id!(/** A camera, for as long as it exists in the directory. */ CameraId, "camera");
uuid_id!(/** A site: a place with one time zone. */ SiteId, "site");
uuid_id!(/** What somebody noted of footage. */ MarkerId, "marker");
uuid_id!(/** A grid of cameras that a user keeps. */ LayoutId, "layout");
uuid_id!(/** A person or program that signs in. */ UserId, "user");
uuid_id!(/** A node; kept in its data directory. */ NodeId, "node");
uuid_id!(/** A cell: the nodes that decide together. Made when it is founded. */ CellId, "cell");
uuid_id!(/** A run of a drill. */ DrillRunId, "drill run");
uuid_id!(/** A process that carries drills: an agent, or a person's command. */ DrillRunnerId, "drill runner");
uuid_id!(/** One recording file. */ SegmentId, "segment");
uuid_id!(/** A sealed segment key; random, so that it tells nothing of what it opens. */ KeyId, "key");
uuid_id!(/** An entry of the event outbox. */ EventId, "event");
uuid_id!(/** An entry of the audit log. */ AuditId, "audit");
uuid_id!(/** A sign-in: the family of its refresh tokens. */ SessionId, "session");
uuid_id!(/** One request through the gateway: the correlation id of its log lines. */ RequestId, "request");

/// Longest tenant name: it is part of paths and DNS names, where a label ends at 63.
const TENANT_CHARS_MAX: usize = 63;

/// A tenant: part of every key, path, event and cache key.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct TenantId(std::sync::Arc<str>);

impl TenantId {
    /// The one tenant of an installation that has no others.
    pub fn default_tenant() -> Self {
        Self("default".into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TenantId {
    fn default() -> Self {
        Self::default_tenant()
    }
}

impl FromStr for TenantId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
        if text.len() <= TENANT_CHARS_MAX && starts && text.chars().all(good) {
            Ok(Self(text.into()))
        } else {
            Err(IdError::NotATenant)
        }
    }
}

impl<'de> Deserialize<'de> for TenantId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tenant({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_names_cannot_leave_their_directory() {
        for bad in ["", "..", "a/b", "A", "1a", "a\0", &"a".repeat(64)] {
            assert_eq!(bad.parse::<TenantId>(), Err(IdError::NotATenant), "{bad:?}");
        }
        assert_eq!("acme-2".parse::<TenantId>().map(|t| t.to_string()), Ok("acme-2".to_owned()));
    }

    #[test]
    fn ids_read_back_what_they_print() {
        let id = CameraId::generate();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("nonsense".parse::<CameraId>(), Err(IdError::NotAUuid("camera")));
    }
}
