use bytes::Bytes;
use eyrie_types::{ByteSize, FragmentEntry, Placement, SegmentId, WallTime};

use super::boxes;
use super::cipher::{self, Sealed, SegmentCipher};
use super::{Footer, FormatError, FragmentHead, MerkleBuilder, SegmentHead};
use crate::keys::SegmentKey;

/// The largest fragment: a camera's ring holds 16 MiB, so twice that is more than any fragment can be.
pub const FRAGMENT_BYTES_MAX: ByteSize = ByteSize::mib(32);
/// The largest init segment: parameter sets take a few hundred bytes, so this is room for any codec.
pub const INIT_BYTES_MAX: ByteSize = ByteSize::mib(1);
/// The most fragments of a segment: 18 hours of one a second, where segments default to one hour. It bounds the footer (7 MiB)
/// and the table held in memory while the segment is open.
pub const FRAGMENTS_MAX: u32 = 1 << 16;

/// The `ftyp` of a sealed segment: the brand `eyr1` alone, so that players turn away instead of finding no `moov`.
const SEALED_FTYP: &[u8; 20] = b"\0\0\0\x14ftypeyr1\0\0\0\x01eyr1";

/// A segment about to be written.
#[derive(Debug, Clone)]
pub struct NewSegment {
    /// Who records.
    pub placement: Placement,
    /// Which file.
    pub segment: SegmentId,
    /// The wall time of the first fragment; its UTC day names the directory.
    pub start: WallTime,
    /// What to seal with; `None` writes a plain file that any player opens. A key serves one segment only.
    pub key: Option<SegmentKey>,
    /// `ftyp` and `moov`.
    pub init: Bytes,
}

/// A fragment about to be appended.
#[derive(Debug, Clone)]
pub struct NewFragment {
    /// `moof` and `mdat`, in as many pieces as they come.
    pub chunks: Vec<Bytes>,
    /// The wall time of its first access unit.
    pub start: WallTime,
    /// The media time it covers.
    pub duration_us: u32,
    /// It begins with a keyframe.
    pub starts_gop: bool,
    /// Never to be joined to the fragment before.
    pub discontinuity: bool,
    /// See [`FragmentEntry::keyframe_hash`].
    pub keyframe_hash: [u8; 16],
}

impl NewFragment {
    /// Bytes of its plaintext.
    pub fn bytes(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.len() as u64).sum()
    }
}

/// What a closed segment came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedSegment {
    /// RFC 6962 root over the fragments' leaves.
    pub merkle_root: [u8; 32],
    /// Its fragments.
    pub fragments: u32,
    /// Bytes of the file, footer included.
    pub bytes: u64,
}

/// Turns fragments into the bytes of a segment file, in order. Pure: what it answers must be written behind what it answered
/// before, and nothing may be encoded after a write failed.
pub(crate) struct SegmentEncoder {
    head: SegmentHead,
    binding: [u8; 32],
    cipher: Option<SegmentCipher>,
    offset: u64,
    count: u32,
    table: Vec<u8>,
    merkle: MerkleBuilder,
}

impl SegmentEncoder {
    /// Begins a segment; also answers the file's first bytes, up to the first fragment.
    pub(crate) fn new(new: NewSegment) -> Result<(Self, Vec<u8>), FormatError> {
        check_size("init segment", new.init.len() as u64, INIT_BYTES_MAX)?;
        let ftyp_length = match boxes::plain_box(&new.init)? {
            (size, kind) if kind == *b"ftyp" && size >= 8 && (size as usize) < new.init.len() => size,
            _ => return Err(FormatError::NotFound("ftyp with a moov behind it")),
        };
        let cipher = new.key.as_ref().map(SegmentCipher::new);
        let mut head = SegmentHead {
            placement: new.placement,
            segment: new.segment,
            start: new.start,
            key: new.key.as_ref().map(SegmentKey::id),
            ftyp_length,
            init_length: new.init.len() as u32 - ftyp_length,
            init_hash: [0; 32],
        };
        let (ftyp, init) = match &cipher {
            None => {
                let (ftyp, moov) = new.init.split_at(ftyp_length as usize);
                (ftyp, moov.to_vec())
            }
            Some(cipher) => {
                head.ftyp_length = SEALED_FTYP.len() as u32;
                head.init_length = cipher::sealed_box_length(new.init.len() as u32);
                let mut sealed = Vec::new();
                cipher.seal(Sealed::Init, &head.bound(), std::slice::from_ref(&new.init), &mut sealed)?;
                (SEALED_FTYP.as_slice(), sealed)
            }
        };
        head.init_hash = *blake3::Hasher::new().update(ftyp).update(&init).finalize().as_bytes();
        let bytes = [ftyp, &head.encode(), &init].concat();
        let encoder = Self {
            binding: head.binding(),
            cipher,
            offset: bytes.len() as u64,
            count: 0,
            table: Vec::new(),
            merkle: MerkleBuilder::default(),
            head,
        };
        Ok((encoder, bytes))
    }

    /// Encodes the next fragment: answers its header box, to be followed by `sealed` when the segment is sealed and by the
    /// fragment's own chunks when it is not. `sealed` is a buffer to be used again and again.
    pub(crate) fn fragment(
        &mut self,
        new: &NewFragment,
        sealed: &mut Vec<u8>,
    ) -> Result<(FragmentEntry, Vec<u8>), FormatError> {
        let plain = check_size("fragment", new.bytes(), FRAGMENT_BYTES_MAX)?;
        if self.count >= FRAGMENTS_MAX {
            return Err(FormatError::SegmentFull(self.count));
        }
        let placement = &self.head.placement;
        let mut head = FragmentHead {
            binding: self.binding,
            camera: placement.camera,
            slot: placement.slot,
            epoch: placement.epoch,
            segment: self.head.segment,
            key: self.head.key,
            number: self.count,
            start: new.start,
            duration_us: new.duration_us,
            starts_gop: new.starts_gop,
            discontinuity: new.discontinuity,
            keyframe_hash: new.keyframe_hash,
            plain_length: plain,
            leaf: [0; 32],
            stored_hash: [0; 32],
        };
        let bound = head.bound();
        (head.leaf, head.stored_hash) = match &self.cipher {
            Some(cipher) => cipher.seal(Sealed::Fragment(self.count), &bound, &new.chunks, sealed)?,
            None => cipher::hash_plain(&new.chunks),
        };
        let entry = head.entry(self.offset);
        Footer::encode_entry(&entry, &mut self.table);
        self.merkle.push(&entry.leaf);
        self.offset += u64::from(entry.length);
        self.count += 1;
        Ok((entry, FragmentHead::complete(bound, &head.leaf, &head.stored_hash)))
    }

    /// Whether fragments are sealed.
    pub(crate) fn is_sealed(&self) -> bool {
        self.cipher.is_some()
    }

    /// Where the next box begins in the file.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Fragments encoded so far.
    pub(crate) fn fragments(&self) -> u32 {
        self.count
    }

    /// The footer box, after which nothing may follow.
    pub(crate) fn finish(self) -> Result<(Vec<u8>, ClosedSegment), FormatError> {
        let merkle_root = self.merkle.root();
        let cipher = self.cipher.as_ref();
        let footer = Footer::encode(&self.head, cipher, &self.table, self.count, self.offset, &merkle_root)?;
        let bytes = self.offset + footer.len() as u64;
        Ok((footer, ClosedSegment { merkle_root, fragments: self.count, bytes }))
    }
}

fn check_size(what: &'static str, bytes: u64, max: ByteSize) -> Result<u32, FormatError> {
    match u32::try_from(bytes) {
        Ok(0) => Err(FormatError::Empty(what)),
        Ok(size) if bytes <= max.as_u64() => Ok(size),
        _ => Err(FormatError::TooLarge { what, bytes, max: max.as_u64() }),
    }
}
