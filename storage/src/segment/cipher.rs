//! Sealing: AES-256-GCM (NIST SP 800-38D) in chunks, the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) per
//! fragment: each chunk's nonce carries its number and whether it is the last, so chunks can be neither reordered, dropped nor
//! cut off at the end. A key seals one segment only, so no (key, nonce) pair comes twice.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{self, SHA256};
use bytes::Bytes;

use super::FormatError;
use super::boxes::{self, Kind, UUID_BOX_HEAD};
use crate::keys::SegmentKey;

/// Bytes of a stored chunk, tag included: what must be held in memory before any of it may be believed.
pub(super) const CHUNK_STORED: usize = 64 * 1024;
/// Bytes of an AES-GCM tag.
pub(super) const TAG: usize = 16;
/// Plaintext bytes of a whole chunk.
const CHUNK: usize = CHUNK_STORED - TAG;

/// What a nonce counts. Fragment numbers have 32 bits, so the two others never meet them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sealed {
    Fragment(u32),
    Init,
    Footer,
}

impl Sealed {
    fn number(self) -> u64 {
        match self {
            Self::Fragment(number) => u64::from(number),
            Self::Init => u64::MAX,
            Self::Footer => u64::MAX - 1,
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Fragment(_) => Kind::SealedFragment,
            Self::Init => Kind::SealedInit,
            Self::Footer => Kind::Footer,
        }
    }

    /// number: u64 ‖ (chunk · 2 + last): u32.
    fn nonce(self, chunk: u32, last: bool) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[..8].copy_from_slice(&self.number().to_be_bytes());
        nonce[8..].copy_from_slice(&(chunk << 1 | u32::from(last)).to_be_bytes());
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Bytes of the `uuid` box that `plain` bytes are sealed in. `plain` is at most FRAGMENT_BYTES_MAX, far from overflow.
pub(super) fn sealed_box_length(plain: u32) -> u32 {
    UUID_BOX_HEAD as u32 + plain + plain.div_ceil(CHUNK as u32) * TAG as u32
}

/// Hashes and, when there is a cipher, seals; both hashes are taken while a chunk is still in the processor's cache.
pub(super) struct SegmentCipher(LessSafeKey);

impl SegmentCipher {
    pub(super) fn new(key: &SegmentKey) -> Self {
        // The only way to fail is a length other than the algorithm's, and a SegmentKey has 32 bytes.
        let key = UnboundKey::new(&AES_256_GCM, key.expose()).expect("AES-256 takes the 32 bytes a SegmentKey has");
        Self(LessSafeKey::new(key))
    }

    /// Replaces `out` by the `uuid` box with `chunks` (their concatenation) sealed in it; answers the SHA-256 of the plaintext
    /// and the BLAKE3 of the box.
    pub(super) fn seal(
        &self,
        what: Sealed,
        aad: &[u8],
        chunks: &[Bytes],
        out: &mut Vec<u8>,
    ) -> Result<([u8; 32], [u8; 32]), FormatError> {
        let plain: usize = chunks.iter().map(Bytes::len).sum();
        let size = sealed_box_length(plain as u32);
        let mut sha256 = digest::Context::new(&SHA256);
        let mut blake3 = blake3::Hasher::new();
        out.clear();
        out.reserve(size as usize);
        out.extend_from_slice(&boxes::uuid_box_head(what.kind(), size));
        blake3.update(out);
        let mut source = Gather { chunks, at: 0 };
        let count = plain.div_ceil(CHUNK);
        for chunk in 0..count {
            let begin = out.len();
            source.copy(CHUNK, out);
            sha256.update(&out[begin..]);
            let nonce = what.nonce(chunk as u32, chunk + 1 == count);
            let tag = self
                .0
                .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut out[begin..])
                .map_err(|_| FormatError::Tag(what.kind().name()))?;
            out.extend_from_slice(tag.as_ref());
            blake3.update(&out[begin..]);
        }
        Ok((finish(sha256), *blake3.finalize().as_bytes()))
    }

    /// Opens the `uuid` box `stored` that holds `plain_length` bytes sealed.
    pub(super) fn open(
        &self,
        what: Sealed,
        aad: &[u8],
        stored: &[u8],
        plain_length: u32,
    ) -> Result<Vec<u8>, FormatError> {
        let name = what.kind().name();
        let size = boxes::check_uuid_box_head(what.kind(), stored)?;
        if size != sealed_box_length(plain_length) || stored.len() != size as usize {
            return Err(FormatError::Truncated(name));
        }
        let sealed = stored.get(UUID_BOX_HEAD..).unwrap_or_default();
        let mut plain = vec![0; plain_length as usize];
        let count = (plain_length as usize).div_ceil(CHUNK);
        for (chunk, (sealed, plain)) in sealed.chunks(CHUNK_STORED).zip(plain.chunks_mut(CHUNK)).enumerate() {
            let (text, tag) = sealed.split_last_chunk::<TAG>().ok_or(FormatError::Truncated(name))?;
            let nonce = what.nonce(chunk as u32, chunk + 1 == count);
            self.0.open_separate_gather(nonce, Aad::from(aad), text, tag, plain).map_err(|_| FormatError::Tag(name))?;
        }
        Ok(plain)
    }

    /// Opens the first chunk of the `uuid` box that holds `plain_length` bytes sealed; `stored` may end with that chunk.
    pub(super) fn open_first(
        &self,
        what: Sealed,
        aad: &[u8],
        stored: &[u8],
        plain_length: u32,
    ) -> Result<Vec<u8>, FormatError> {
        let name = what.kind().name();
        if boxes::check_uuid_box_head(what.kind(), stored)? != sealed_box_length(plain_length) {
            return Err(FormatError::Truncated(name));
        }
        let first = (plain_length as usize).min(CHUNK);
        let sealed = stored.get(UUID_BOX_HEAD..).and_then(|sealed| sealed.get(..first + TAG));
        let (text, tag) = sealed.and_then(<[u8]>::split_last_chunk::<TAG>).ok_or(FormatError::Truncated(name))?;
        let mut plain = vec![0; first];
        let nonce = what.nonce(0, plain_length as usize <= CHUNK);
        self.0
            .open_separate_gather(nonce, Aad::from(aad), text, tag, &mut plain)
            .map_err(|_| FormatError::Tag(name))?;
        Ok(plain)
    }

    /// A tag over `bytes`, which stay readable: AES-GCM over an empty plaintext (GMAC).
    pub(super) fn tag(&self, what: Sealed, bytes: &[u8]) -> Result<[u8; TAG], FormatError> {
        let tag = self
            .0
            .seal_in_place_separate_tag(what.nonce(0, true), Aad::from(bytes), &mut [])
            .map_err(|_| FormatError::Tag(what.kind().name()))?;
        let mut out = [0; TAG];
        out.copy_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Checks a tag made by [`SegmentCipher::tag`], in constant time.
    pub(super) fn check_tag(&self, what: Sealed, bytes: &[u8], tag: &[u8; TAG]) -> Result<(), FormatError> {
        self.0
            .open_separate_gather(what.nonce(0, true), Aad::from(bytes), &[], tag, &mut [])
            .map_err(|_| FormatError::Tag(what.kind().name()))
    }
}

/// SHA-256 and BLAKE3 of plain bytes, chunk by chunk.
pub(super) fn hash_plain(chunks: &[Bytes]) -> ([u8; 32], [u8; 32]) {
    let mut sha256 = digest::Context::new(&SHA256);
    let mut blake3 = blake3::Hasher::new();
    for piece in chunks.iter().flat_map(|chunk| chunk.chunks(CHUNK)) {
        sha256.update(piece);
        blake3.update(piece);
    }
    (finish(sha256), *blake3.finalize().as_bytes())
}

fn finish(sha256: digest::Context) -> [u8; 32] {
    let mut out = [0; 32];
    // SHA-256 has 32 bytes (FIPS 180-4), so the lengths agree.
    out.copy_from_slice(sha256.finish().as_ref());
    out
}

/// Walks a list of byte runs as if they were one.
struct Gather<'a> {
    chunks: &'a [Bytes],
    at: usize,
}

impl Gather<'_> {
    /// Appends the next `want` bytes to `out`, or what is left of them.
    fn copy(&mut self, mut want: usize, out: &mut Vec<u8>) {
        while let Some(first) = self.chunks.first().filter(|_| want > 0) {
            let rest = &first[self.at..];
            let take = rest.len().min(want);
            out.extend_from_slice(&rest[..take]);
            want -= take;
            self.at += take;
            if self.at == first.len() {
                self.chunks = &self.chunks[1..];
                self.at = 0;
            }
        }
    }
}
