use eyrie_types::TenantId;
use zeroize::Zeroizing;

use super::{KeyError, MasterKey, MasterKeyId, random};

/// The largest secret: passwords, tokens and private keys of certificates fit; files are not secrets of this kind.
const SECRET_BYTES_MAX: usize = 16 * 1024;
const VERSION: u8 = 1;
const HEAD: usize = 1 + 8;

/// What a secret is for. It opens only under the same three words, so that a row copied to another camera, purpose or tenant is
/// refused.
#[derive(Debug, Clone, Copy)]
pub struct SealContext<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// What it is for, such as `camera-password`.
    pub purpose: &'a str,
    /// The id of what it belongs to.
    pub object: &'a str,
}

impl SealContext<'_> {
    fn aad(&self, id: MasterKeyId) -> Vec<u8> {
        let fields = [&id.0[..], self.tenant.as_str().as_bytes(), self.purpose.as_bytes(), self.object.as_bytes()];
        random::bind("eyrie small secret v1", &fields)
    }
}

/// Seals small secrets under the master key: AES-256-GCM with a random nonce, as version ‖ master key id ‖ nonce
/// ‖ ciphertext ‖ tag.
#[derive(Debug, Clone)]
pub struct Sealer {
    master: MasterKey,
}

impl Sealer {
    /// A sealer under `master`.
    pub fn new(master: MasterKey) -> Self {
        Self { master }
    }

    /// Seals `secret`; the same secret twice gives different bytes.
    ///
    /// # Errors
    /// When it is longer than 16 KiB or there are no random bytes.
    pub fn seal(&self, context: SealContext<'_>, secret: &[u8]) -> Result<Vec<u8>, KeyError> {
        if secret.len() > SECRET_BYTES_MAX {
            return Err(KeyError::TooLong { bytes: secret.len(), max: SECRET_BYTES_MAX });
        }
        let id = self.master.id();
        let mut out = vec![VERSION];
        out.extend_from_slice(&id.0);
        out.extend(random::seal_random(self.master.sealing_key(), &context.aad(id), secret)?);
        Ok(out)
    }

    /// Opens what [`Sealer::seal`] made under the same context.
    ///
    /// # Errors
    /// When it was changed, belongs elsewhere, or was sealed under another master key.
    pub fn open(&self, context: SealContext<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let refused = KeyError::Refused("secret");
        let (head, body) = sealed.split_first_chunk::<HEAD>().ok_or(refused.clone())?;
        let [version, id @ ..] = *head;
        let (found, ours) = (MasterKeyId(id), self.master.id());
        if version != VERSION {
            return Err(refused);
        }
        if found != ours {
            return Err(KeyError::OtherMasterKey { found, ours });
        }
        random::open_random("secret", self.master.sealing_key(), &context.aad(ours), body)
    }

    /// Seals anew, under this sealer's master key, what was sealed under `old`'s: rotation.
    ///
    /// # Errors
    /// As for opening under `old` and sealing.
    pub fn reseal(&self, old: &Self, context: SealContext<'_>, sealed: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.seal(context, &old.open(context, sealed)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(seed: u8) -> Sealer {
        Sealer::new(MasterKey::from_bytes(&[seed; 32]))
    }

    #[test]
    fn a_secret_opens_only_where_it_belongs() {
        let (acme, other) = ("acme".parse().unwrap(), "other".parse().unwrap());
        let context = SealContext { tenant: &acme, purpose: "camera-password", object: "camera-1" };
        let sealed = sealer(1).seal(context, b"hunter2").unwrap();
        assert_eq!(sealer(1).open(context, &sealed).unwrap().as_slice(), b"hunter2");
        assert_ne!(sealed, sealer(1).seal(context, b"hunter2").unwrap());
        for moved in [
            SealContext { tenant: &other, ..context },
            SealContext { purpose: "webhook", ..context },
            SealContext { object: "camera-2", ..context },
            SealContext { purpose: "camera-passwordc", object: "amera-1", ..context },
        ] {
            assert!(matches!(sealer(1).open(moved, &sealed), Err(KeyError::Refused(_))), "{moved:?}");
        }
        assert!(matches!(sealer(2).open(context, &sealed), Err(KeyError::OtherMasterKey { .. })));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let tenant = TenantId::default_tenant();
        let context = SealContext { tenant: &tenant, purpose: "camera-password", object: "camera-1" };
        let sealed = sealer(1).seal(context, b"hunter2").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(sealer(1).open(context, &bad).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(sealer(1).open(context, &sealed[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn rotation_seals_anew_under_the_new_master_key() {
        let tenant = TenantId::default_tenant();
        let context = SealContext { tenant: &tenant, purpose: "camera-password", object: "camera-1" };
        let sealed = sealer(1).seal(context, b"hunter2").unwrap();
        let resealed = sealer(2).reseal(&sealer(1), context, &sealed).unwrap();
        assert_eq!(sealer(2).open(context, &resealed).unwrap().as_slice(), b"hunter2");
        assert!(matches!(sealer(1).open(context, &resealed), Err(KeyError::OtherMasterKey { .. })));
    }

    #[test]
    fn a_file_is_no_small_secret() {
        let tenant = TenantId::default_tenant();
        let context = SealContext { tenant: &tenant, purpose: "camera-password", object: "camera-1" };
        assert!(matches!(sealer(1).seal(context, &[0; SECRET_BYTES_MAX + 1]), Err(KeyError::TooLong { .. })));
    }
}
