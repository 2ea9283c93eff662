use eyrie_types::{CameraId, Epoch, FragmentEntry, KeyId, SegmentId, Slot, WallTime};

use super::boxes::{self, Kind, UUID_BOX_HEAD, VERSION};
use super::{FRAGMENT_BYTES_MAX, FormatError, FragmentFlags, SegmentHead, cipher};

/// The fragment header box: which fragment follows, of which segment, and what its bytes must hash to.
///
/// Layout: `docs/format-v1.md`, "Fragment header". It is followed by `moof` and `mdat`, or by the `uuid` box they are sealed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FragmentHead {
    /// Whose camera's, tenant and all: [`SegmentHead::binding`].
    pub binding: [u8; 32],
    /// Which camera.
    pub camera: CameraId,
    /// Owner or twin.
    pub slot: Slot,
    /// The placement's incarnation.
    pub epoch: Epoch,
    /// Which file.
    pub segment: SegmentId,
    /// The key it is sealed with.
    pub key: Option<KeyId>,
    /// Its number within the segment, from 0.
    pub number: u32,
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
    /// Bytes of its plaintext.
    pub plain_length: u32,
    /// See [`FragmentEntry::leaf`].
    pub leaf: [u8; 32],
    /// See [`FragmentEntry::stored_hash`].
    pub stored_hash: [u8; 32],
}

impl FragmentHead {
    /// Bytes of the box.
    pub const LENGTH: usize = Self::BOUND + 32 + 32 + boxes::CRC;
    /// Bytes, from the first on, that the cipher authenticates with every chunk: all but the two hashes (which are known
    /// only once the fragment is sealed, and which the reader compares with what it read) and the checksum.
    const BOUND: usize = UUID_BOX_HEAD + 4 + 4 + 16 + 8 + 16 + 16 + 32 + 8 + 4 + 4 + 4 + 16;

    /// Bytes stored after this box.
    pub fn stored_length(&self) -> u32 {
        match self.key {
            None => self.plain_length,
            Some(_) => cipher::sealed_box_length(self.plain_length),
        }
    }

    /// What the cipher authenticates beside each chunk.
    pub(super) fn bound(&self) -> Vec<u8> {
        let (cipher, key) = boxes::cipher_and_key(self.key);
        let flags = FragmentFlags { starts_gop: self.starts_gop, discontinuity: self.discontinuity }.bits();
        let mut out = Vec::with_capacity(Self::LENGTH);
        out.extend_from_slice(&boxes::uuid_box_head(Kind::FragmentHead, Self::LENGTH as u32));
        out.extend_from_slice(&[VERSION, cipher, self.slot.0, flags]);
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(self.camera.as_uuid().as_bytes());
        out.extend_from_slice(&self.epoch.as_u64().to_be_bytes());
        out.extend_from_slice(self.segment.as_uuid().as_bytes());
        out.extend_from_slice(&key);
        out.extend_from_slice(&self.binding);
        out.extend_from_slice(&self.start.as_unix_us().to_be_bytes());
        out.extend_from_slice(&self.duration_us.to_be_bytes());
        out.extend_from_slice(&self.plain_length.to_be_bytes());
        out.extend_from_slice(&self.stored_length().to_be_bytes());
        out.extend_from_slice(&self.keyframe_hash);
        out
    }

    /// Completes the box from its [`FragmentHead::bound`] part, made before the hashes were known.
    pub(super) fn complete(mut bound: Vec<u8>, leaf: &[u8; 32], stored_hash: &[u8; 32]) -> Vec<u8> {
        bound.extend_from_slice(leaf);
        bound.extend_from_slice(stored_hash);
        boxes::append_crc(&mut bound);
        bound
    }

    /// The box as stored.
    pub fn encode(&self) -> Vec<u8> {
        Self::complete(self.bound(), &self.leaf, &self.stored_hash)
    }

    /// Reads a box of exactly [`FragmentHead::LENGTH`] bytes.
    ///
    /// # Errors
    /// When the bytes are not such a box, were changed, or are of a version or cipher unknown here.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut fields = boxes::open_checked_box(Kind::FragmentHead, bytes)?;
        let [cipher, slot, flags] = fields.take::<3>()?;
        let flags = FragmentFlags::read(flags.into()).ok_or(FormatError::Field("flags"))?;
        let number = fields.u32()?;
        let camera = CameraId::from_uuid(fields.uuid()?);
        let epoch = fields.epoch()?;
        let segment = SegmentId::from_uuid(fields.uuid()?);
        let key = fields.key(cipher)?;
        let binding = fields.take()?;
        let start = fields.wall_time()?;
        let duration_us = fields.u32()?;
        let plain_length = fields.u32()?;
        if plain_length == 0 || u64::from(plain_length) > FRAGMENT_BYTES_MAX.as_u64() {
            return Err(FormatError::Field("plain length"));
        }
        let stored_length = fields.u32()?;
        let head = Self {
            binding,
            camera,
            slot: Slot(slot),
            epoch,
            segment,
            key,
            number,
            start,
            duration_us,
            starts_gop: flags.starts_gop,
            discontinuity: flags.discontinuity,
            keyframe_hash: fields.take()?,
            plain_length,
            leaf: fields.take()?,
            stored_hash: fields.take()?,
        };
        fields.end()?;
        if head.stored_length() == stored_length { Ok(head) } else { Err(FormatError::Field("stored length")) }
    }

    /// Checks that this is fragment `number` of the segment with the header `segment`.
    ///
    /// # Errors
    /// [`FormatError::Foreign`] or [`FormatError::OutOfOrder`].
    pub fn check_place(&self, segment: &SegmentHead, binding: &[u8; 32], number: u32) -> Result<(), FormatError> {
        let placement = &segment.placement;
        let ours = self.binding == *binding
            && self.segment == segment.segment
            && self.camera == placement.camera
            && self.slot == placement.slot
            && self.epoch == placement.epoch
            && self.key == segment.key;
        if !ours {
            Err(FormatError::Foreign("fragment"))
        } else if self.number != number {
            Err(FormatError::OutOfOrder { expected: number, found: self.number })
        } else {
            Ok(())
        }
    }

    /// The fragment table's entry for this fragment, beginning at byte `offset` of the file.
    pub fn entry(&self, offset: u64) -> FragmentEntry {
        FragmentEntry {
            number: self.number,
            offset,
            // Both are far below 2³¹: see FRAGMENT_BYTES_MAX.
            length: Self::LENGTH as u32 + self.stored_length(),
            start: self.start,
            duration_us: self.duration_us,
            starts_gop: self.starts_gop,
            discontinuity: self.discontinuity,
            leaf: self.leaf,
            stored_hash: self.stored_hash,
            keyframe_hash: self.keyframe_hash,
        }
    }
}
