//! Recordings as playlists: where segments are cut, what is said of them, and keyframes taken out of fragments.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use eyrie_media::vod::{I_FRAMES_MAX, InitFacts, VodPiece, VodPlaylist, hide_tracks, keyframe, move_to_wall_time};
use eyrie_media::{AudioCodec, AudioTrack, Fragment, Fragmenter, Purpose, Stream, Track, TrackKind, init_segment};
use eyrie_types::{Epoch, FragmentEntry, Slot, WallTime};
use m3u8_rs::{MediaPlaylist, MediaPlaylistType};
use mp4_atom::{Decode as _, Moof};

use crate::units::{START, audio_track, footage, stream, through_ring, video_track};

fn facts(stream: &Stream) -> Arc<InitFacts> {
    Arc::new(InitFacts::parse(&init_segment(stream, Purpose::Record).unwrap()).unwrap())
}

/// Fragments of a second from `start_s` on, every `gop`-th of them a keyframe.
fn piece(name: &str, epoch: u32, start_s: i64, seconds: u32, gop: u32) -> VodPiece {
    let entries = (0..seconds).map(|number| FragmentEntry {
        number,
        offset: 0,
        length: 100_000,
        start: START.offset_us((start_s + i64::from(number)) * 1_000_000),
        duration_us: 1_000_000,
        starts_gop: number % gop == 0,
        discontinuity: false,
        leaf: [0; 32],
        stored_hash: [0; 32],
        keyframe_hash: [0; 16],
    });
    let source = (Slot::OWNER, Epoch::new(0, epoch).unwrap());
    let init = facts(&stream(1, vec![video_track(), audio_track()]));
    VodPiece { name: name.to_owned(), source, init, entries: entries.collect() }
}

fn parsed(text: &str) -> MediaPlaylist {
    assert!(text.starts_with("#EXTM3U\n") && text.ends_with("#EXT-X-ENDLIST\n"), "{text}");
    let playlist = m3u8_rs::parse_media_playlist_res(text.as_bytes()).expect("m3u8-rs reads it");
    assert_eq!(playlist.playlist_type, Some(MediaPlaylistType::Vod));
    assert!(
        playlist.end_list && playlist.segments.iter().all(|s| s.duration.round() as u64 <= playlist.target_duration)
    );
    playlist
}

fn media(pieces: Vec<VodPiece>, from: WallTime) -> MediaPlaylist {
    parsed(&VodPlaylist::new(pieces, from).media().unwrap())
}

fn uris(playlist: &MediaPlaylist) -> Vec<&str> {
    playlist.segments.iter().map(|segment| segment.uri.as_str()).collect()
}

fn breaks(playlist: &MediaPlaylist) -> Vec<bool> {
    playlist.segments.iter().map(|segment| segment.discontinuity).collect()
}

#[test]
fn segments_are_whole_gops_of_about_six_seconds() {
    for (gop, expected) in [(1, [6, 6]), (2, [6, 6]), (4, [4, 4]), (5, [5, 5]), (10, [10, 10]), (30, [12, 12])] {
        let playlist = media(vec![piece("a", 1, 0, 60, gop)], START);
        let lengths: Vec<i64> = playlist.segments.iter().take(2).map(|s| s.duration as i64).collect();
        assert_eq!(lengths, expected, "GOPs of {gop} s");
        assert_eq!(playlist.independent_segments, gop <= 12);
        let total: f32 = playlist.segments.iter().map(|segment| segment.duration).sum();
        assert!((total - 60.0).abs() < 0.01, "{total}");
    }
}

#[test]
fn a_player_begins_at_the_moment_asked_for() {
    let playlist = media(vec![piece("a", 1, 0, 20, 2)], START.offset_us(1_250_000));
    let start = playlist.start.expect("EXT-X-START");
    assert!((start.time_offset - 1.25).abs() < 1e-6);
    assert_eq!(start.precise, Some(true));
    assert_eq!(media(vec![piece("a", 1, 0, 20, 2)], START).start, None);
}

#[test]
fn files_of_one_incarnation_go_on_and_all_else_is_a_discontinuity() {
    let joined = media(vec![piece("a", 1, 0, 6, 1), piece("b", 1, 6, 6, 1)], START);
    assert_eq!((uris(&joined), breaks(&joined)), (vec!["a/0-5.m4s", "b/0-5.m4s"], vec![false, false]));
    let maps: Vec<_> = joined.segments.iter().map(|s| s.map.as_ref().map(|map| map.uri.as_str())).collect();
    assert_eq!(maps, [Some("a/init.mp4"), Some("b/init.mp4")]);
    let restarted = media(vec![piece("a", 1, 0, 6, 1), piece("b", 2, 6, 6, 1)], START);
    assert_eq!(breaks(&restarted), [false, true]);
    let mut other_stream = piece("b", 1, 6, 6, 1);
    other_stream.entries[0].discontinuity = true;
    assert_eq!(breaks(&media(vec![piece("a", 1, 0, 6, 1), other_stream], START)), [false, true]);
    assert_eq!(breaks(&media(vec![piece("a", 1, 0, 6, 1), piece("b", 1, 8, 6, 1)], START)), [false, true]);
}

#[test]
fn after_a_hole_playing_goes_on_with_the_next_keyframe() {
    let mut torn = piece("a", 1, 0, 12, 3);
    torn.entries.remove(4);
    let playlist = media(vec![torn], START);
    assert_eq!((uris(&playlist), breaks(&playlist)), (vec!["a/0-3.m4s", "a/6-11.m4s"], vec![false, true]));
    let date = playlist.segments[1].program_date_time.expect("a date after the hole");
    assert_eq!(date.timestamp_micros(), START.as_unix_us() + 6_000_000);
}

#[test]
fn dates_stand_at_least_every_minute_and_are_right() {
    let playlist = media(vec![piece("a", 1, 0, 300, 1)], START);
    let (mut at, mut last) = (START.as_unix_us(), None::<i64>);
    for segment in &playlist.segments {
        if let Some(date) = segment.program_date_time {
            assert_eq!(date.timestamp_micros(), at);
            last = Some(at);
        }
        assert!(last.is_some_and(|last| at - last < 60_000_000));
        at += (f64::from(segment.duration) * 1e6).round() as i64;
    }
}

#[test]
fn i_frames_name_one_keyframe_each_and_last_until_the_next() {
    let playlist = VodPlaylist::new(vec![piece("a", 1, 0, 12, 3), piece("b", 2, 20, 4, 2)], START);
    let text = playlist.i_frames().unwrap().unwrap();
    let read = parsed(&text);
    assert!(read.i_frames_only);
    let names = ["a/0.key.m4s", "a/3.key.m4s", "a/6.key.m4s", "a/9.key.m4s", "b/0.key.m4s", "b/2.key.m4s"];
    assert_eq!(uris(&read), names);
    assert_eq!(read.segments.iter().map(|s| s.duration as u32).collect::<Vec<_>>(), [3, 3, 3, 3, 2, 2]);
    assert_eq!(breaks(&read), [false, false, false, false, true, false]);
    let day = VodPlaylist::new(vec![piece("a", 1, 0, 86_400, 1)], START).i_frames().unwrap().unwrap();
    assert!(parsed(&day).segments.len() <= I_FRAMES_MAX as usize * 10 / 9);
}

#[test]
fn the_multivariant_playlist_names_both_with_codecs_and_size() {
    let text = VodPlaylist::new(vec![piece("a", 1, 0, 12, 1)], START).multivariant("from=1&to=2");
    let read = m3u8_rs::parse_master_playlist_res(text.as_bytes()).unwrap();
    let variant = &read.variants[0];
    assert_eq!((variant.uri.as_str(), variant.bandwidth), ("media.m3u8?from=1&to=2", 800_000), "{text}");
    assert_eq!(variant.codecs.as_deref(), Some("avc1.64001F,mp4a.40.2"));
    let frames = &read.variants[1];
    assert!(
        frames.is_i_frame
            && frames.uri == "iframes.m3u8?from=1&to=2"
            && frames.codecs.as_deref() == Some("avc1.64001F")
    );
    assert!(variant.resolution.is_some_and(|size| (size.width, size.height) == (1280, 720)), "{text}");
}

fn fragments(stream: &Arc<Stream>) -> Vec<Fragment> {
    let mut fragmenter = Fragmenter::new();
    let units = through_ring(footage(stream, 25, 25, 3, Duration::ZERO));
    let mut cut: Vec<Fragment> = units.into_iter().filter_map(|unit| fragmenter.push(unit).unwrap()).collect();
    cut.extend(fragmenter.flush().unwrap());
    cut
}

#[test]
fn a_keyframe_taken_out_is_a_fragment_of_one_sample_at_the_same_time() {
    let stream = stream(1, vec![video_track(), audio_track()]);
    let fragment = fragments(&stream).remove(1).chunks.concat();
    let alone = keyframe(&fragment, 1).unwrap();
    assert!(alone.len() > 8_000 && alone.len() < 8_200, "{}", alone.len());
    assert_eq!(keyframe(&alone, 1).unwrap(), alone);
    assert!(keyframe(&fragment, 3).is_err() && keyframe(&fragment[..200], 1).is_err() && keyframe(&[], 1).is_err());
}

#[test]
fn tracks_that_hls_does_not_carry_are_hidden_and_no_byte_moves() {
    let law = AudioTrack::g711(AudioCodec::G711A, 8000, 1);
    let law = Track { clock_rate: 8000, kind: TrackKind::Audio(law) };
    let stream = stream(1, vec![video_track(), law]);
    let init = init_segment(&stream, Purpose::Record).unwrap();
    let facts = InitFacts::parse(&init).unwrap();
    assert_eq!((facts.codecs().collect::<Vec<_>>(), facts.hidden()), (vec!["avc1.64001F"], vec![2]));
    let mut hidden = BytesMut::from(&init[..]);
    hide_tracks(&mut hidden, &[2]);
    assert_eq!(hidden.len(), init.len());
    let seen = InitFacts::parse(&hidden).unwrap();
    assert!(seen.hidden().is_empty() && seen.video() == facts.video());
}

/// The decode times of a fragment's tracks, in their ticks.
fn decode_times(fragment: &[u8]) -> Vec<u64> {
    let moof = Moof::decode(&mut &fragment[..]).unwrap();
    moof.traf.iter().map(|traf| traf.tfdt.as_ref().unwrap().base_media_decode_time).collect()
}

#[test]
fn fragments_stand_at_their_wall_time_and_adjoin_as_before() {
    let stream = stream(1, vec![video_track(), audio_track()]);
    let facts = facts(&stream);
    let rates = [90_000i128, 48_000];
    let (mut last, mut adjoining) = (None::<Vec<u64>>, Vec::new());
    for fragment in fragments(&stream) {
        let recorded = fragment.chunks.concat();
        let mut moved = recorded.clone();
        move_to_wall_time(&mut moved, &facts, fragment.start);
        assert_eq!(moved.len(), recorded.len());
        let (before, after) = (decode_times(&recorded), decode_times(&moved));
        let wall_ticks = i128::from(fragment.start.as_unix_us()) * rates[0] / 1_000_000;
        assert!((i128::from(after[0]) - wall_ticks).abs() <= 1, "{after:?}");
        let ns = |times: &[u64], track: usize| i128::from(times[track]) * 1_000_000_000 / rates[track];
        let apart = |times: &[u64]| ns(times, 1) - ns(times, 0);
        assert!((apart(&after) - apart(&before)).abs() <= 40_000, "sound stays with its pictures, to a tick or two");
        let differing = recorded.iter().zip(&moved).filter(|(before, after)| before != after).count();
        assert!((1..=16).contains(&differing), "nothing but two times of 64 bits changes: {differing} bytes");
        let mut again = moved.clone();
        move_to_wall_time(&mut again, &facts, fragment.start);
        assert_eq!(again, moved, "the place does not depend on where it was before");
        let alone = keyframe(&moved, 1).unwrap();
        assert_eq!(decode_times(&alone), after[..1], "the keyframe alone stands where it stood");
        if let Some(last) = last.replace(before.clone()) {
            adjoining.push((before[0] - last[0], after[0]));
        }
    }
    let steps: Vec<u64> = adjoining.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    for (step, (recorded, _)) in steps.iter().zip(&adjoining[1..]) {
        assert!(step.abs_diff(*recorded) <= 1, "{step} ticks were {recorded}");
    }
}

#[test]
fn what_is_no_fragment_or_not_ours_stays_as_it_is() {
    let stream = stream(1, vec![video_track(), audio_track()]);
    let whole = fragments(&stream).remove(0).chunks.concat();
    let short: Vec<Vec<u8>> = [0, 7, 8, 40, 100].into_iter().map(|bytes| whole[..bytes].to_vec()).collect();
    // Times of 32 bits cannot say a wall time.
    let mut narrow = whole.clone();
    let versions: Vec<usize> = (4..whole.len()).filter(|at| whole[at - 4..*at] == *b"tfdt").collect();
    versions.iter().for_each(|at| narrow[*at] = 0);
    assert_eq!(versions.len(), 2);
    for bytes in short.into_iter().chain([narrow]) {
        let mut moved = bytes.clone();
        move_to_wall_time(&mut moved, &facts(&stream), START);
        assert_eq!(moved, bytes);
    }
    // Another file's tracks are not known by this one's.
    let other = facts(&self::stream(1, vec![video_track()]));
    let mut moved = whole.clone();
    move_to_wall_time(&mut moved, &other, START);
    let (before, after) = (decode_times(&whole), decode_times(&moved));
    assert!(after[0] != before[0] && after[1] == before[1]);
    // Nothing is decoded before 1970.
    move_to_wall_time(&mut moved, &other, WallTime::from_unix_us(-1));
    assert_eq!(decode_times(&moved)[0], 0);
}
