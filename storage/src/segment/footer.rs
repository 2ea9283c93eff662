use eyrie_types::FragmentEntry;

use super::boxes::{self, CRC, Fields, Kind, UUID_BOX_HEAD, VERSION};
use super::cipher::{Sealed, SegmentCipher, TAG};
use super::{FRAGMENTS_MAX, FormatError, FragmentFlags, FragmentHead, MerkleBuilder, SegmentHead};

const ENTRY: usize = 8 + 4 + 8 + 4 + 4 + 16 + 32 + 32;
const HEAD: usize = UUID_BOX_HEAD + 4 + 4 + 32 + 8;
const TAIL: usize = 32 + TAG + 4 + CRC;

/// The footer box: the table of a closed segment's fragments, and the Merkle root over their leaves. Where it is missing the
/// segment was not closed, which is no sign of tampering.
///
/// Layout: `docs/format-v1.md`, "Footer".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footer {
    /// Every fragment, in order.
    pub fragments: Vec<FragmentEntry>,
    /// RFC 6962 root over their leaves.
    pub merkle_root: [u8; 32],
}

impl Footer {
    /// Bytes at the end of a file that tell how long its footer is: the length, then the checksum.
    pub(super) const TRAILER: usize = 4 + CRC;
    /// Bytes of the largest footer.
    pub(super) const LENGTH_MAX: usize = HEAD + TAIL + ENTRY * FRAGMENTS_MAX as usize;

    /// Appends `entry` as the table holds it.
    pub(super) fn encode_entry(entry: &FragmentEntry, table: &mut Vec<u8>) {
        let FragmentEntry { starts_gop, discontinuity, .. } = *entry;
        let flags = u32::from(FragmentFlags { starts_gop, discontinuity }.bits());
        table.reserve(ENTRY);
        table.extend_from_slice(&entry.offset.to_be_bytes());
        table.extend_from_slice(&entry.length.to_be_bytes());
        table.extend_from_slice(&entry.start.as_unix_us().to_be_bytes());
        table.extend_from_slice(&entry.duration_us.to_be_bytes());
        table.extend_from_slice(&flags.to_be_bytes());
        table.extend_from_slice(&entry.keyframe_hash);
        table.extend_from_slice(&entry.leaf);
        table.extend_from_slice(&entry.stored_hash);
    }

    /// The box over a `table` of `count` encoded entries that ends at byte `offset` of the file, where the footer begins.
    pub(super) fn encode(
        segment: &SegmentHead,
        cipher: Option<&SegmentCipher>,
        table: &[u8],
        count: u32,
        offset: u64,
        merkle_root: &[u8; 32],
    ) -> Result<Vec<u8>, FormatError> {
        // FRAGMENTS_MAX entries stay far below 2³¹ bytes.
        let size = (HEAD + table.len() + TAIL) as u32;
        let (cipher_byte, _) = boxes::cipher_and_key(segment.key);
        let mut out = Vec::with_capacity(size as usize);
        out.extend_from_slice(&boxes::uuid_box_head(Kind::Footer, size));
        out.extend_from_slice(&[VERSION, cipher_byte, 0, 0]);
        out.extend_from_slice(&count.to_be_bytes());
        out.extend_from_slice(&segment.binding());
        out.extend_from_slice(&offset.to_be_bytes());
        out.extend_from_slice(table);
        out.extend_from_slice(merkle_root);
        let tag = cipher.map_or(Ok([0; TAG]), |cipher| cipher.tag(Sealed::Footer, &out))?;
        out.extend_from_slice(&tag);
        out.extend_from_slice(&size.to_be_bytes());
        boxes::append_crc(&mut out);
        Ok(out)
    }

    /// The length a file's last [`Footer::TRAILER`] bytes claim its footer has, where it can be one.
    pub(super) fn length_from_trailer(trailer: &[u8]) -> Option<usize> {
        let length = usize::try_from(Fields::new("footer", trailer).u32().ok()?).ok()?;
        (HEAD + TAIL..=Self::LENGTH_MAX).contains(&length).then_some(length)
    }

    /// Reads the box that begins at byte `offset` of the segment with the header `segment`. With a cipher its tag is checked
    /// too; without one, only what needs no key.
    pub(super) fn parse(
        bytes: &[u8],
        offset: u64,
        segment: &SegmentHead,
        cipher: Option<&SegmentCipher>,
    ) -> Result<Self, FormatError> {
        let mut fields = boxes::open_checked_box(Kind::Footer, bytes)?;
        let [cipher_byte, reserved @ ..] = fields.take::<3>()?;
        if reserved != [0; 2] {
            return Err(FormatError::Field("reserved"));
        }
        let count = fields.u32()?;
        let foreign = fields.take::<32>()? != segment.binding();
        if foreign || cipher_byte != boxes::cipher_and_key(segment.key).0 {
            return Err(FormatError::Foreign("footer"));
        }
        // Compared before anything is allocated: the count may be hostile.
        if count > FRAGMENTS_MAX || bytes.len() != HEAD + ENTRY * count as usize + TAIL {
            return Err(FormatError::Field("count"));
        }
        if fields.u64()? != offset {
            return Err(FormatError::Field("offset"));
        }
        let mut footer = Self { fragments: Vec::with_capacity(count as usize), merkle_root: [0; 32] };
        let mut merkle = MerkleBuilder::default();
        let mut expected_offset = segment.fragments_offset();
        for number in 0..count {
            let entry = parse_entry(&mut fields, number)?;
            if entry.offset != expected_offset || (entry.length as usize) <= FragmentHead::LENGTH {
                return Err(FormatError::Entry(number));
            }
            expected_offset = expected_offset.saturating_add(u64::from(entry.length));
            merkle.push(&entry.leaf);
            footer.fragments.push(entry);
        }
        if expected_offset != offset {
            return Err(FormatError::Field("offset"));
        }
        footer.merkle_root = fields.take()?;
        if footer.merkle_root != merkle.root() {
            return Err(FormatError::MerkleRoot);
        }
        let tag = fields.take::<TAG>()?;
        match cipher {
            Some(cipher) => {
                let tagged = bytes.get(..bytes.len() - Self::TRAILER - TAG).unwrap_or_default();
                cipher.check_tag(Sealed::Footer, tagged, &tag)?;
            }
            None if segment.key.is_none() && tag != [0; TAG] => return Err(FormatError::Field("tag")),
            None => {}
        }
        if usize::try_from(fields.u32()?).ok() != Some(bytes.len()) {
            return Err(FormatError::Field("length"));
        }
        fields.end()?;
        Ok(footer)
    }
}

fn parse_entry(fields: &mut Fields<'_>, number: u32) -> Result<FragmentEntry, FormatError> {
    let offset = fields.u64()?;
    let length = fields.u32()?;
    let start = fields.wall_time()?;
    let duration_us = fields.u32()?;
    let flags = FragmentFlags::read(fields.u32()?).ok_or(FormatError::Field("flags"))?;
    Ok(FragmentEntry {
        number,
        offset,
        length,
        start,
        duration_us,
        starts_gop: flags.starts_gop,
        discontinuity: flags.discontinuity,
        keyframe_hash: fields.take()?,
        leaf: fields.take()?,
        stored_hash: fields.take()?,
    })
}
