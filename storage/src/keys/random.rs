use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::KeyError;

/// Bytes a value sealed by [`seal_random`] is longer than its plaintext: nonce and tag.
pub(super) const OVERHEAD: usize = NONCE_LEN + 16;

/// Fills `out` with random bytes from the operating system's generator.
pub(super) fn fill(out: &mut [u8]) -> Result<(), KeyError> {
    aws_lc_rs::rand::fill(out).map_err(|_| KeyError::NoRandomness)
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    // The only way to fail is a length other than the algorithm's.
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes 32 bytes"))
}

/// Seals `plain` with AES-256-GCM under a random nonce: nonce ‖ ciphertext ‖ tag. Random 96-bit nonces are good for 2³² values a
/// key (NIST SP 800-38D section 8.3), far more than there are tenants or cameras.
pub(super) fn seal_random(key: &[u8; 32], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut nonce = [0; NONCE_LEN];
    fill(&mut nonce)?;
    let mut out = Vec::with_capacity(plain.len() + OVERHEAD);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let tag = cipher(key)
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut out[NONCE_LEN..])
        .map_err(|_| KeyError::Refused("value"))?;
    out.extend_from_slice(tag.as_ref());
    Ok(out)
}

/// Opens what [`seal_random`] made.
pub(super) fn open_random(
    what: &'static str,
    key: &[u8; 32],
    aad: &[u8],
    sealed: &[u8],
) -> Result<zeroize::Zeroizing<Vec<u8>>, KeyError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(KeyError::Refused(what))?;
    let (text, tag) = rest.split_last_chunk::<16>().ok_or(KeyError::Refused(what))?;
    let mut plain = zeroize::Zeroizing::new(vec![0; text.len()]);
    cipher(key)
        .open_separate_gather(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), text, tag, &mut plain)
        .map_err(|_| KeyError::Refused(what))?;
    Ok(plain)
}

/// Joins fields so that no two lists of fields give the same bytes: each after its length.
pub(super) fn bind(domain: &str, fields: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for field in std::iter::once(domain.as_bytes()).chain(fields.iter().copied()) {
        // Fields are ids and names; none comes near 4 GiB.
        out.extend_from_slice(&(field.len() as u32).to_be_bytes());
        out.extend_from_slice(field);
    }
    out
}
