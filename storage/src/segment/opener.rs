use bytes::Bytes;
use eyrie_types::FragmentEntry;

use super::boxes;
use super::cipher::{CHUNK_STORED, Sealed, SegmentCipher};
use super::reader::unsealed_length;
use super::{FRAGMENT_BYTES_MAX, FormatError, FragmentHead, INIT_BYTES_MAX, SegmentHead};
use crate::keys::SegmentKey;

/// The largest `ftyp`: a brand takes four bytes, and no writer lists a thousand.
pub(super) const FTYP_BYTES_MAX: u32 = 4096;
/// The longest fragment as stored, with its header: sealed, it is longer than its plaintext by a tag in 64 KiB, for which an eighth
/// is plenty.
pub const STORED_FRAGMENT_BYTES_MAX: u64 = FRAGMENT_BYTES_MAX.as_u64() + FRAGMENT_BYTES_MAX.as_u64() / 8;
/// The longest init segment as stored: a little longer than its plaintext, by a box header and a tag per 64 KiB.
const STORED_INIT_BYTES_MAX: u64 = INIT_BYTES_MAX.as_u64() + 4096;
/// Bytes of a stored fragment that are enough to open its start: its header, and one sealed chunk.
pub const FRAGMENT_START_BYTES: u32 = (FragmentHead::LENGTH + boxes::UUID_BOX_HEAD + CHUNK_STORED) as u32;
/// What a file begins with, up to its first fragment, has at most so many bytes.
pub const STORED_HEAD_BYTES_MAX: u64 = FTYP_BYTES_MAX as u64 + SegmentHead::LENGTH as u64 + STORED_INIT_BYTES_MAX;

/// What opens the bytes of one segment, wherever they were read: its header and, where it is known, its key. Every answer was
/// verified: hashes always, tags where the key is known.
pub(crate) struct SegmentOpener {
    head: SegmentHead,
    binding: [u8; 32],
    cipher: Option<SegmentCipher>,
}

impl SegmentOpener {
    /// For the segment whose header, found behind `ftyp_length` bytes, is `head`.
    pub(super) fn new(head: SegmentHead, ftyp_length: u32, key: Option<&SegmentKey>) -> Result<Self, FormatError> {
        if head.ftyp_length != ftyp_length || u64::from(head.init_length) > STORED_INIT_BYTES_MAX {
            return Err(FormatError::Field("init length"));
        }
        let cipher = match (head.key, key) {
            (Some(needed), Some(key)) if key.id() != needed => return Err(FormatError::KeyNeeded(needed)),
            (Some(_), key) => key.map(SegmentCipher::new),
            (None, _) => None,
        };
        let binding = head.binding();
        Ok(Self { head, binding, cipher })
    }

    /// For the segment whose file begins with `stored`, up to its first fragment; also its init segment, `ftyp` and `moov`.
    ///
    /// # Errors
    /// When these are not the first bytes of a segment, were changed or cut, or `key` is not the one that they name.
    pub(crate) fn of_stored_head(stored: &Bytes, key: Option<&SegmentKey>) -> Result<(Self, Bytes), FormatError> {
        let ftyp_length = ftyp_length(stored)?;
        let behind_ftyp = stored.get(ftyp_length as usize..).unwrap_or_default();
        let head = behind_ftyp.get(..SegmentHead::LENGTH).ok_or(FormatError::Truncated("segment header"))?;
        let opener = Self::new(SegmentHead::parse(head)?, ftyp_length, key)?;
        let init = behind_ftyp.get(SegmentHead::LENGTH..).unwrap_or_default();
        if init.len() != opener.head.init_length as usize {
            return Err(FormatError::Truncated("init segment"));
        }
        let ftyp = stored.get(..ftyp_length as usize).unwrap_or_default();
        opener.check_init(ftyp, init)?;
        let init = opener.init(ftyp, init)?;
        Ok((opener, init))
    }

    pub(crate) fn head(&self) -> &SegmentHead {
        &self.head
    }

    pub(super) fn binding(&self) -> &[u8; 32] {
        &self.binding
    }

    pub(super) fn cipher(&self) -> Option<&SegmentCipher> {
        self.cipher.as_ref()
    }

    /// Whether its plaintext cannot be had here.
    pub(super) fn is_sealed_away(&self) -> bool {
        self.head.key.is_some() && self.cipher.is_none()
    }

    /// Checks `ftyp` and the stored init bytes against their hash.
    pub(super) fn check_init(&self, ftyp: &[u8], stored: &[u8]) -> Result<(), FormatError> {
        let same = blake3::Hasher::new().update(ftyp).update(stored).finalize() == self.head.init_hash;
        if same { Ok(()) } else { Err(FormatError::StoredHash("init segment")) }
    }

    /// `ftyp` and `moov`, of what [`SegmentOpener::check_init`] has checked.
    pub(super) fn init(&self, ftyp: &[u8], stored: &[u8]) -> Result<Bytes, FormatError> {
        let Some(key) = self.head.key else { return Ok([ftyp, stored].concat().into()) };
        let cipher = self.cipher.as_ref().ok_or(FormatError::KeyNeeded(key))?;
        // The stored length tells the plaintext's: a chunk's tag comes once per 64 KiB stored.
        let plain = unsealed_length(self.head.init_length);
        cipher.open(Sealed::Init, &self.head.bound(), stored, plain).map(Bytes::from)
    }

    /// Checks that `stored` is fragment `number`, whole, without any key; answers its header.
    pub(super) fn check(&self, number: u32, stored: &[u8]) -> Result<FragmentHead, FormatError> {
        let head = self.check_place(number, stored)?;
        check_hash(&head, stored)?;
        Ok(head)
    }

    /// Checks that `stored` begins with the header of fragment `number`; answers it.
    pub(super) fn check_place(&self, number: u32, stored: &[u8]) -> Result<FragmentHead, FormatError> {
        let head = stored.get(..FragmentHead::LENGTH).ok_or(FormatError::Truncated("fragment"))?;
        let head = FragmentHead::parse(head)?;
        head.check_place(&self.head, &self.binding, number)?;
        Ok(head)
    }

    /// Checks a whole fragment's header and stored bytes, without any key.
    pub(super) fn check_entry(&self, entry: &FragmentEntry, stored: &[u8]) -> Result<FragmentHead, FormatError> {
        let head = self.check_head(entry, stored)?;
        check_hash(&head, stored)?;
        Ok(head)
    }

    /// The plaintext of the fragment `stored`: `moof` and `mdat`. It must agree with `entry` to the last bit.
    ///
    /// # Errors
    /// When anything was changed, moved or cut, or the key is not known.
    pub(crate) fn fragment(&self, entry: &FragmentEntry, stored: &Bytes) -> Result<Bytes, FormatError> {
        let head = self.check_entry(entry, stored)?;
        let sealed = stored.slice(FragmentHead::LENGTH..);
        let plain = match (head.key, &self.cipher) {
            (None, _) => sealed,
            (Some(key), None) => return Err(FormatError::KeyNeeded(key)),
            (Some(_), Some(cipher)) => {
                cipher.open(Sealed::Fragment(head.number), &head.bound(), &sealed, head.plain_length)?.into()
            }
        };
        if super::segment_head::sha256(&plain) != head.leaf {
            return Err(FormatError::Leaf(head.number));
        }
        Ok(plain)
    }

    /// The first bytes of a fragment's plaintext, and how many it has in all, of the first [`FRAGMENT_START_BYTES`] as stored. Of a
    /// sealed fragment these bytes are authentic; of a plain one only its header was checked.
    ///
    /// # Errors
    /// When the header or these bytes were changed, moved or cut, or the key is not known.
    pub(crate) fn fragment_start(&self, entry: &FragmentEntry, stored: &Bytes) -> Result<(Bytes, u32), FormatError> {
        let head = self.check_head(entry, stored)?;
        let sealed = stored.slice(FragmentHead::LENGTH..);
        let plain = match (head.key, &self.cipher) {
            (None, _) => sealed,
            (Some(key), None) => return Err(FormatError::KeyNeeded(key)),
            (Some(_), Some(cipher)) => {
                cipher.open_first(Sealed::Fragment(head.number), &head.bound(), &sealed, head.plain_length)?.into()
            }
        };
        Ok((plain, head.plain_length))
    }

    /// The header that `stored` begins with, which must be the one that `entry` tells of.
    fn check_head(&self, entry: &FragmentEntry, stored: &[u8]) -> Result<FragmentHead, FormatError> {
        let head = self.check_place(entry.number, stored)?;
        if head.entry(entry.offset) == *entry { Ok(head) } else { Err(FormatError::Entry(entry.number)) }
    }
}

/// Bytes of the `ftyp` box that `bytes` begin with.
pub(super) fn ftyp_length(bytes: &[u8]) -> Result<u32, FormatError> {
    let head = bytes.get(..8).ok_or(FormatError::Truncated("ftyp"))?;
    match boxes::plain_box(head)? {
        (size, kind) if kind == *b"ftyp" && (8..=FTYP_BYTES_MAX).contains(&size) => Ok(size),
        _ => Err(FormatError::NotFound("ftyp")),
    }
}

fn check_hash(head: &FragmentHead, stored: &[u8]) -> Result<(), FormatError> {
    let bytes = stored.get(FragmentHead::LENGTH..).unwrap_or_default();
    if bytes.len() != head.stored_length() as usize {
        return Err(FormatError::Truncated("fragment"));
    }
    if blake3::hash(bytes) == head.stored_hash { Ok(()) } else { Err(FormatError::StoredHash("fragment")) }
}
