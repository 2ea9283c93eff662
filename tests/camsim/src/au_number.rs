//! The number every access unit carries, so that whoever receives, records or plays a stream can tell exactly which units are
//! missing: an SEI message `user_data_unregistered` (ITU-T H.264 clause D.1.7, ITU-T H.265 clause D.2.7) before the first VCL
//! NAL unit.
//!
//! ```text
//! NAL header (H.264: 1 byte, H.265: 2) | payloadType = 5 | payloadSize = 36 | UUID (16) | number (10) | sent, µs (10) | 0x80
//! ```
//!
//! Number and time are written as ten groups of seven bits, most significant first, each with its top bit set: no byte is
//! zero, so no emulation prevention is ever needed and the message has one form in all framings.

/// The number and the sending time one access unit carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuStamp {
    /// The unit's number in its stream, counted in decoding order from the server's start; every session sees the same numbers.
    pub number: u64,
    /// When it was sent, in microseconds since 1970 by the server's wall clock.
    pub sent_unix_us: u64,
}

/// Names our message among other unregistered user data.
const UUID: [u8; 16] = [0x6c, 0xe7, 0xa1, 0xd2, 0x94, 0xb3, 0x4f, 0x5e, 0x8d, 0x17, 0xc2, 0xe9, 0x5b, 0x3a, 0x7f, 0x46];
const GROUPS: usize = 10;
const PAYLOAD_BYTES: usize = UUID.len() + 2 * GROUPS;
const USER_DATA_UNREGISTERED: u8 = 5;
const RBSP_TRAILING: u8 = 0x80;

/// The NAL unit header of an SEI message, by codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeiHeader {
    /// `nal_unit_type` 6.
    H264,
    /// `PREFIX_SEI_NUT` 39, layer 0, temporal id 0.
    H265,
}

impl AuStamp {
    /// Appends the SEI NAL unit, without start code or length, to `out`.
    pub(crate) fn write_nal(self, header: SeiHeader, out: &mut Vec<u8>) {
        match header {
            SeiHeader::H264 => out.push(0x06),
            SeiHeader::H265 => out.extend_from_slice(&[39 << 1, 0x01]),
        }
        out.extend_from_slice(&[USER_DATA_UNREGISTERED, PAYLOAD_BYTES as u8]);
        out.extend_from_slice(&UUID);
        write_groups(self.number, out);
        write_groups(self.sent_unix_us, out);
        out.push(RBSP_TRAILING);
    }

    /// Reads a NAL unit (without start code or length); `None` when it is not our message.
    fn read_nal(nal: &[u8]) -> Option<Self> {
        let message = match nal {
            [0x06, rest @ ..] => rest,
            [first, _, rest @ ..] if (first >> 1) & 0x3f == 39 => rest,
            _ => return None,
        };
        let payload = message.strip_prefix(&[USER_DATA_UNREGISTERED, PAYLOAD_BYTES as u8])?.strip_prefix(&UUID)?;
        let (number, rest) = read_groups(payload)?;
        let (sent_unix_us, _) = read_groups(rest)?;
        Some(Self { number, sent_unix_us })
    }
}

/// The stamp of an access unit whose NAL units each follow their length in four bytes, big-endian (ISO/IEC 14496-15), as in
/// MP4 samples. `None` when there is none or the framing is broken.
pub fn find_in_avcc(access_unit: &[u8]) -> Option<AuStamp> {
    let mut rest = access_unit;
    loop {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let nal = after.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        if let Some(stamp) = AuStamp::read_nal(nal) {
            return Some(stamp);
        }
        rest = after.get(nal.len()..)?;
    }
}

/// The first stamp in a byte stream with start codes (ITU-T H.264 annex B, ITU-T H.265 annex B). `None` when there is none.
pub fn find_in_annexb(stream: &[u8]) -> Option<AuStamp> {
    stream
        .windows(3)
        .enumerate()
        .filter(|(_, code)| *code == [0, 0, 1])
        .find_map(|(at, _)| stream.get(at + 3..).and_then(AuStamp::read_nal))
}

/// All stamps in `bytes`, in their order, whatever framing lies between them: for whole fragments and files. The message holds
/// no zero byte, so it stands in all framings alike.
pub fn scan(bytes: &[u8]) -> impl Iterator<Item = AuStamp> + '_ {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        loop {
            let at = rest.windows(UUID.len()).position(|window| window == UUID)?;
            rest = rest.get(at + UUID.len()..)?;
            if let Some((number, sent)) = read_groups(rest)
                && let Some((sent_unix_us, _)) = read_groups(sent)
            {
                return Some(AuStamp { number, sent_unix_us });
            }
        }
    })
}

fn write_groups(value: u64, out: &mut Vec<u8>) {
    out.extend((0..GROUPS).rev().map(|i| 0x80 | (value >> (7 * i)) as u8 & 0x7f));
}

fn read_groups(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (groups, rest) = bytes.split_first_chunk::<GROUPS>()?;
    groups.iter().all(|b| b & 0x80 != 0).then(|| {
        let value = groups.iter().fold(0_u64, |value, b| value << 7 | u64::from(b & 0x7f));
        (value, rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: AuStamp = AuStamp { number: u64::MAX, sent_unix_us: 1_767_225_600_000_001 };

    #[test]
    fn a_stamp_is_found_behind_other_nal_units_in_both_framings_and_codecs() {
        for header in [SeiHeader::H264, SeiHeader::H265] {
            let mut nal = Vec::new();
            STAMP.write_nal(header, &mut nal);
            assert!(!nal.contains(&0), "a zero byte would need emulation prevention");
            let mut avcc = vec![0, 0, 0, 2, 0x09, 0xf0];
            avcc.extend_from_slice(&u32::try_from(nal.len()).unwrap().to_be_bytes());
            avcc.extend_from_slice(&nal);
            assert_eq!(find_in_avcc(&avcc), Some(STAMP));
            let mut annexb = vec![0, 0, 0, 1, 0x09, 0xf0, 0, 0, 1];
            annexb.extend_from_slice(&nal);
            annexb.extend_from_slice(&[0, 0, 1, 0x65, 1, 2, 3]);
            assert_eq!(find_in_annexb(&annexb), Some(STAMP));
        }
    }

    #[test]
    fn a_scan_finds_every_stamp_between_other_bytes() {
        let mut bytes = vec![1, 2, 3];
        for number in 0..3 {
            AuStamp { number, ..STAMP }.write_nal(SeiHeader::H264, &mut bytes);
            bytes.extend_from_slice(&UUID[..7]);
        }
        assert_eq!(scan(&bytes).map(|stamp| stamp.number).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn broken_bytes_hold_no_stamp() {
        let mut nal = Vec::new();
        STAMP.write_nal(SeiHeader::H264, &mut nal);
        let mut avcc = u32::try_from(nal.len()).unwrap().to_be_bytes().to_vec();
        avcc.extend_from_slice(&nal);
        for cut in 0..avcc.len() - 1 {
            assert_eq!(find_in_avcc(&avcc[..cut]), None, "cut at {cut}");
        }
        assert_eq!(find_in_avcc(&[0xff; 64]), None);
        assert_eq!(find_in_annexb(&[0; 64]), None);
    }
}
