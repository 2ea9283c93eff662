use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::hkdf;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eyrie_storage::keys::{SealContext, Sealer};
use eyrie_storage::store::{SealedSecret, SigningKeyRow, Store, StoreError};
use eyrie_types::{TenantId, WallTime};
use jsonwebtoken::{DecodingKey, EncodingKey};
use zeroize::Zeroizing;

/// How long a key signs before the next one takes over.
const SIGNS_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a key still verifies afterwards: the longest-lived thing it signs is a capability, and twice that leaves room
/// for clocks.
const VERIFIES_AFTER: Duration = Duration::from_secs(3600);
/// What a sealed signing key is bound to.
const PURPOSE: &str = "signing-key";
/// What the capability key is derived for (RFC 5869 section 3.2), so that one key never serves two schemes.
const CAPABILITY_INFO: &[u8] = b"eyrie capability v1";
/// What the ticket key is derived for, likewise.
const TICKET_INFO: &[u8] = b"eyrie ticket v1";

/// Why there is no usable signing key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The store could not be read or written.
    #[error("signing keys could not be read or stored: {0}")]
    Store(#[from] StoreError),
    /// A stored key could not be opened: another master key, or damage.
    #[error("a stored signing key could not be opened; was the master key replaced?")]
    Unusable,
    /// No key is in force; the next sign-in makes one.
    #[error("no signing key is in force")]
    None,
}

/// One key pair in force.
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(crate) signing: EncodingKey,
    pub(crate) verifying: DecodingKey,
    /// Seals capabilities; derived from the same secret.
    pub(crate) capability: hmac::Key,
    /// Binds what is kept of a ticket to it; derived from the same secret.
    pub(crate) ticket: hmac::Key,
    signs_from: WallTime,
    signs_until: WallTime,
    verifies_until: WallTime,
}

impl SigningKey {
    /// The key pair of a PKCS #8 document (RFC 5958).
    fn new(row: &SigningKeyRow, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::Unusable)?;
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, row.kid.as_bytes()).extract(pkcs8);
        let derived = |info: &[u8]| -> Result<hmac::Key, KeyError> {
            let info = [info];
            Ok(secret.expand(&info, hmac::HMAC_SHA256).map_err(|_| KeyError::Unusable)?.into())
        };
        let (capability, ticket) = (derived(CAPABILITY_INFO)?, derived(TICKET_INFO)?);
        Ok(Self {
            kid: row.kid.clone(),
            signing: EncodingKey::from_ed_der(pkcs8),
            verifying: DecodingKey::from_ed_der(pair.public_key().as_ref()),
            capability,
            ticket,
            signs_from: row.signs_from,
            signs_until: row.signs_until,
            verifies_until: row.verifies_until,
        })
    }
}

/// The keys that access tokens and capabilities are signed with. They live sealed in the store, so that tokens outlast a
/// restart, and rotate by time.
pub(crate) struct SigningKeys {
    keys: ArcSwap<Vec<SigningKey>>,
}

impl SigningKeys {
    /// Reads the keys from the store; makes one if none may sign.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub(crate) async fn load(store: &Store, sealer: &Sealer, now: WallTime) -> Result<Self, KeyError> {
        let keys = Self { keys: ArcSwap::default() };
        keys.reload(store, sealer, now).await?;
        if keys.current(now).is_err() {
            keys.rotate(store, sealer, now).await?;
        }
        Ok(keys)
    }

    /// Takes over what the store has now.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub(crate) async fn reload(&self, store: &Store, sealer: &Sealer, now: WallTime) -> Result<(), KeyError> {
        let mut keys = Vec::new();
        // Those whose time is over leave the store by a job of the cell.
        let rows = store.signing_keys().await?;
        for row in rows.into_iter().filter(|row| now < row.verifies_until) {
            let pkcs8 = open(sealer, &row)?;
            keys.push(SigningKey::new(&row, &pkcs8)?);
        }
        self.keys.store(keys.into());
        Ok(())
    }

    /// Makes the next key, which signs from now on; the ones before go on verifying.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub(crate) async fn rotate(&self, store: &Store, sealer: &Sealer, now: WallTime) -> Result<(), KeyError> {
        let row = generate(sealer, now)?;
        store.create_signing_key(row).await?;
        metrics::counter!("eyrie_auth_signing_keys_made_total").increment(1);
        self.reload(store, sealer, now).await
    }

    /// The key that signs at `now`: the latest one in force.
    ///
    /// # Errors
    /// [`KeyError::None`].
    pub(crate) fn current(&self, now: WallTime) -> Result<KeyRef, KeyError> {
        self.find(|key| key.signs_from <= now && now < key.signs_until).ok_or(KeyError::None)
    }

    /// The key `kid`, if it still verifies at `now`.
    pub(crate) fn verifying(&self, kid: &str, now: WallTime) -> Option<KeyRef> {
        self.find(|key| key.kid == kid && now < key.verifies_until)
    }

    fn find(&self, wanted: impl Fn(&SigningKey) -> bool) -> Option<KeyRef> {
        let keys = self.keys.load_full();
        let best = (0..keys.len()).filter(|&i| wanted(&keys[i])).max_by_key(|&i| keys[i].signs_from)?;
        Some(KeyRef { keys, best })
    }

    #[cfg(any(test, fuzzing))]
    #[allow(clippy::unwrap_used, reason = "for tests and fuzz targets alone")]
    pub(crate) fn for_tests(now: WallTime) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
        let row = row_at(now, SealedSecret::new(Vec::new())).unwrap();
        Self { keys: ArcSwap::from_pointee(vec![SigningKey::new(&row, pkcs8.as_ref()).unwrap()]) }
    }
}

/// A key, kept alive while it is used even when the set changes meanwhile.
pub(crate) struct KeyRef {
    keys: std::sync::Arc<Vec<SigningKey>>,
    best: usize,
}

impl std::ops::Deref for KeyRef {
    type Target = SigningKey;

    fn deref(&self) -> &SigningKey {
        // `best` was found in this very list, which cannot change.
        &self.keys[self.best]
    }
}

fn row_at(now: WallTime, sealed: SealedSecret) -> Result<SigningKeyRow, KeyError> {
    let mut kid = [0; 8];
    getrandom::fill(&mut kid).map_err(|_| KeyError::Unusable)?;
    let signs_until = now + SIGNS_FOR;
    let verifies_until = signs_until + VERIFIES_AFTER;
    Ok(SigningKeyRow { kid: URL_SAFE_NO_PAD.encode(kid), signs_from: now, signs_until, verifies_until, sealed })
}

fn generate(sealer: &Sealer, now: WallTime) -> Result<SigningKeyRow, KeyError> {
    let pkcs8 =
        Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).map_err(|_| KeyError::Unusable)?;
    let mut row = row_at(now, SealedSecret::new(Vec::new()))?;
    row.sealed = seal(sealer, &row.kid, pkcs8.as_ref())?;
    Ok(row)
}

fn seal(sealer: &Sealer, kid: &str, pkcs8: &[u8]) -> Result<SealedSecret, KeyError> {
    // Signing keys serve all tenants, so they are bound to the one that always exists.
    let tenant = TenantId::default_tenant();
    let context = SealContext { tenant: &tenant, purpose: PURPOSE, object: kid };
    sealer.seal(context, pkcs8).map(SealedSecret::new).map_err(|_| KeyError::Unusable)
}

fn open(sealer: &Sealer, row: &SigningKeyRow) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let tenant = TenantId::default_tenant();
    let context = SealContext { tenant: &tenant, purpose: PURPOSE, object: &row.kid };
    sealer.open(context, row.sealed.as_bytes()).map_err(|_| KeyError::Unusable)
}
