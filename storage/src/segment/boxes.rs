//! `uuid` boxes (ISO/IEC 14496-12 clause 4.2): `size: u32`, `"uuid"`, a usertype of 16 bytes, then the payload. All integers
//! are big-endian, as everywhere in ISO BMFF.

use super::FormatError;

/// Bytes before a `uuid` box's payload.
pub(super) const UUID_BOX_HEAD: usize = 24;
/// Bytes of the CRC32C that ends each of our header boxes and the footer.
pub(super) const CRC: usize = 4;
/// The version of the format all boxes here are written in.
pub(super) const VERSION: u8 = 1;

/// A usertype of ours: fifteen bytes drawn once, then the kind. The ninth to last spell `eyrie`.
const fn usertype(kind: u8) -> [u8; 16] {
    [0xb2, 0xf6, 0xa1, 0xc0, 0x3d, 0x7e, 0x4b, 0x58, 0x9c, 0x41, b'e', b'y', b'r', b'i', b'e', kind]
}

/// Which of our boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    SegmentHead,
    SealedInit,
    FragmentHead,
    SealedFragment,
    Footer,
}

impl Kind {
    pub(super) const fn usertype(self) -> [u8; 16] {
        match self {
            Self::SegmentHead => usertype(1),
            Self::SealedInit => usertype(2),
            Self::FragmentHead => usertype(3),
            Self::SealedFragment => usertype(4),
            Self::Footer => usertype(5),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SegmentHead => "segment header",
            Self::SealedInit => "sealed init segment",
            Self::FragmentHead => "fragment header",
            Self::SealedFragment => "sealed fragment",
            Self::Footer => "footer",
        }
    }
}

/// The first [`UUID_BOX_HEAD`] bytes of a box of `size` bytes in all.
pub(super) fn uuid_box_head(kind: Kind, size: u32) -> [u8; UUID_BOX_HEAD] {
    let mut head = [0; UUID_BOX_HEAD];
    head[..4].copy_from_slice(&size.to_be_bytes());
    head[4..8].copy_from_slice(b"uuid");
    head[8..].copy_from_slice(&kind.usertype());
    head
}

/// Checks that `bytes` begin with a box of `kind` and answers its size in all.
pub(super) fn check_uuid_box_head(kind: Kind, bytes: &[u8]) -> Result<u32, FormatError> {
    let mut fields = Fields::new(kind.name(), bytes);
    let size = fields.u32()?;
    if fields.take::<4>()? != *b"uuid" || fields.take::<16>()? != kind.usertype() {
        return Err(FormatError::NotFound(kind.name()));
    }
    Ok(size)
}

/// Appends the CRC32C (Castagnoli) of all of `bytes`.
pub(super) fn append_crc(bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&crc32c::crc32c(bytes).to_be_bytes());
}

/// Checks that `bytes` are a whole box of `kind`, that it ends with its checksum, and that its version is ours. Answers
/// the fields after the version.
pub(super) fn open_checked_box(kind: Kind, bytes: &[u8]) -> Result<Fields<'_>, FormatError> {
    let size = check_uuid_box_head(kind, bytes)?;
    if usize::try_from(size).ok() != Some(bytes.len()) {
        return Err(FormatError::Field("size"));
    }
    let Some((body, crc)) = bytes.split_last_chunk::<CRC>() else {
        return Err(FormatError::Truncated(kind.name()));
    };
    if crc32c::crc32c(body) != u32::from_be_bytes(*crc) {
        return Err(FormatError::Checksum(kind.name()));
    }
    let mut fields = Fields::new(kind.name(), body);
    fields.take::<UUID_BOX_HEAD>()?;
    match fields.u8()? {
        VERSION => Ok(fields),
        other => Err(FormatError::Version(other)),
    }
}

/// The size and type of the ISO BMFF box that `bytes` begin with, where its size is given in 32 bits.
pub(super) fn plain_box(bytes: &[u8]) -> Result<(u32, [u8; 4]), FormatError> {
    let mut fields = Fields::new("box", bytes);
    Ok((fields.u32()?, fields.take::<4>()?))
}

/// Reads fields one after another from bytes that may be hostile.
pub(super) struct Fields<'a> {
    what: &'static str,
    left: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Self { what, left: bytes }
    }

    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (taken, left) = self.left.split_first_chunk::<N>().ok_or(FormatError::Truncated(self.what))?;
        self.left = left;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, FormatError> {
        self.take::<1>().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32, FormatError> {
        self.take().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, FormatError> {
        self.take().map(u64::from_be_bytes)
    }

    pub(super) fn wall_time(&mut self) -> Result<eyrie_types::WallTime, FormatError> {
        let us = i64::from_be_bytes(self.take()?);
        let time = eyrie_types::WallTime::from_unix_us(us);
        // `from_unix_us` clamps; a moment outside its years was never written by us.
        if time.as_unix_us() == us { Ok(time) } else { Err(FormatError::Field("start")) }
    }

    pub(super) fn epoch(&mut self) -> Result<eyrie_types::Epoch, FormatError> {
        eyrie_types::Epoch::from_u64(self.u64()?).ok_or(FormatError::Field("epoch"))
    }

    pub(super) fn uuid(&mut self) -> Result<uuid::Uuid, FormatError> {
        self.take().map(uuid::Uuid::from_bytes)
    }

    /// Reads the key id, which must agree with the cipher byte read before: nil exactly when nothing is sealed.
    pub(super) fn key(&mut self, cipher: u8) -> Result<Option<eyrie_types::KeyId>, FormatError> {
        let key = self.uuid()?;
        match cipher {
            CIPHER_NONE if key.is_nil() => Ok(None),
            CIPHER_NONE => Err(FormatError::Field("key")),
            CIPHER_AES_256_GCM => Ok(Some(eyrie_types::KeyId::from_uuid(key))),
            other => Err(FormatError::Cipher(other)),
        }
    }

    pub(super) fn end(&self) -> Result<(), FormatError> {
        if self.left.is_empty() { Ok(()) } else { Err(FormatError::Field("size")) }
    }
}

/// Cipher byte of plain segments.
pub(super) const CIPHER_NONE: u8 = 0;
/// Cipher byte of segments sealed with AES-256-GCM.
pub(super) const CIPHER_AES_256_GCM: u8 = 1;

/// The cipher byte and key id as stored.
pub(super) fn cipher_and_key(key: Option<eyrie_types::KeyId>) -> (u8, [u8; 16]) {
    match key {
        None => (CIPHER_NONE, [0; 16]),
        Some(id) => (CIPHER_AES_256_GCM, *id.as_uuid().as_bytes()),
    }
}
