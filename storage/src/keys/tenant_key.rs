//! HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.

use eyrie_types::TenantId;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use zeroize::Zeroizing;

use super::{KeyError, KeyRow, MasterKey, MasterKeyId, SegmentKey, random};

type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;
type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;
type EncappedKey = <X25519HkdfSha256 as Kem>::EncappedKey;

/// A tenant's key pair as it is kept: the private key wrapped by a master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantKeyRow {
    /// Whose.
    pub tenant: TenantId,
    /// Rises by one with each new pair; older pairs stay, for what is sealed to them.
    pub version: u32,
    /// The X25519 public key.
    pub public_key: [u8; 32],
    /// The master key that wraps the private key.
    pub master_key: MasterKeyId,
    /// nonce of 12 bytes ‖ private key of 32 ‖ tag of 16, AES-256-GCM.
    pub wrapped_private_key: [u8; 60],
}

impl TenantKeyRow {
    /// What the wrapping binds: a row given to another tenant or another public key does not unwrap.
    fn aad(&self) -> Vec<u8> {
        let version = self.version.to_be_bytes();
        let fields = [self.tenant.as_str().as_bytes(), &version[..], &self.public_key, &self.master_key.0];
        random::bind("eyrie tenant key v1", &fields)
    }

    /// Wraps the same private key under `new` instead of `old`: rotation of the master key.
    ///
    /// # Errors
    /// When the row is not wrapped by `old`, or was changed.
    pub fn rewrap(&self, old: &MasterKey, new: &MasterKey) -> Result<Self, KeyError> {
        TenantKey::unwrap(self, old)?.wrap(new)
    }
}

/// A tenant's key pair, unwrapped. The private key wipes itself when dropped.
pub(super) struct TenantKey {
    tenant: TenantId,
    version: u32,
    private: PrivateKey,
    public: PublicKey,
}

impl TenantKey {
    pub(super) fn generate(tenant: &TenantId, version: u32) -> Result<Self, KeyError> {
        let mut ikm = Zeroizing::new([0; 32]);
        random::fill(ikm.as_mut())?;
        let (private, public) = X25519HkdfSha256::derive_keypair(ikm.as_ref());
        Ok(Self { tenant: tenant.clone(), version, private, public })
    }

    pub(super) fn version(&self) -> u32 {
        self.version
    }

    pub(super) fn wrap(&self, master: &MasterKey) -> Result<TenantKeyRow, KeyError> {
        let mut row = TenantKeyRow {
            tenant: self.tenant.clone(),
            version: self.version,
            public_key: self.public.to_bytes().into(),
            master_key: master.id(),
            wrapped_private_key: [0; 60],
        };
        let private = Zeroizing::new(<[u8; 32]>::from(self.private.to_bytes()));
        let wrapped = random::seal_random(master.wrapping_key(), &row.aad(), private.as_ref())?;
        row.wrapped_private_key = wrapped.try_into().map_err(|_| KeyError::Refused("tenant key"))?;
        Ok(row)
    }

    pub(super) fn unwrap(row: &TenantKeyRow, master: &MasterKey) -> Result<Self, KeyError> {
        let (found, ours) = (row.master_key, master.id());
        if found != ours {
            return Err(KeyError::OtherMasterKey { found, ours });
        }
        let refused = |_| KeyError::Refused("tenant key");
        let wrapped = &row.wrapped_private_key;
        let private = random::open_random("tenant key", master.wrapping_key(), &row.aad(), wrapped)?;
        let private = PrivateKey::from_bytes(&private).map_err(refused)?;
        let public = PublicKey::from_bytes(&row.public_key).map_err(refused)?;
        if X25519HkdfSha256::sk_to_pk(&private) != public {
            return Err(KeyError::Refused("tenant key"));
        }
        Ok(Self { tenant: row.tenant.clone(), version: row.version, private, public })
    }

    /// Seals a segment key to the public key; the private key takes no part in it.
    ///
    /// Panics only where the operating system has no random bytes (hpke draws its ephemeral key itself), which Linux does not
    /// let happen once it has booted.
    pub(super) fn seal(&self, key: &SegmentKey, segment: eyrie_types::SegmentId) -> Result<KeyRow, KeyError> {
        let mut row = KeyRow {
            key: key.id(),
            tenant: self.tenant.clone(),
            segment,
            tenant_key_version: self.version,
            kem_output: [0; 32],
            sealed_key: [0; 48],
        };
        let refused = KeyError::RowRefused(row.key);
        let (info, aad) = info_and_aad(&row);
        let (kem_output, sealed) = hpke::single_shot_seal::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &self.public,
            &info,
            key.expose(),
            &aad,
        )
        .map_err(|_| refused.clone())?;
        row.kem_output = kem_output.to_bytes().into();
        row.sealed_key = sealed.try_into().map_err(|_| refused)?;
        Ok(row)
    }

    /// Opens a row sealed to this pair.
    pub(super) fn open(&self, row: &KeyRow) -> Result<SegmentKey, KeyError> {
        let refused = || KeyError::RowRefused(row.key);
        if row.tenant != self.tenant || row.tenant_key_version != self.version {
            return Err(refused());
        }
        let (info, aad) = info_and_aad(row);
        let kem_output = EncappedKey::from_bytes(&row.kem_output).map_err(|_| refused())?;
        let opened = hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.private,
            &kem_output,
            &info,
            &row.sealed_key,
            &aad,
        );
        let opened = Zeroizing::new(opened.map_err(|_| refused())?);
        let bytes: &[u8; 32] = opened.as_slice().try_into().map_err(|_| refused())?;
        Ok(SegmentKey::new(row.key, *bytes))
    }
}

/// `info` binds tenant and pair, `aad` key and segment (RFC 9180 section 5.1 and 5.2).
fn info_and_aad(row: &KeyRow) -> (Vec<u8>, Vec<u8>) {
    let version = row.tenant_key_version.to_be_bytes();
    let info = random::bind("eyrie segment key v1", &[row.tenant.as_str().as_bytes(), &version]);
    let aad = random::bind("segment", &[row.key.as_uuid().as_bytes(), row.segment.as_uuid().as_bytes()]);
    (info, aad)
}
