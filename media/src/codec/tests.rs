//! Parameter sets as x264 and x265 wrote them, with what ffprobe says of the same streams; and bytes from nowhere.

use proptest::prelude::*;

use super::*;
use crate::{AudioTrack, VideoCodec, VideoTrack};

const BASELINE_SPS: &str = "6742c00dda05421e2223011000000300100000030320f142aa";
const BASELINE_PPS: &str = "68ce0fc8";
const HIGH_AVCC: &str = "01640028ffe1001b67640028acd940780227e5c384000003000400000300c83c60c65801000468ef8fcbfdf8f800";
const MAIN_SPS: &str = "42010101600000030090000003000003003ca00a8804071111965654a4c2f0168080000003008000000c84";
const MAIN10_HVCC: &str = "01022000000090000000000078f000fcfdfafa00000f03a00001001840010c01ffff022000000300900000030000030078959809\
                           a10001002d420101022000000300900000030000030078a003c0801107cad965664a4c2f046808000003000800000300c840\
                           a2000100064401c073c189";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter_map(|c| (c as char).to_digit(16)).map(|d| d as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[test]
fn h264_dimensions_are_those_after_cropping() {
    let sps = H264Sps::parse(&bytes(BASELINE_SPS)).unwrap();
    assert_eq!((sps.width, sps.height, sps.reorder_depth), (322, 242, 0));
    assert_eq!((sps.pixel_aspect, sps.timing), (Some((1, 1)), Some((1, 50))));
    assert_eq!(sps.rfc6381(), "avc1.42C00D");
}

#[test]
fn a_track_from_avcc_knows_b_frames_and_writes_the_same_box() {
    let track = VideoTrack::from_decoder_config(VideoCodec::H264, &bytes(HIGH_AVCC)).unwrap();
    assert_eq!((track.width, track.height, track.reorder_depth), (1920, 1080, 2));
    assert_eq!((track.pixel_aspect, track.rfc6381.as_str()), (Some((4, 3)), "avc1.640028"));
    assert_eq!(track.decoder_config.as_ref(), bytes(HIGH_AVCC));
}

#[test]
fn a_track_from_hvcc_knows_tier_depth_and_aspect() {
    let track = VideoTrack::from_decoder_config(VideoCodec::H265, &bytes(MAIN10_HVCC)).unwrap();
    assert_eq!((track.width, track.height, track.reorder_depth), (1920, 1080, 2));
    assert_eq!((track.pixel_aspect, track.rfc6381.as_str()), (Some((16, 11)), "hvc1.2.4.L120.90"));
    let sps = H265Sps::parse(&bytes(MAIN_SPS)).unwrap();
    assert_eq!((sps.width, sps.height, sps.rfc6381().as_str()), (322, 242, "hvc1.1.6.L60.90"));
    let rebuilt = HevcDecoderConfig::parse(&track.decoder_config).unwrap();
    assert_eq!(rebuilt, HevcDecoderConfig::parse(&bytes(MAIN10_HVCC)).unwrap());
}

fn unit(nals: &[&[u8]]) -> Vec<u8> {
    nals.iter().flat_map(|&nal| [&(nal.len() as u32).to_be_bytes()[..], nal].concat()).collect()
}

#[test]
fn in_band_sets_change_a_track_only_when_they_differ() {
    let track = VideoTrack::from_decoder_config(VideoCodec::H264, &bytes(HIGH_AVCC)).unwrap();
    let known = AvcDecoderConfig::parse(&track.decoder_config).unwrap();
    assert_eq!(changed_parameters(&track, &unit(&[&[0x65, 1, 2]])), Ok(None));
    assert_eq!(changed_parameters(&track, &unit(&[&known.sps[0], &known.pps[0], &[0x65, 1]])), Ok(None));
    let other = unit(&[&bytes(BASELINE_SPS), &bytes(BASELINE_PPS), &[0x65, 1]]);
    let changed = changed_parameters(&track, &other).unwrap().unwrap();
    assert_eq!((changed.width, changed.height), (322, 242));
    assert!(changed_parameters(&track, &unit(&[&[0x67, 0x64]])).is_err());
}

#[test]
fn a_track_needs_all_its_parameter_sets() {
    let sps = bytes(BASELINE_SPS);
    let alone = VideoTrack::from_parameter_sets(VideoCodec::H264, [&sps[..]]);
    assert_eq!(alone, Err(CodecError::MissingParameterSet { codec: VideoCodec::H264, missing: "PPS" }));
}

/// Every parser on the same bytes: none may panic.
fn parse_all(data: &[u8]) {
    let _ = H264Sps::parse(data).map(|sps| sps.rfc6381());
    let _ = H265Sps::parse(data).map(|sps| sps.rfc6381());
    let _ = AudioTrack::from_audio_specific_config(data);
    let _ = annex_b_to_length_prefixed(data);
    for codec in [VideoCodec::H264, VideoCodec::H265] {
        let _ = vcl_hash(data, codec);
        let _ = VideoTrack::from_parameter_sets(codec, parameter_sets(data, codec));
        if let Ok(track) = VideoTrack::from_decoder_config(codec, data) {
            let _ = changed_parameters(&track, data);
        }
    }
}

proptest! {
    #[test]
    fn bytes_from_nowhere_never_panic(data in prop::collection::vec(any::<u8>(), 0..300), header in 0..4_usize) {
        parse_all(&data);
        let headers: [&[u8]; 4] = [&[0x67, 100], &[0x67, 66], &[0x42, 1], &[1]];
        parse_all(&[headers[header], &data[..]].concat());
    }

    #[test]
    fn damaged_parameter_sets_never_panic(
        which in 0..4_usize, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in any::<prop::sample::Index>(),
    ) {
        let mut data = bytes([BASELINE_SPS, HIGH_AVCC, MAIN_SPS, MAIN10_HVCC][which]);
        for (at, value) in flips {
            let at = at.index(data.len());
            data[at] = value;
        }
        parse_all(&data);
        parse_all(&data[..length.index(data.len())]);
    }
}
