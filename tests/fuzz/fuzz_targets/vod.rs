//! The init segment and the fragments of a recorded file, as playback takes them apart.
#![no_main]

use eyrie_media::vod::{InitFacts, VodFile, hide_tracks, keyframe, move_to_wall_time};
use eyrie_types::WallTime;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(facts) = InitFacts::parse(data) {
        let _ = (facts.codecs().count(), facts.video(), facts.hidden());
        for at in [i64::MIN, 0, 1_767_225_600_000_000, i64::MAX] {
            let mut moved = data.to_vec();
            move_to_wall_time(&mut moved, &facts, WallTime::from_unix_us(at));
            assert_eq!(moved.len(), data.len());
        }
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
