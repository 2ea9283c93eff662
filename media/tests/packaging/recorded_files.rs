//! Clips → sample tables → ring → fragments → a file, which must hold what the clip holds.

use std::path::Path;

use eyrie_media::mp4_file::Mp4File;
use eyrie_media::{AudioCodec, Fragment, Fragmenter, Purpose, TrackKind, init_segment};

use crate::{clip, probe, taken_out, units};

fn fragments(units: Vec<eyrie_media::AccessUnit>) -> Vec<Fragment> {
    let mut fragmenter = Fragmenter::new();
    let mut fragments = Vec::new();
    for unit in units::through_ring(units) {
        fragments.extend(fragmenter.push(unit).unwrap());
    }
    fragments.extend(fragmenter.flush().unwrap());
    fragments
}

fn write(path: &Path, fragments: &[Fragment]) {
    let mut bytes = init_segment(&fragments[0].stream, Purpose::Record).unwrap().to_vec();
    for chunk in fragments.iter().flat_map(|fragment| &fragment.chunks) {
        bytes.extend_from_slice(chunk);
    }
    std::fs::write(path, bytes).unwrap();
}

/// Encodes, records, and compares packet by packet.
fn assert_round_trip(codecs: &[&str], container: &str) {
    let directory = tempfile::tempdir().unwrap();
    let original = directory.path().join(format!("original.{container}"));
    let recorded = directory.path().join("recorded.mp4");
    clip::encode(&original, codecs);
    let (file, units) = clip::read(&original);
    assert!((file.duration_us - i64::from(clip::SECONDS) * 1_000_000).abs() < 100_000, "{}", file.duration_us);
    let fragments = fragments(units);
    write(&recorded, &fragments);

    let exported = directory.path().join("exported.mp4");
    std::fs::write(&exported, taken_out::export(&fragments)).unwrap();
    for made in [&recorded, &exported] {
        assert_same(&file, &original, made);
    }
    let covered_us: u64 = fragments.iter().map(|fragment| u64::from(fragment.duration_us)).sum();
    assert!(covered_us.abs_diff(u64::from(clip::SECONDS) * 1_000_000) < 1000, "{covered_us}");
    for pair in fragments.windows(2) {
        let end = pair[0].start.offset_us(i64::from(pair[0].duration_us));
        assert!(pair[1].start.signed_us_since(end).abs() <= 2, "fragments adjoin");
        assert_eq!(pair[0].last_seq + 1, pair[1].first_seq);
    }
}

/// Packet by packet, `made` is `original`.
fn assert_same(file: &Mp4File, original: &Path, made: &Path) {
    let (was, is) = (probe::packets(original), probe::packets(made));
    let tracks = file.tracks.len();
    let zero = |packets: &[probe::Packet]| packets.iter().find(|packet| packet.stream == 0).unwrap().pts;
    let (was_zero, is_zero) = (zero(&was), zero(&is));
    for stream in 0..tracks {
        let of = |packets: &[probe::Packet]| -> Vec<probe::Packet> {
            packets.iter().filter(|packet| packet.stream == stream).cloned().collect()
        };
        let (was, is) = (of(&was), of(&is));
        if matches!(&file.tracks[stream].kind, TrackKind::Audio(audio) if audio.codec == AudioCodec::G711A) {
            // Cut into packets anew; the samples must be the same.
            assert_eq!(probe::decoded_sound(original), probe::decoded_sound(made));
            continue;
        }
        assert_eq!(was.len(), is.len(), "packets of stream {stream}");
        for (n, (was, is)) in was.iter().zip(&is).enumerate() {
            assert_eq!((&was.hash, was.keyframe), (&is.hash, is.keyframe), "stream {stream}, packet {n}");
            assert!(((was.pts - was_zero) - (is.pts - is_zero)).abs() < 2e-5, "pts of stream {stream}, packet {n}");
            assert!(((was.dts - was_zero) - (is.dts - is_zero)).abs() < 2e-5, "dts of stream {stream}, packet {n}");
        }
        // The last one's duration is what those before it had; an encoder may say otherwise.
        let all_but_last = was.len() - 1;
        for (was, is) in was.iter().zip(&is).take(all_but_last) {
            assert!((was.duration - is.duration).abs() < 2e-5, "durations of stream {stream}");
        }
    }
    assert_eq!(probe::decoded(original, "v"), probe::decoded(made, "v"), "pictures");
}

const H264: [&str; 8] = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-keyint_min", "15"];
const H265: [&str; 6] = ["-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1"];

#[test]
fn h264_without_b_frames_is_recorded_as_it_was() {
    assert_round_trip(&H264, "mp4");
}

#[test]
fn h264_with_b_frames_and_aac_is_recorded_as_it_was() {
    assert_round_trip(
        &[&["-c:v", "libx264", "-g", "30", "-bf", "3", "-b_strategy", "0"][..], &["-c:a", "aac"]].concat(),
        "mp4",
    );
}

#[test]
fn h265_with_b_frames_is_recorded_as_it_was() {
    assert_round_trip(&[&H265[..], &["-x265-params", "keyint=15:bframes=2:log-level=none"]].concat(), "mp4");
}

#[test]
fn h264_with_a_law_is_recorded_as_it_was() {
    let alaw = ["-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1"];
    assert_round_trip(&[&H264[..], &alaw].concat(), "mov");
}
