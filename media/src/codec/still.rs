use super::nal::nal_type;
use super::{AvcDecoderConfig, CodecError, HevcDecoderConfig, length_prefixed_nals};
use crate::{VideoCodec, VideoTrack};

/// Before each NAL unit (ITU-T H.264 and H.265, annex B).
const START_CODE: [u8; 4] = [0, 0, 0, 1];
/// An access unit delimiter of H.264 (clause 7.3.2.4): any kind of slice.
const H264_DELIMITER: [u8; 2] = [0x09, 0xf0];
/// An access unit delimiter of H.265 (clause 7.3.2.5): any kind of slice.
const H265_DELIMITER: [u8; 3] = [0x46, 0x01, 0x50];

/// Appends to `out` the keyframe `unit` (NAL units after their lengths) as a byte stream that a decoder can begin with: a
/// delimiter, the track's parameter sets, and the slices. All else is left out: a decoder of pictures needs no messages, and
/// some cameras send broken ones.
///
/// # Errors
/// When the track's configuration cannot be read, or the unit holds no slice.
pub fn append_keyframe(out: &mut Vec<u8>, track: &VideoTrack, unit: &[u8]) -> Result<(), CodecError> {
    let mut put = |nal: &[u8]| {
        out.extend_from_slice(&START_CODE);
        out.extend_from_slice(nal);
    };
    match track.codec {
        VideoCodec::H264 => {
            let config = AvcDecoderConfig::parse(&track.decoder_config)?;
            put(&H264_DELIMITER);
            config.sps.iter().chain(&config.pps).for_each(|nal| put(nal));
        }
        VideoCodec::H265 => {
            let config = HevcDecoderConfig::parse(&track.decoder_config)?;
            put(&H265_DELIMITER);
            config.vps.iter().chain(&config.sps).chain(&config.pps).for_each(|nal| put(nal));
        }
    }
    let mut slices = 0;
    for nal in length_prefixed_nals(unit).filter(|nal| is_slice(nal, track.codec)) {
        put(nal);
        slices += 1;
    }
    if slices == 0 { Err(CodecError::Truncated("keyframe")) } else { Ok(()) }
}

/// Slices of the picture itself: H.264 types 1 to 5 (table 7-1), H.265 types 0 to 31 (table 7-1).
fn is_slice(nal: &[u8], codec: VideoCodec) -> bool {
    nal_type(nal, codec).is_some_and(|kind| match codec {
        VideoCodec::H264 => (1..=5).contains(&kind),
        VideoCodec::H265 => kind <= 31,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::annex_b_nals;

    const SPS: &[u8] = &[
        0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe8, 0x40, 0, 0, 0x03, 0, 0x40, 0, 0, 0x0c, 0x23, 0xc6, 0x0c,
        0xa8,
    ];
    const PPS: &[u8] = &[0x68, 0xce, 0x3c, 0x80];

    fn unit(nals: &[&[u8]]) -> Vec<u8> {
        nals.iter().flat_map(|nal| [&(nal.len() as u32).to_be_bytes()[..], nal].concat()).collect()
    }

    #[test]
    fn a_keyframe_comes_with_its_parameter_sets_and_without_messages() {
        let track = VideoTrack::from_parameter_sets(VideoCodec::H264, [SPS, PPS]).unwrap();
        let (message, slice) = (&[0x06, 5, 1, 0xff][..], &[0x65, 0x88, 0x80, 0x40][..]);
        let mut out = Vec::new();
        append_keyframe(&mut out, &track, &unit(&[message, slice])).unwrap();
        let nals: Vec<&[u8]> = annex_b_nals(&out).collect();
        assert_eq!(nals, [&H264_DELIMITER[..], SPS, PPS, slice]);
    }

    #[test]
    fn bytes_without_a_slice_are_no_keyframe() {
        let track = VideoTrack::from_parameter_sets(VideoCodec::H264, [SPS, PPS]).unwrap();
        for data in [vec![], vec![0xff; 64], unit(&[&[0x06, 5, 1]])] {
            assert!(append_keyframe(&mut Vec::new(), &track, &data).is_err());
        }
    }
}
