use bytes::{BufMut, Bytes, BytesMut};

use crate::VideoCodec;

/// The NAL units of an access unit as stored: each after its length in four bytes, big-endian. Ends at a length that does not
/// fit; empty units are passed over.
pub fn length_prefixed_nals(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        loop {
            let (length, rest) = data.split_first_chunk::<4>()?;
            let (nal, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
            data = rest;
            if !nal.is_empty() {
                return Some(nal);
            }
        }
    })
}

/// The NAL units of a byte stream with start codes (ITU-T H.264 and H.265, annex B), without trailing zeros.
pub fn annex_b_nals(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = data.get(start_code(data).map_or(data.len(), |at| at + 3)..).unwrap_or_default();
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (nal, after) = match start_code(rest) {
                Some(at) => (rest.get(..at)?, rest.get(at + 3..)?),
                None => (rest, Default::default()),
            };
            rest = after;
            let used = nal.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            if used > 0 {
                return nal.get(..used);
            }
        }
        None
    })
}

fn start_code(data: &[u8]) -> Option<usize> {
    data.windows(3).position(|window| window == [0, 0, 1])
}

/// A byte stream with start codes, rewritten as access units are stored.
pub fn annex_b_to_length_prefixed(data: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(data.len() + 16);
    for nal in annex_b_nals(data) {
        // A unit of 4 GiB or more cannot be written, and cannot be within a slice that memory limits let arrive.
        let Ok(length) = u32::try_from(nal.len()) else { continue };
        out.put_u32(length);
        out.put_slice(nal);
    }
    out.freeze()
}

/// `nal_unit_type`: H.264 clause 7.3.1, H.265 clause 7.3.1.2.
pub(super) fn nal_type(nal: &[u8], codec: VideoCodec) -> Option<u8> {
    let first = nal.first()?;
    Some(match codec {
        VideoCodec::H264 => first & 0x1f,
        VideoCodec::H265 => first >> 1 & 0x3f,
    })
}

pub(super) const H264_SPS: u8 = 7;
pub(super) const H264_PPS: u8 = 8;
pub(super) const H265_VPS: u8 = 32;
pub(super) const H265_SPS: u8 = 33;
pub(super) const H265_PPS: u8 = 34;

fn is_vcl(nal: &[u8], codec: VideoCodec) -> bool {
    nal_type(nal, codec).is_some_and(|kind| match codec {
        // H.264 table 7-1, H.265 table 7-1.
        VideoCodec::H264 => (1..=5).contains(&kind),
        VideoCodec::H265 => kind <= 31,
    })
}

fn is_parameter_set(nal: &[u8], codec: VideoCodec) -> bool {
    nal_type(nal, codec).is_some_and(|kind| match codec {
        VideoCodec::H264 => matches!(kind, H264_SPS | H264_PPS),
        VideoCodec::H265 => matches!(kind, H265_VPS | H265_SPS | H265_PPS),
    })
}

/// SHA-256 over the VCL NAL units of an access unit as stored, shortened to 16 bytes. Lengths and everything else (SEI,
/// parameter sets, delimiters) stay out, so that two recordings of one camera agree however each was carried.
pub fn vcl_hash(data: &[u8], codec: VideoCodec) -> [u8; 16] {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for nal in length_prefixed_nals(data).filter(|nal| is_vcl(nal, codec)) {
        context.update(nal);
    }
    let mut hash = [0; 16];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

/// The parameter sets within an access unit as stored, in their order.
pub fn parameter_sets(data: &[u8], codec: VideoCodec) -> impl Iterator<Item = &[u8]> {
    length_prefixed_nals(data).filter(move |nal| is_parameter_set(nal, codec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_codes_of_three_and_four_bytes_become_lengths() {
        let data = [0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 3, 0, 0];
        let nals: Vec<_> = annex_b_nals(&data).collect();
        assert_eq!(nals, [&[0x67, 1][..], &[0x68, 2], &[0x65, 3]]);
        let stored = annex_b_to_length_prefixed(&data);
        assert_eq!(length_prefixed_nals(&stored).collect::<Vec<_>>(), nals);
        assert_eq!(parameter_sets(&stored, VideoCodec::H264).count(), 2);
    }

    #[test]
    fn the_hash_sees_pictures_only() {
        let with_sei = [0, 0, 0, 2, 0x06, 9, 0, 0, 0, 2, 0x65, 3];
        let without = [0, 0, 0, 2, 0x65, 3];
        assert_eq!(vcl_hash(&with_sei, VideoCodec::H264), vcl_hash(&without, VideoCodec::H264));
        assert_ne!(vcl_hash(&without, VideoCodec::H264), vcl_hash(&[0, 0, 0, 2, 0x65, 4], VideoCodec::H264));
    }

    #[test]
    fn a_length_past_the_end_ends_the_iteration() {
        assert_eq!(length_prefixed_nals(&[0, 0, 0, 1, 7, 255, 255, 255, 255, 1]).count(), 1);
        assert_eq!(length_prefixed_nals(&[0, 0]).count(), 0);
    }
}
