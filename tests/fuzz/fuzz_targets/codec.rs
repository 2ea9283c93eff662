//! Parameter sets and access units, as a camera sends them.
#![no_main]

use eyrie_media::codec::{annex_b_to_length_prefixed, changed_parameters, parameter_sets, vcl_hash};
use eyrie_media::{AudioTrack, VideoCodec, VideoTrack};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = AudioTrack::from_audio_specific_config(data);
    for codec in [VideoCodec::H264, VideoCodec::H265] {
        let framed = annex_b_to_length_prefixed(data);
        vcl_hash(data, codec);
        vcl_hash(&framed, codec);
        if let Ok(track) = VideoTrack::from_decoder_config(codec, data) {
            let _ = changed_parameters(&track, &framed);
        }
        let sets: Vec<&[u8]> = parameter_sets(&framed, codec).collect();
        let _ = VideoTrack::from_parameter_sets(codec, sets);
    }
});
