//! What a player gets for what it asks.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_media::hls::{CachePolicy, LiveAnswer, LivePackager, LiveRequest, Reload};
use eyrie_media::{AccessUnit, AudioCodec, AudioTrack, Stream, Track, TrackKind};

use crate::playlist_rules::{packager, text};
use crate::rules::Playlist;
use crate::units::{audio_track, footage, stream, through_ring, unit, video_track};
use crate::{clip, probe};

fn fed(seconds: i64) -> LivePackager {
    let stream = stream(1, vec![video_track(), audio_track()]);
    let mut packager = packager();
    for unit in through_ring(footage(&stream, 15, 15, seconds, Duration::ZERO)) {
        packager.push(unit).unwrap();
    }
    packager
}

fn chunks(packager: &LivePackager, request: &str) -> Option<Vec<Bytes>> {
    match packager.answer(&LiveRequest::parse(request, "").unwrap()) {
        LiveAnswer::Ready(body) => {
            assert_eq!((body.content_type, body.cache), ("video/mp4", CachePolicy::Immutable));
            Some(body.chunks)
        }
        _ => None,
    }
}

fn reload(packager: &LivePackager, msn: u64, part: Option<u32>) -> LiveAnswer {
    packager.answer(&LiveRequest::Media(Reload { msn: Some(msn), part, skip: false }))
}

#[test]
fn a_reload_is_answered_when_its_part_is_there_and_refused_when_too_far_ahead() {
    let packager = fed(10);
    let newest = packager.position().unwrap();
    assert!(matches!(reload(&packager, newest.msn, Some(newest.part)), LiveAnswer::Ready(_)));
    assert!(matches!(reload(&packager, newest.msn, Some(newest.part + 1)), LiveAnswer::NotYet));
    assert!(matches!(reload(&packager, newest.msn, None), LiveAnswer::NotYet), "the segment still grows");
    assert!(matches!(reload(&packager, newest.msn - 1, None), LiveAnswer::Ready(_)));
    assert!(matches!(reload(&packager, newest.msn + 1, Some(0)), LiveAnswer::NotYet));
    assert!(matches!(reload(&packager, newest.msn + 3, None), LiveAnswer::TooFarAhead));
    assert!(matches!(reload(&packager, newest.msn, Some(newest.part + 40)), LiveAnswer::TooFarAhead));
    assert!(matches!(reload(&packager, 0, None), LiveAnswer::Ready(_)), "long past");
    // A part past the end of a whole segment stands for the first one of the next.
    assert!(matches!(reload(&packager, newest.msn - 1, Some(30)), LiveAnswer::Ready(_)));
}

#[test]
fn nothing_is_answered_before_there_is_a_whole_segment() {
    let packager = packager();
    for name in ["index.m3u8", "media.m3u8"] {
        assert!(matches!(packager.answer(&LiveRequest::parse(name, "").unwrap()), LiveAnswer::NotYet));
    }
    assert!(chunks(&packager, "i1.mp4").is_none());
}

#[test]
fn what_left_the_window_is_not_found_and_what_comes_next_is_waited_for() {
    let packager = fed(60);
    let newest = packager.position().unwrap();
    let ask = |request| packager.answer(&request);
    assert!(matches!(ask(LiveRequest::Segment { msn: newest.msn - 50 }), LiveAnswer::NotFound));
    assert!(matches!(ask(LiveRequest::Part { msn: newest.msn - 50, part: 0 }), LiveAnswer::NotFound));
    assert!(matches!(ask(LiveRequest::Part { msn: newest.msn, part: newest.part + 1 }), LiveAnswer::NotYet));
    assert!(matches!(ask(LiveRequest::Part { msn: newest.msn, part: newest.part + 2 }), LiveAnswer::NotFound));
    assert!(matches!(ask(LiveRequest::Segment { msn: newest.msn }), LiveAnswer::NotYet));
    assert!(matches!(ask(LiveRequest::Segment { msn: newest.msn + 9 }), LiveAnswer::NotFound));
    // Just left the playlist, and still served to those who read it before.
    let playlist = Playlist::read(&text(&packager, &LiveRequest::Media(Reload::default())).unwrap());
    assert!(matches!(ask(LiveRequest::Segment { msn: playlist.msn - 1 }), LiveAnswer::Ready(_)));
}

#[test]
fn the_init_segment_of_a_stream_goes_with_its_last_segment() {
    let first = footage(&stream(1, vec![video_track()]), 15, 15, 5, Duration::ZERO);
    let second = footage(&stream(2, vec![video_track()]), 15, 15, 60, Duration::from_secs(6));
    let mut packager = packager();
    for unit in through_ring(first.into_iter().chain(second)) {
        packager.push(unit).unwrap();
    }
    assert!(matches!(packager.answer(&LiveRequest::Init { stream_sequence: 1 }), LiveAnswer::NotFound));
    assert!(matches!(packager.answer(&LiveRequest::Init { stream_sequence: 2 }), LiveAnswer::Ready(_)));
}

#[test]
fn the_multivariant_playlist_says_what_the_stream_is() {
    let packager = fed(10);
    let text = text(&packager, &LiveRequest::Multivariant).unwrap();
    let playlist = m3u8_rs::parse_master_playlist_res(text.as_bytes()).unwrap();
    let variant = &playlist.variants[0];
    assert_eq!(variant.uri, "media.m3u8");
    assert_eq!(variant.codecs.as_deref(), Some("avc1.64001F,mp4a.40.2"));
    assert_eq!(variant.resolution.map(|r| (r.width, r.height)), Some((1280, 720)));
    assert!((variant.frame_rate.unwrap() - 15.0).abs() < 0.01);
    // 8,000 + 14 × 1,000 bytes of pictures and 47 × 200 of sound a second, and boxes around them.
    let average = variant.average_bandwidth.unwrap();
    assert!((250_000..290_000).contains(&average), "{average}");
    assert!(variant.bandwidth >= average);
}

#[test]
fn sound_that_hls_does_not_know_is_left_out() {
    let g711 = TrackKind::Audio(AudioTrack::g711(AudioCodec::G711U, 8_000, 1));
    let stream = stream(1, vec![video_track(), Track { clock_rate: 8_000, kind: g711 }]);
    let mut units = footage(&stream_of_video(&stream), 15, 15, 5, Duration::ZERO);
    let sound = (0..250).map(|n| unit(&stream, 1, n * 160, true, 160, Duration::ZERO));
    units = units.into_iter().map(|unit| AccessUnit { stream: stream.clone(), ..unit }).chain(sound).collect();
    units.sort_by_key(|unit| (unit.wall, unit.track));
    let mut packager = packager();
    for unit in through_ring(units) {
        packager.push(unit).unwrap();
    }
    let text = text(&packager, &LiveRequest::Multivariant).unwrap();
    assert!(text.contains("CODECS=\"avc1.64001F\""), "{text}");
    let init = chunks(&packager, "i1.mp4").unwrap().concat();
    assert_eq!(init.windows(4).filter(|window| window == b"trak").count(), 1);
}

fn stream_of_video(stream: &Stream) -> Arc<Stream> {
    crate::units::stream(stream.sequence, vec![video_track()])
}

#[test]
fn memory_is_bounded_however_much_a_camera_sends() {
    let stream = stream(1, vec![video_track()]);
    let mut packager = packager();
    let mut most = 0;
    let mut units = footage(&stream, 15, 15, 60, Duration::ZERO);
    for unit in &mut units {
        unit.data = vec![0; 200_000].into();
    }
    for unit in through_ring(units) {
        packager.push(unit).unwrap();
        most = most.max(packager.window_bytes());
    }
    // 24 Mbit/s: twelve seconds would be 36 MB.
    assert!(most < eyrie_media::hls::WINDOW_BYTES_CEILING + 4 * 3_100_000, "{most}");
}

/// Packages a clip, and reads it back both by segments and by parts.
fn assert_players_see_what_the_clip_shows(codecs: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let original = directory.path().join("original.mp4");
    clip::encode(&original, codecs);
    let (_, units) = clip::read(&original);
    let mut packager = packager();
    for unit in through_ring(units) {
        packager.push(unit).unwrap();
    }
    let playlist = Playlist::read(&text(&packager, &LiveRequest::Media(Reload::default())).unwrap());
    playlist.check();
    let init = chunks(&packager, playlist.segments[0].map.trim_start_matches("0-77/")).unwrap().concat();
    let whole: Vec<&str> = playlist.segments.iter().filter_map(|segment| segment.uri.as_deref()).collect();
    let mut by_segment = init.clone();
    let mut by_part = init;
    for segment in playlist.segments.iter().filter(|segment| segment.uri.is_some()) {
        by_segment.extend(chunks(&packager, segment.uri.as_deref().unwrap()).unwrap().concat());
        for part in &segment.parts {
            by_part.extend(chunks(&packager, &part.uri).unwrap().concat());
        }
    }
    assert!(whole.len() >= 3, "{whole:?}");
    assert_eq!(by_segment, by_part, "a segment is its parts");
    let packaged = directory.path().join("packaged.mp4");
    std::fs::write(&packaged, by_segment).unwrap();
    let (was, is) = (probe::packets(&original), probe::packets(&packaged));
    for stream in 0..2 {
        let hashes = |packets: &[probe::Packet]| -> Vec<String> {
            packets.iter().filter(|packet| packet.stream == stream).map(|packet| packet.hash.clone()).collect()
        };
        let (was, is) = (hashes(&was), hashes(&is));
        // Sound before the first keyframe is not kept by the ring.
        let from = was.iter().position(|hash| Some(hash) == is.first()).expect("it is of the clip");
        assert!(from <= stream && was[from..].starts_with(&is), "stream {stream}: {} of {}", is.len(), was.len());
    }
    let (was, is) = (probe::decoded(&original, "v"), probe::decoded(&packaged, "v"));
    assert!(is.len() >= 45 && was.starts_with(&is), "{} of {}", is.len(), was.len());
}

#[test]
fn players_see_and_hear_what_the_clip_holds() {
    let codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-c:a", "aac"];
    assert_players_see_what_the_clip_shows(&codecs);
}

#[test]
fn players_see_b_frames_in_order() {
    let codecs = ["-c:v", "libx264", "-g", "15", "-bf", "2", "-b_strategy", "0", "-flags", "+cgop", "-c:a", "aac"];
    assert_players_see_what_the_clip_shows(&codecs);
}
