//! Whole segments, built in memory, read back from files.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use proptest::prelude::*;

use super::samples::{self, fragment, new_segment};
use super::*;
use crate::keys::SegmentKey;

struct Saved {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

fn save(bytes: &[u8]) -> Saved {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("segment.mp4");
    std::fs::write(&path, bytes).unwrap();
    Saved { _directory: directory, path }
}

/// Everything in order, with the key where there is one?
fn verify(bytes: &[u8], key: Option<&SegmentKey>) -> Result<Scan, SegmentError> {
    SegmentReader::open(save(bytes).path, key)?.verify()
}

fn sound(bytes: &[u8], key: Option<&SegmentKey>) -> bool {
    verify(bytes, key).is_ok_and(|scan| scan.end == ScanEnd::Closed)
}

#[test]
fn what_was_written_reads_back_plain_and_sealed() {
    // Around the borders of chunks: 65,520 plaintext bytes each.
    let sizes = [1, 1000, 65_519, 65_520, 65_521, 131_040, 200_000];
    let fragments: Vec<NewFragment> = sizes.iter().enumerate().map(|(i, size)| fragment(i as u8, *size)).collect();
    for key in [None, Some(samples::key())] {
        for closed in [false, true] {
            let (bytes, entries) = samples::file(new_segment(key.clone()), &fragments, closed);
            let saved = save(&bytes);
            let reader = SegmentReader::open(&saved.path, key.as_ref()).unwrap();
            assert_eq!(reader.head().placement, samples::placement());
            assert_eq!(reader.head().start, samples::start());
            assert_eq!(reader.init().unwrap(), new_segment(None).init);
            assert_eq!(reader.footer().is_some(), closed);
            let scan = reader.verify().unwrap();
            assert_eq!(scan.end, if closed { ScanEnd::Closed } else { ScanEnd::Unclosed });
            assert_eq!(scan.fragments, entries);
            for (entry, fragment) in entries.iter().zip(&fragments) {
                let plain = fragment.chunks.concat();
                assert_eq!(reader.fragment(entry).unwrap(), plain);
                let (start, length) = reader.fragment_start(entry).unwrap();
                assert!(plain.starts_with(&start) && start.len() >= plain.len().min(65_520));
                assert_eq!(length as usize, plain.len());
            }
            let leaves: Vec<[u8; 32]> = entries.iter().map(|entry| entry.leaf).collect();
            assert_eq!(scan.merkle_root, merkle_root(&leaves));
        }
    }
}

#[test]
fn a_sealed_segment_shows_nothing_and_scrubs_without_its_key() {
    let fragments = [fragment(0, 70_000), fragment(1, 500)];
    let (bytes, entries) = samples::file(new_segment(Some(samples::key())), &fragments, true);
    assert!(!bytes.windows(8).any(|window| window == b"moovinit"), "the init segment lies open");
    let saved = save(&bytes);
    let reader = SegmentReader::open(&saved.path, None).unwrap();
    assert_eq!(reader.verify().unwrap().fragments, entries);
    let refused = reader.fragment(&entries[0]).unwrap_err();
    assert!(matches!(refused, SegmentError::Format { source: FormatError::KeyNeeded(_), .. }), "{refused}");
    let other = SegmentKey::new(samples::key().id(), [1; 32]);
    let wrong = SegmentReader::open(&saved.path, Some(&other)).unwrap();
    assert!(wrong.init().is_err() && wrong.fragment(&entries[0]).is_err() && wrong.footer().is_none());
}

#[test]
fn every_single_flipped_bit_is_found() {
    let fragments = [fragment(0, 90), fragment(1, 40), fragment(2, 7)];
    for key in [None, Some(samples::key())] {
        let (bytes, _) = samples::file(new_segment(key.clone()), &fragments, true);
        assert!(sound(&bytes, key.as_ref()));
        let saved = save(&bytes);
        let file = File::options().write(true).open(&saved.path).unwrap();
        for bit in 0..bytes.len() * 8 {
            let (at, flipped) = (bit / 8, bytes[bit / 8] ^ (1 << (bit % 8)));
            file.write_all_at(&[flipped], at as u64).unwrap();
            for key in [key.as_ref(), None] {
                let found = SegmentReader::open(&saved.path, key).and_then(|reader| reader.verify());
                let closed = found.is_ok_and(|scan| scan.end == ScanEnd::Closed);
                assert!(!closed, "bit {} of byte {at} of {}", bit % 8, bytes.len());
            }
            file.write_all_at(&bytes[at..=at], at as u64).unwrap();
        }
    }
}

#[test]
fn the_start_of_a_sealed_fragment_is_believed_only_when_authentic() {
    let (mut bytes, entries) = samples::file(new_segment(Some(samples::key())), &[fragment(0, 200_000)], true);
    let at = entries[0].offset as usize + FragmentHead::LENGTH + 1000;
    bytes[at] ^= 1;
    let saved = save(&bytes);
    let reader = SegmentReader::open(&saved.path, Some(&samples::key())).unwrap();
    assert!(reader.fragment_start(&entries[0]).is_err());
    bytes[at] ^= 1;
    bytes[at + 100_000] ^= 1;
    let saved = save(&bytes);
    let reader = SegmentReader::open(&saved.path, Some(&samples::key())).unwrap();
    assert!(reader.fragment_start(&entries[0]).is_ok(), "the damage lies behind what was read");
    assert!(reader.fragment(&entries[0]).is_err());
}

#[test]
fn a_file_cut_anywhere_gives_the_fragments_before_the_cut() {
    let fragments = [fragment(0, 90), fragment(1, 40), fragment(2, 7)];
    let key = samples::key();
    let (bytes, entries) = samples::file(new_segment(Some(key.clone())), &fragments, true);
    let saved = save(&bytes);
    let file = File::options().write(true).open(&saved.path).unwrap();
    for length in (0..bytes.len()).rev() {
        file.set_len(length as u64).unwrap();
        let Ok(reader) = SegmentReader::open(&saved.path, Some(&key)) else {
            assert!(length < SegmentHead::LENGTH + 20, "{length} bytes hold the header");
            continue;
        };
        let scan = reader.scan(0).unwrap();
        let whole = entries.iter().filter(|entry| entry.offset + u64::from(entry.length) <= length as u64).count();
        assert_eq!(scan.fragments, entries[..whole], "{length} bytes");
        assert_ne!(scan.end, ScanEnd::Closed);
    }
}

#[test]
fn fragments_swapped_repeated_or_dropped_are_refused() {
    let fragments = [fragment(0, 50), fragment(1, 50), fragment(2, 50)];
    let key = samples::key();
    let (bytes, entries) = samples::file(new_segment(Some(key.clone())), &fragments, false);
    let piece = |i: usize| &bytes[entries[i].offset as usize..][..entries[i].length as usize];
    let head = &bytes[..entries[0].offset as usize];
    for order in [&[1, 0, 2][..], &[0, 0, 1], &[0, 2], &[1, 2]] {
        let moved = order.iter().fold(head.to_vec(), |file, i| [&file, piece(*i)].concat());
        let reason = match verify(&moved, Some(&key)) {
            Err(SegmentError::Format { source, .. }) => source,
            other => panic!("{order:?}: {other:?}"),
        };
        assert!(matches!(reason, FormatError::OutOfOrder { .. }), "{order:?}: {reason}");
    }
}

#[test]
fn fragments_of_another_tenant_camera_epoch_or_segment_are_refused_with_and_without_keys() {
    for key in [None, Some(samples::key())] {
        let ours = new_segment(key.clone());
        let mut others = vec![ours.clone(); 5];
        others[0].placement.tenant = "acme".parse().unwrap();
        others[1].placement.camera = eyrie_types::CameraId::generate();
        others[2].placement.epoch = eyrie_types::Epoch::from_u64(8).unwrap();
        others[3].segment = eyrie_types::SegmentId::generate();
        others[4].placement.slot = eyrie_types::Slot(1);
        let (bytes, entries) = samples::file(ours, &[fragment(0, 50)], true);
        for other in others {
            let (foreign, foreign_entries) = samples::file(other.clone(), &[fragment(0, 50)], true);
            let head = &bytes[..entries[0].offset as usize];
            let mixed = [head, &foreign[foreign_entries[0].offset as usize..]].concat();
            for key in [key.as_ref(), None] {
                let refused = verify(&mixed, key);
                let foreign = matches!(&refused, Err(SegmentError::Format { source: FormatError::Foreign(_), .. }));
                assert!(foreign, "{:?}: {refused:?}", other.placement);
            }
        }
    }
}

#[test]
fn a_fragment_whose_header_was_forged_with_its_checksum_is_refused() {
    let key = samples::key();
    let (bytes, entries) = samples::file(new_segment(Some(key.clone())), &[fragment(0, 50)], false);
    let at = entries[0].offset as usize;
    let mut head = FragmentHead::parse(&bytes[at..at + FragmentHead::LENGTH]).unwrap();
    head.start = head.start.offset_us(3_600_000_000);
    let forged = [&bytes[..at], &head.encode(), &bytes[at + FragmentHead::LENGTH..]].concat();
    let refused = verify(&forged, Some(&key));
    assert!(matches!(refused, Err(SegmentError::Format { source: FormatError::Tag(_), .. })), "{refused:?}");
}

#[test]
fn what_cannot_be_a_segment_is_refused_before_anything_is_written() {
    let mut bad = new_segment(None);
    bad.init = bytes::Bytes::from_static(b"\0\0\0\x08moov");
    assert!(matches!(SegmentEncoder::new(bad.clone()), Err(FormatError::NotFound(_))));
    bad.init = bytes::Bytes::new();
    assert!(matches!(SegmentEncoder::new(bad), Err(FormatError::Empty(_))));
    let (mut encoder, _) = SegmentEncoder::new(new_segment(None)).unwrap();
    let before = encoder.offset();
    assert!(matches!(encoder.fragment(&fragment(0, 0), &mut Vec::new()), Err(FormatError::Empty(_))));
    let large = fragment(0, FRAGMENT_BYTES_MAX.as_usize() + 1);
    assert!(matches!(encoder.fragment(&large, &mut Vec::new()), Err(FormatError::TooLarge { .. })));
    assert_eq!((encoder.offset(), encoder.fragments()), (before, 0));
}

#[test]
fn a_path_reads_back_and_no_other_does() {
    let path = SegmentPath::new(samples::placement(), new_segment(None).segment, samples::start());
    let text =
        "default/00000000-0000-0000-0000-0000000000ca/2026-01-31/123456-0-7-00000000-0000-0000-0000-00000000005e.mp4";
    assert_eq!(path.relative().to_str(), Some(text));
    assert_eq!(SegmentPath::parse(text.as_ref()), Ok(path));
    for bad in ["", "x.mp4", &text[8..], &format!("../{text}"), &text.replace("-0-7-", "-00-7-"), &format!("{text}/x")]
    {
        assert_eq!(SegmentPath::parse(bad.as_ref()), Err(LayoutError::NotASegmentPath), "{bad}");
    }
}

#[test]
fn a_walk_finds_segments_and_says_why_it_skips_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let (bytes, _) = samples::file(new_segment(Some(samples::key())), &[fragment(0, 50)], true);
    let path = SegmentPath::new(samples::placement(), new_segment(None).segment, samples::start());
    let good = root.join(path.relative());
    let day = good.parent().unwrap();
    std::fs::create_dir_all(day).unwrap();
    std::fs::write(&good, &bytes).unwrap();
    let elsewhere = SegmentPath::new(samples::placement(), eyrie_types::SegmentId::generate(), samples::start());
    std::fs::write(root.join(elsewhere.relative()), &bytes).unwrap();
    std::fs::write(day.join("notes.txt"), "x").unwrap();
    std::fs::write(root.join("stray"), "x").unwrap();
    std::fs::write(root.join(".hidden"), "x").unwrap();
    std::os::unix::fs::symlink("/", root.join("loop")).unwrap();
    let hostile = SegmentPath::new(samples::placement(), eyrie_types::SegmentId::generate(), samples::start());
    std::fs::write(root.join(hostile.relative()), [0xff; 4096]).unwrap();
    let (found, skipped): (Vec<_>, Vec<_>) = walk(root).partition(Result::is_ok);
    let found: Vec<FoundSegment> = found.into_iter().flatten().collect();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].path, found[0].bytes, found[0].closed), (&good, bytes.len() as u64, true));
    assert_eq!(skipped.len(), 5, "{skipped:?}");
    let missing = walk(root.join("nowhere")).next();
    assert!(matches!(missing, Some(Err(_))));
}

/// Golden bytes: a change here is a change of format v1, which must not happen.
#[test]
fn each_box_has_the_bytes_format_v1_gives_it() {
    for (name, key) in [("plain", None), ("sealed", Some(samples::key()))] {
        let (bytes, entries) = samples::file(new_segment(key), &[fragment(0, 40), fragment(1, 24)], true);
        let footer = entries[1].offset as usize + entries[1].length as usize;
        let parts = [
            ("head", &bytes[..entries[0].offset as usize]),
            ("fragment-0", &bytes[entries[0].offset as usize..entries[1].offset as usize]),
            ("fragment-1", &bytes[entries[1].offset as usize..footer]),
            ("footer", &bytes[footer..]),
        ];
        let text: String = parts.iter().map(|(part, bytes)| format!("{part}\n{}", dump(bytes))).collect();
        let path = format!("{}/src/segment/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(text == golden, "{path} should be:\n{text}");
    }
}

fn dump(bytes: &[u8]) -> String {
    bytes.chunks(32).map(|line| format!("  {}\n", hex::encode(line))).collect()
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = SegmentHead::parse(&bytes);
        let _ = FragmentHead::parse(&bytes);
        let (_, head) = SegmentEncoder::new(new_segment(None)).unwrap();
        let head = SegmentHead::parse(&head[16..16 + SegmentHead::LENGTH]).unwrap();
        let _ = Footer::parse(&bytes, 0, &head, None);
        let _ = verify(&bytes, None);
    }

    #[test]
    fn damaged_segments_never_panic_and_never_pass(
        at in 0usize..2000, junk in proptest::collection::vec(any::<u8>(), 1..64), fix_checksum in any::<bool>(),
    ) {
        let key = samples::key();
        let fragments = [fragment(0, 300), fragment(1, 200)];
        let (good, entries) = samples::file(new_segment(Some(key.clone())), &fragments, true);
        let mut bytes = good.clone();
        let at = at % (bytes.len() - junk.len());
        bytes[at..at + junk.len()].copy_from_slice(&junk);
        if fix_checksum {
            // A forger makes the checksums right: what is left must catch it.
            let ends = [20 + SegmentHead::LENGTH, entries[0].offset as usize + FragmentHead::LENGTH, bytes.len()];
            let begins = [20, entries[0].offset as usize, (entries[1].offset + u64::from(entries[1].length)) as usize];
            for (begin, end) in begins.into_iter().zip(ends) {
                let crc = crc32c::crc32c(&bytes[begin..end - 4]);
                bytes[end - 4..end].copy_from_slice(&crc.to_be_bytes());
            }
        }
        prop_assert_eq!(sound(&bytes, Some(&key)), bytes == good);
    }
}
