//! The init segment and the fragments of a recorded file, as playback takes them apart.
#![no_main]

use eyrie_media::vod::{InitFacts, VodFile, hide_tracks, keyframe};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(facts) = InitFacts::parse(data) {
        let _ = (facts.codecs().count(), facts.video(), facts.hidden());
    }
    for track in 1..=2 {
        if let Ok(alone) = keyframe(data, track) {
            assert_eq!(keyframe(&alone, track).ok(), Some(alone), "a keyframe alone is its own keyframe");
        }
        let mut hidden = data.to_vec();
        hide_tracks(&mut hidden, &[track]);
        assert_eq!(hidden.len(), data.len());
    }
    if let Some(file) = std::str::from_utf8(data).ok().and_then(|name| name.parse::<VodFile>().ok()) {
        assert_eq!(file.to_string().as_bytes(), data);
    }
});
