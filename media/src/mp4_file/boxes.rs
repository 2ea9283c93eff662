use std::ops::Range;

use super::Mp4Error;

/// Bytes to read at the offset of a top-level box for [`top_level_box`]; fewer where the file ends.
pub const TOP_LEVEL_HEADER_BYTES: usize = 16;

/// A box at the top level of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopLevelBox {
    /// Its type, such as `moov`.
    pub kind: [u8; 4],
    /// Where its body lies in the file. The next box begins at its end.
    pub body: Range<u64>,
}

/// Reads the header of the top-level box at `offset` of a file of `file_len` bytes (ISO/IEC 14496-12 clause 4.2). `header` is
/// what the file holds there, at least [`TOP_LEVEL_HEADER_BYTES`] of it or all that is left.
///
/// # Errors
/// When the box cannot be one, or reaches past the end of the file.
pub fn top_level_box(header: &[u8], offset: u64, file_len: u64) -> Result<TopLevelBox, Mp4Error> {
    let invalid = Mp4Error::Invalid { structure: "top-level", field: "size" };
    let left = file_len.checked_sub(offset).ok_or_else(|| invalid.clone())?;
    let (kind, header_bytes, size) = parse_header(header, left).ok_or(Mp4Error::Truncated("top-level"))?;
    if size < header_bytes || size > left {
        return Err(invalid);
    }
    // `size` is at most `file_len - offset`, so that neither sum overflows.
    Ok(TopLevelBox { kind, body: offset + header_bytes..offset + size })
}

/// Type, bytes of the header, bytes of the whole box. `left` is what a size of zero stands for.
fn parse_header(data: &[u8], left: u64) -> Option<([u8; 4], u64, u64)> {
    let (size, rest) = data.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    Some(match u32::from_be_bytes(*size) {
        0 => (*kind, 8, left),
        1 => (*kind, 16, u64::from_be_bytes(*rest.first_chunk::<8>()?)),
        size => (*kind, 8, u64::from(size)),
    })
}

/// The boxes within `data`, one after the other: type and body. Ends at the first that does not fit; trailing bytes shorter
/// than a header are padding.
pub(crate) fn children(mut data: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (kind, header_bytes, size) = parse_header(data, data.len() as u64)?;
        let (whole, rest) = data.split_at_checked(usize::try_from(size).ok()?)?;
        let body = whole.get(usize::try_from(header_bytes).ok()?..)?;
        data = rest;
        Some((kind, body))
    })
}

/// The body of the first box of this type within `data`.
pub(crate) fn child<'a>(data: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    children(data).find_map(|(found, body)| (&found == kind).then_some(body))
}

/// Reads fields one after the other.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    of: &'static str,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(data: &'a [u8], of: &'static str) -> Self {
        Self { rest: data, of }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Mp4Error> {
        let (field, rest) = self.rest.split_first_chunk::<N>().ok_or(Mp4Error::Truncated(self.of))?;
        self.rest = rest;
        Ok(*field)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Mp4Error> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Mp4Error> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Mp4Error> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Mp4Error> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn skip(&mut self, bytes: usize) -> Result<(), Mp4Error> {
        self.rest = self.rest.get(bytes..).ok_or(Mp4Error::Truncated(self.of))?;
        Ok(())
    }

    /// The version of a full box; its flags are passed over (clause 4.2).
    pub(crate) fn version(&mut self) -> Result<u8, Mp4Error> {
        self.u32().map(|both| (both >> 24) as u8)
    }

    /// A table: its entry count, then as many entries of `N` bytes. Where the bytes are fewer, it is truncated.
    pub(crate) fn table<const N: usize>(&mut self) -> Result<&'a [[u8; N]], Mp4Error> {
        let count = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        let (entries, _) = self.rest.as_chunks::<N>();
        entries.get(..count).ok_or(Mp4Error::Truncated(self.of))
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// The `index`-th 32-bit field of a table entry.
pub(crate) fn word<const N: usize>(entry: &[u8; N], index: usize) -> u32 {
    entry.as_chunks::<4>().0.get(index).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}
