use aws_lc_rs::digest::{SHA256, digest};
use eyrie_types::{CameraId, KeyId, Placement, SegmentId, Slot, TenantId, WallTime};

use super::FormatError;
use super::boxes::{self, Kind, UUID_BOX_HEAD, VERSION};

/// Bytes the tenant's name is padded to with zeros; one more than the longest name.
const TENANT_FIELD: usize = 64;

/// The segment header box: whose footage the file holds, how it is sealed, and where the init segment lies.
///
/// Layout: `docs/format-v1.md`, "Segment header". It follows `ftyp` and is followed by the rest of the init segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentHead {
    /// Who records.
    pub placement: Placement,
    /// Which file.
    pub segment: SegmentId,
    /// The wall time of its first fragment.
    pub start: WallTime,
    /// The key its init segment and fragments are sealed with; `None` when they are plain.
    pub key: Option<KeyId>,
    /// Bytes of the `ftyp` box before this one.
    pub ftyp_length: u32,
    /// Bytes after this box that belong to the init segment: `moov`, or the `uuid` box with the sealed init segment.
    pub init_length: u32,
    /// BLAKE3 of `ftyp` and of the stored init bytes after this box.
    pub init_hash: [u8; 32],
}

impl SegmentHead {
    /// Bytes of the box.
    pub const LENGTH: usize = Self::BOUND + 32 + boxes::CRC;
    /// Bytes, from the first on, that fragments and ciphers are bound to: all but the hash of the init segment (which the
    /// cipher's output decides) and the checksum.
    const BOUND: usize = UUID_BOX_HEAD + 4 + TENANT_FIELD + 16 + 16 + 8 + 8 + 16 + 4 + 4;

    /// Where the first fragment begins in the file.
    pub fn fragments_offset(&self) -> u64 {
        u64::from(self.ftyp_length) + Self::LENGTH as u64 + u64::from(self.init_length)
    }

    /// What the cipher authenticates beside the init segment: this box up to the init segment's hash.
    pub(super) fn bound(&self) -> Vec<u8> {
        let (cipher, key) = boxes::cipher_and_key(self.key);
        let tenant = self.placement.tenant.as_str().as_bytes();
        let mut out = Vec::with_capacity(Self::LENGTH);
        out.extend_from_slice(&boxes::uuid_box_head(Kind::SegmentHead, Self::LENGTH as u32));
        // A tenant's name has at most 63 bytes: `TenantId` allows no longer one.
        out.extend_from_slice(&[VERSION, cipher, self.placement.slot.0, tenant.len() as u8]);
        out.extend_from_slice(tenant);
        out.resize(UUID_BOX_HEAD + 4 + TENANT_FIELD, 0);
        out.extend_from_slice(self.placement.camera.as_uuid().as_bytes());
        out.extend_from_slice(self.segment.as_uuid().as_bytes());
        out.extend_from_slice(&self.placement.epoch.as_u64().to_be_bytes());
        out.extend_from_slice(&self.start.as_unix_us().to_be_bytes());
        out.extend_from_slice(&key);
        out.extend_from_slice(&self.ftyp_length.to_be_bytes());
        out.extend_from_slice(&self.init_length.to_be_bytes());
        out
    }

    /// SHA-256 of [`SegmentHead::bound`]: 32 bytes that stand for tenant, camera, slot, epoch, segment, key and start. Every
    /// fragment header and the footer carry it, so that a box cut from another file is refused, with or without keys.
    pub fn binding(&self) -> [u8; 32] {
        sha256(&self.bound())
    }

    /// The box as stored.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.bound();
        out.extend_from_slice(&self.init_hash);
        boxes::append_crc(&mut out);
        out
    }

    /// Reads a box of exactly [`SegmentHead::LENGTH`] bytes.
    ///
    /// # Errors
    /// When the bytes are not such a box, were changed, or are of a version or cipher unknown here.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut fields = boxes::open_checked_box(Kind::SegmentHead, bytes)?;
        let [cipher, slot, tenant_length] = fields.take::<3>()?;
        let tenant = parse_tenant(usize::from(tenant_length), &fields.take::<TENANT_FIELD>()?)?;
        let camera = CameraId::from_uuid(fields.uuid()?);
        let segment = SegmentId::from_uuid(fields.uuid()?);
        let epoch = fields.epoch()?;
        let start = fields.wall_time()?;
        let key = fields.key(cipher)?;
        let head = Self {
            placement: Placement { tenant, camera, slot: Slot(slot), epoch },
            segment,
            start,
            key,
            ftyp_length: fields.u32()?,
            init_length: fields.u32()?,
            init_hash: fields.take()?,
        };
        fields.end()?;
        Ok(head)
    }
}

fn parse_tenant(length: usize, field: &[u8; TENANT_FIELD]) -> Result<TenantId, FormatError> {
    let bad = FormatError::Field("tenant");
    let (name, padding) = field.split_at_checked(length).ok_or(bad.clone())?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(bad);
    }
    std::str::from_utf8(name).ok().and_then(|name| name.parse().ok()).ok_or(bad)
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    // SHA-256 has 32 bytes (FIPS 180-4), so the lengths agree.
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}
