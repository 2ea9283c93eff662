use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eyrie_types::{CameraId, SessionId, TenantId, WallTime};
use uuid::Uuid;

use super::signing_keys::{KeyError, SigningKeys};
use crate::model::CapabilityKind;

/// How long a capability is good. It stands in addresses, which end up in histories and proxies' logs, so it should not last
/// a working day; a player asks for another one while it plays (the dashboard at two thirds), and 15 minutes ride out a
/// laptop that sleeps for a moment. It also ends with its session.
pub(crate) const CAPABILITY_TTL: Duration = Duration::from_secs(900);
/// Longest capability taken, in characters; ours have at most 250.
const CHARS_MAX: usize = 512;
/// The first byte: the version of this layout.
const VERSION: u8 = 1;
/// The second byte: what it opens. Numbers are for good, as those in flight must keep their meaning.
const KINDS: [(u8, CapabilityKind); 3] =
    [(1, CapabilityKind::Live), (2, CapabilityKind::Playback), (3, CapabilityKind::Export)];
/// version, kind, camera, session, expiry (s), length of kid, length of tenant.
const FIXED_BYTES: usize = 1 + 1 + 16 + 16 + 8 + 1 + 1;
/// HMAC-SHA-256.
const TAG_BYTES: usize = 32;

/// Leave to see one camera in one way, as an element of a path, for players that cannot send headers:
///
/// ```text
/// base64url( version 1 | kind 1 | camera 16 | session 16 | expiry 8 | kid length 1 | tenant length 1 | kid | tenant
///            | HMAC-SHA-256 over all before 32 )
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Capability {
    /// Whose camera.
    pub(crate) tenant: TenantId,
    /// What it opens.
    pub(crate) kind: CapabilityKind,
    /// The one camera it opens.
    pub(crate) camera: CameraId,
    /// The session it was issued in: it ends with it.
    pub(crate) session: SessionId,
    /// The first second at which it is no longer good.
    pub(crate) expires_at: WallTime,
}

/// Why a capability is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CapabilityError {
    /// Not one of ours, or changed.
    #[error("the capability is not valid")]
    Invalid,
    /// It says that it was signed with a key that this node does not know (yet).
    #[error("the capability is signed with an unknown key")]
    UnknownKey,
    /// It was good once.
    #[error("the capability has expired")]
    Expired,
}

impl Capability {
    /// The path element.
    ///
    /// # Errors
    /// When there is no key to seal with.
    pub(crate) fn seal(&self, keys: &SigningKeys, now: WallTime) -> Result<String, KeyError> {
        let key = keys.current(now)?;
        let (kid, tenant) = (key.kid.as_bytes(), self.tenant.as_str().as_bytes());
        // A tenant has at most 63 characters and a kid 11.
        let length = |bytes: &[u8]| u8::try_from(bytes.len()).map_err(|_| KeyError::Unusable);
        let kind = KINDS.iter().find(|(_, kind)| *kind == self.kind).map(|(number, _)| *number);
        let mut bytes = Vec::with_capacity(FIXED_BYTES + kid.len() + tenant.len() + TAG_BYTES);
        bytes.extend([VERSION, kind.ok_or(KeyError::Unusable)?]);
        bytes.extend(self.camera.as_uuid().as_bytes());
        bytes.extend(self.session.as_uuid().as_bytes());
        bytes.extend(self.expires_at.as_unix_secs().to_be_bytes());
        bytes.extend([length(kid)?, length(tenant)?]);
        bytes.extend(kid);
        bytes.extend(tenant);
        let tag = hmac::sign(&key.capability, &bytes);
        bytes.extend(tag.as_ref());
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads and checks a path element.
    ///
    /// # Errors
    /// [`CapabilityError::Expired`] only for one that is ours in every other respect.
    pub(crate) fn open(text: &str, keys: &SigningKeys, now: WallTime) -> Result<Self, CapabilityError> {
        let capability = Self::read(text, keys, now).unwrap_or(Err(CapabilityError::Invalid))?;
        if capability.expires_at <= now { Err(CapabilityError::Expired) } else { Ok(capability) }
    }

    /// `None` for what is not one of ours.
    fn read(text: &str, keys: &SigningKeys, now: WallTime) -> Option<Result<Self, CapabilityError>> {
        if text.len() > CHARS_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG_BYTES)?)?;
        let (fixed, names) = signed.split_at_checked(FIXED_BYTES)?;
        let [VERSION, number, rest @ ..] = fixed else { return None };
        let (_, kind) = KINDS.iter().find(|(known, _)| known == number)?;
        let (camera, rest) = rest.split_first_chunk::<16>()?;
        let (session, rest) = rest.split_first_chunk::<16>()?;
        let (expiry, rest) = rest.split_first_chunk::<8>()?;
        let &[kid_length, tenant_length] = rest else { return None };
        let (kid, tenant) = names.split_at_checked(usize::from(kid_length))?;
        if tenant.len() != usize::from(tenant_length) {
            return None;
        }
        let Some(key) = keys.verifying(std::str::from_utf8(kid).ok()?, now) else {
            return Some(Err(CapabilityError::UnknownKey));
        };
        hmac::verify(&key.capability, signed, tag).ok()?;
        Some(Ok(Self {
            kind: *kind,
            tenant: std::str::from_utf8(tenant).ok()?.parse().ok()?,
            camera: CameraId::from_uuid(Uuid::from_bytes(*camera)),
            session: SessionId::from_uuid(Uuid::from_bytes(*session)),
            expires_at: WallTime::from_unix_us(i64::from_be_bytes(*expiry).saturating_mul(1_000_000)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> WallTime {
        WallTime::from_unix_us(1_767_225_600_000_000)
    }

    fn capability() -> Capability {
        Capability {
            tenant: TenantId::default_tenant(),
            kind: CapabilityKind::Live,
            camera: CameraId::generate(),
            session: SessionId::generate(),
            expires_at: now() + CAPABILITY_TTL,
        }
    }

    #[test]
    fn it_opens_what_it_was_sealed_for_until_it_expires() {
        let keys = SigningKeys::for_tests(now());
        let capability = capability();
        let text = capability.seal(&keys, now()).unwrap();
        assert!(text.len() < 250, "{} characters", text.len());
        assert_eq!(Capability::open(&text, &keys, now()), Ok(capability.clone()));
        assert_eq!(Capability::open(&text, &keys, capability.expires_at), Err(CapabilityError::Expired));
        assert_eq!(Capability::open(&text, &SigningKeys::for_tests(now()), now()), Err(CapabilityError::UnknownKey));
    }

    #[test]
    fn each_kind_has_its_number_and_live_keeps_the_one_it_always_had() {
        let keys = SigningKeys::for_tests(now());
        for (number, kind) in KINDS {
            let text = Capability { kind, ..capability() }.seal(&keys, now()).unwrap();
            assert_eq!(URL_SAFE_NO_PAD.decode(&text).unwrap()[..2], [VERSION, number]);
            assert_eq!(Capability::open(&text, &keys, now()).map(|opened| opened.kind), Ok(kind));
        }
        assert_eq!(KINDS[0], (1, CapabilityKind::Live));
    }

    proptest! {
        #[test]
        fn no_changed_bit_passes_and_no_text_panics(at in any::<prop::sample::Index>(), flip in 1u8..=255, text in ".{0,300}") {
            let keys = SigningKeys::for_tests(now());
            let sealed = capability().seal(&keys, now()).unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let changed = URL_SAFE_NO_PAD.encode(bytes);
            // A bit of the kid names another key.
            let refused = Capability::open(&changed, &keys, now());
            prop_assert!(matches!(refused, Err(CapabilityError::Invalid | CapabilityError::UnknownKey)), "{refused:?}");
            prop_assert_eq!(Capability::open(&text, &keys, now()), Err(CapabilityError::Invalid));
        }
    }
}
