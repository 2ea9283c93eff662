use super::CodecError;

/// The RBSP of a NAL unit: its bytes without emulation prevention (`00 00 03` stands for `00 00`; ITU-T H.264 clause 7.3.1,
/// H.265 clause 7.3.1.1).
pub(super) fn rbsp(nal: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(nal.len());
    let mut zeros = 0_u8;
    for &byte in nal {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros.saturating_add(1) } else { 0 };
        out.push(byte);
    }
    out
}

/// Reads bits, most significant first.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
    structure: &'static str,
}

impl<'a> BitReader<'a> {
    /// Reads `bytes`; errors call them `structure`.
    pub(super) fn new(bytes: &'a [u8], structure: &'static str) -> Self {
        Self { bytes, at: 0, structure }
    }

    pub(super) fn invalid(&self, field: &'static str) -> CodecError {
        CodecError::Invalid { structure: self.structure, field }
    }

    pub(super) fn bit(&mut self) -> Result<bool, CodecError> {
        let byte = self.bytes.get(self.at / 8).ok_or(CodecError::Truncated(self.structure))?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Ok(bit == 1)
    }

    /// `u(n)`, n ≤ 32.
    pub(super) fn u(&mut self, n: u32) -> Result<u32, CodecError> {
        let mut value = 0_u32;
        for _ in 0..n {
            value = value << 1 | u32::from(self.bit()?);
        }
        Ok(value)
    }

    /// `u(8)`.
    pub(super) fn byte(&mut self) -> Result<u8, CodecError> {
        Ok(self.u(8)? as u8)
    }

    pub(super) fn skip(&mut self, bits: usize) -> Result<(), CodecError> {
        let at = self.at.saturating_add(bits);
        if at > self.bytes.len().saturating_mul(8) {
            return Err(CodecError::Truncated(self.structure));
        }
        self.at = at;
        Ok(())
    }

    /// `ue(v)` (H.264 clause 9.1), at most 2³² − 2.
    pub(super) fn ue(&mut self) -> Result<u32, CodecError> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return Err(self.invalid("ue(v)"));
            }
        }
        Ok((1_u32 << zeros) - 1 + self.u(zeros)?)
    }

    /// `ue(v)` no larger than `max`.
    pub(super) fn ue_max(&mut self, max: u32, field: &'static str) -> Result<u32, CodecError> {
        let value = self.ue()?;
        if value > max { Err(self.invalid(field)) } else { Ok(value) }
    }

    /// `se(v)` (H.264 clause 9.1.1).
    pub(super) fn se(&mut self) -> Result<i64, CodecError> {
        let k = i64::from(self.ue()?);
        Ok(if k % 2 == 1 { (k + 1) / 2 } else { -(k / 2) })
    }
}

/// Sample aspect ratios by `aspect_ratio_idc` from 1 (H.264 table E-1, H.265 table E.1).
const ASPECTS: [(u16, u16); 16] = [
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

/// The sample aspect ratio that opens both codecs' VUI parameters.
pub(super) fn aspect_ratio(r: &mut BitReader<'_>) -> Result<Option<(u16, u16)>, CodecError> {
    if !r.bit()? {
        return Ok(None);
    }
    let idc = r.byte()?;
    if idc == 255 {
        let ratio = (r.u(16)? as u16, r.u(16)? as u16);
        return Ok((ratio.0 > 0 && ratio.1 > 0).then_some(ratio));
    }
    Ok(usize::from(idc).checked_sub(1).and_then(|i| ASPECTS.get(i)).copied())
}

/// Overscan, video signal type and chroma location, which follow the aspect ratio in both codecs' VUI parameters.
pub(super) fn skip_signal_type(r: &mut BitReader<'_>) -> Result<(), CodecError> {
    if r.bit()? {
        r.skip(1)?;
    }
    if r.bit()? {
        r.skip(4)?;
        if r.bit()? {
            r.skip(24)?;
        }
    }
    if r.bit()? {
        r.ue()?;
        r.ue()?;
    }
    Ok(())
}

/// Width or height after cropping, where it is a picture's: at least 1 and at most 65535.
pub(super) fn cropped(coded: u64, first: u32, last: u32, unit: u64) -> Option<u16> {
    let crop = (u64::from(first) + u64::from(last)) * unit;
    u16::try_from(coded.checked_sub(crop)?).ok().filter(|&size| size > 0)
}
