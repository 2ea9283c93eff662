//! Files made by others, and by attackers.

use std::sync::OnceLock;

use eyrie_media::mp4_file::{Mp4Error, Mp4File, SAMPLES_MAX, top_level_box};
use eyrie_media::{AudioCodec, TrackKind, VideoCodec};
use proptest::prelude::*;

use crate::{clip, probe};

/// A small real file: its `moov` and its length.
fn moov() -> &'static (Vec<u8>, u64) {
    static MOOV: OnceLock<(Vec<u8>, u64)> = OnceLock::new();
    MOOV.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("clip.mp4");
        clip::encode(&path, &["-c:v", "libx264", "-bf", "2", "-g", "15", "-c:a", "aac"]);
        let bytes = std::fs::read(&path).unwrap();
        let mut at = 0u64;
        loop {
            let header = &bytes[usize::try_from(at).unwrap()..];
            let found = top_level_box(header, at, bytes.len() as u64).unwrap();
            if &found.kind == b"moov" {
                let (start, end) =
                    (usize::try_from(found.body.start).unwrap(), usize::try_from(found.body.end).unwrap());
                return (bytes[start..end].to_vec(), bytes.len() as u64);
            }
            at = found.body.end;
        }
    })
}

/// Replaces a 32-bit field `at` bytes into the body of the first box of this type.
fn patched(kind: &[u8; 4], at: usize, value: u32) -> Vec<u8> {
    let mut bytes = moov().0.clone();
    let found = bytes.windows(4).position(|window| window == kind).unwrap() + 4 + at;
    bytes[found..found + 4].copy_from_slice(&value.to_be_bytes());
    bytes
}

#[test]
fn samples_lie_and_follow_as_ffprobe_says() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clip.mp4");
    clip::encode(&path, &["-c:v", "libx264", "-bf", "2", "-g", "15", "-c:a", "aac"]);
    let (file, units) = clip::read(&path);
    let packets = probe::packets(&path);
    assert_eq!(units.len(), packets.len());
    assert!(
        matches!(&file.tracks[0].kind, TrackKind::Video(v) if v.codec == VideoCodec::H264 && (v.width, v.height) == (320, 180))
    );
    assert!(
        matches!(&file.tracks[1].kind, TrackKind::Audio(a) if a.codec == AudioCodec::Aac && a.sample_rate == 48_000)
    );
    let decode_us: Vec<i64> = file
        .samples
        .iter()
        .map(|sample| sample.dts * 1_000_000 / i64::from(file.tracks[usize::from(sample.track)].clock_rate))
        .collect();
    assert!(decode_us.is_sorted());
    assert!(file.samples.iter().all(|sample| sample.pts >= 0));
}

#[test]
fn counts_and_offsets_that_the_file_cannot_hold_are_refused() {
    let file_len = moov().1;
    let parse = |bytes: &[u8]| Mp4File::parse(bytes, file_len);
    assert!(parse(&moov().0).is_ok());
    // stsz: a table of four billion sizes; then one size for four billion samples.
    assert_eq!(parse(&patched(b"stsz", 8, u32::MAX)), Err(Mp4Error::Truncated("stsz")));
    let mut bytes = patched(b"stsz", 8, u32::MAX);
    let at = bytes.windows(4).position(|window| window == b"stsz").unwrap() + 8;
    bytes[at..at + 4].copy_from_slice(&1u32.to_be_bytes());
    assert_eq!(parse(&bytes), Err(Mp4Error::TooMany { what: "samples", limit: SAMPLES_MAX as u64 }));
    assert!(matches!(parse(&patched(b"stsz", 12, 20 << 20)), Err(Mp4Error::Invalid { structure: "stsz", .. })));
    assert_eq!(parse(&patched(b"stts", 4, u32::MAX)), Err(Mp4Error::Truncated("stts")));
    assert!(matches!(parse(&patched(b"stco", 8, u32::MAX)), Err(Mp4Error::Invalid { structure: "stco", .. })));
    assert!(matches!(parse(&patched(b"mdhd", 12, 0)), Err(Mp4Error::Invalid { field: "timescale", .. })));
    assert!(matches!(Mp4File::parse(&moov().0, 100), Err(Mp4Error::Invalid { .. })), "a file cut short");
}

#[test]
fn top_level_boxes_stay_within_the_file() {
    let header = |size: u32, kind: &[u8; 4]| [&size.to_be_bytes()[..], kind].concat();
    assert_eq!(top_level_box(&header(0, b"mdat"), 10, 100).unwrap().body, 18..100);
    assert!(top_level_box(&header(4, b"free"), 0, 100).is_err());
    assert!(top_level_box(&header(101, b"free"), 0, 100).is_err());
    assert!(top_level_box(&header(8, b"free"), 101, 100).is_err());
    let long = [&header(1, b"mdat")[..], &u64::MAX.to_be_bytes()].concat();
    assert!(top_level_box(&long, 50, 100).is_err());
    assert_eq!(top_level_box(&[0, 0, 0], 0, 100), Err(Mp4Error::Truncated("top-level")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn a_damaged_moov_never_panics(
        hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let (moov, file_len) = moov();
        let mut bytes = moov.clone();
        for (at, value) in hits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(file) = Mp4File::parse(&bytes, *file_len) {
            prop_assert!(file.samples.iter().all(|sample| sample.range().end <= *file_len));
            prop_assert!(file.samples.len() <= SAMPLES_MAX);
        }
        let _ = Mp4File::parse(&bytes[..cut.index(bytes.len())], *file_len);
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        offset in any::<u64>(),
        len in any::<u64>(),
    ) {
        let _ = Mp4File::parse(&bytes, len);
        let _ = top_level_box(&bytes, offset, len);
    }
}
