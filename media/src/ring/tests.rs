use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use eyrie_types::{ByteSize, Monotonic, WallTime};
use proptest::prelude::*;

use super::*;
use crate::{AccessUnit, AudioCodec, AudioTrack, Stream, Track, TrackKind, VideoCodec, VideoTrack};

fn stream(sequence: u64) -> Arc<Stream> {
    let video = VideoTrack {
        codec: VideoCodec::H264,
        width: 640,
        height: 360,
        rfc6381: "avc1.42C00D".into(),
        decoder_config: Bytes::new(),
        reorder_depth: 0,
        pixel_aspect: None,
    };
    let tracks = vec![
        Track { clock_rate: 90_000, kind: TrackKind::Video(video) },
        Track { clock_rate: 8_000, kind: TrackKind::Audio(AudioTrack::g711(AudioCodec::G711A, 8_000, 1)) },
    ];
    Arc::new(Stream { sequence, tracks })
}

fn sound_only() -> Arc<Stream> {
    let kind = TrackKind::Audio(AudioTrack::g711(AudioCodec::G711U, 8_000, 1));
    Arc::new(Stream { sequence: 0, tracks: vec![Track { clock_rate: 8_000, kind }] })
}

/// A picture at `ms` of the stream's time.
fn picture(stream: &Arc<Stream>, ms: i64, keyframe: bool, bytes: usize) -> AccessUnit {
    AccessUnit {
        stream: Arc::clone(stream),
        track: 0,
        pts: ms * 90,
        dts: ms * 90,
        keyframe,
        data: Bytes::from(vec![7; bytes]),
        wall: WallTime::from_unix_us(ms * 1_000),
        arrival: Monotonic::from_start(Duration::from_millis(stream.sequence * 1_000_000 + ms as u64)),
    }
}

fn ring(config: RingConfig) -> (RingWriter, GopRing) {
    GopRing::new(config, RingBudget::new(ByteSize::mib(64)))
}

/// Pushes `frames` pictures of 10 a second with a keyframe every `gop`.
fn fill(writer: &mut RingWriter, stream: &Arc<Stream>, frames: std::ops::Range<i64>, gop: i64, bytes: usize) {
    for n in frames {
        writer.push(picture(stream, n * 100, n % gop == 0, bytes));
    }
}

fn drain(reader: &mut RingReader) -> (Vec<u64>, u64) {
    let (mut seqs, mut skipped) = (Vec::new(), 0);
    loop {
        match reader.try_next() {
            Read::Unit(unit) => seqs.push(unit.seq),
            Read::Skipped { units } => skipped += units,
            Read::Empty | Read::Closed => return (seqs, skipped),
        }
    }
}

#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn the_recorder_loses_nothing_it_has_not_read_while_there_is_room() {
    let (mut writer, ring) = ring(RingConfig { warm: Duration::from_secs(1), ..RingConfig::default() });
    let mut recorder = ring.reader(ReaderKind::Pinned);
    fill(&mut writer, &stream(0), 0..600, 10, 1_000);
    assert_eq!(drain(&mut recorder), ((0..600).collect(), 0));
    fill(&mut writer, &stream(0), 600..601, 10, 1_000);
    assert!(ring.stats().units <= 21, "what is read and past the warm window goes: {:?}", ring.stats());
}

#[test]
fn past_its_limit_the_ring_drops_whole_gops_and_the_recorder_reads_on_at_a_keyframe() {
    let (mut writer, ring) = ring(RingConfig { bytes_max: ByteSize::kib(64), ..RingConfig::default() });
    let mut recorder = ring.reader(ReaderKind::Pinned);
    fill(&mut writer, &stream(0), 0..200, 10, 1_000);
    let stats = ring.stats();
    assert!(stats.bytes <= 64 << 10 && stats.evicted_unread_units_total > 0, "{stats:?}");
    let (seqs, skipped) = drain(&mut recorder);
    assert_eq!((seqs[0] % 10, skipped), (0, seqs[0]));
    assert_eq!(skipped, ring.stats().pinned_skipped_units_total);
    assert_eq!(seqs.last(), Some(&199));
}

#[test]
fn a_gop_larger_than_the_ring_stays_within_the_limit() {
    let (mut writer, ring) = ring(RingConfig { bytes_max: ByteSize::kib(64), ..RingConfig::default() });
    let mut viewer = ring.reader(ReaderKind::Skipping);
    fill(&mut writer, &stream(0), 0..500, 10_000, 1_000);
    assert!(ring.stats().bytes <= 64 << 10);
    assert_eq!(drain(&mut viewer), (vec![], 500), "without a keyframe there is nothing to go on with");
    writer.push(picture(&stream(0), 50_000, true, 1_000));
    assert_eq!(drain(&mut viewer), (vec![500], 0));
}

#[test]
fn bytes_count_until_the_last_reader_lets_go_of_them() {
    let (mut writer, ring) = ring(RingConfig { bytes_max: ByteSize::kib(64), ..RingConfig::default() });
    let mut reader = ring.reader(ReaderKind::Skipping);
    fill(&mut writer, &stream(0), 0..10, 10, 2_000);
    let mut held = Vec::new();
    while let Read::Unit(unit) = reader.try_next() {
        // Only the bytes are kept, as a response to a viewer would.
        held.push(unit.unit.data.slice(..10));
    }
    fill(&mut writer, &stream(0), 10..60, 10, 2_000);
    assert!(ring.stats().pinned_bytes >= 20_000);
    assert!(ring.stats().pinned_bytes + ring.stats().bytes <= 64 << 10);
    held.clear();
    assert_eq!(ring.stats().pinned_bytes, 0);
}

#[test]
fn a_full_node_refuses_units_until_room_and_a_keyframe_come() {
    let budget = RingBudget::new(ByteSize::mib(3));
    let (mut greedy, greedy_ring) = GopRing::new(RingConfig::default(), Arc::clone(&budget));
    let recorder = greedy_ring.reader(ReaderKind::Pinned);
    fill(&mut greedy, &stream(0), 0..400, 10, 10_000);
    let (mut modest, modest_ring) = GopRing::new(RingConfig::default(), Arc::clone(&budget));
    let mut viewer = modest_ring.reader(ReaderKind::Skipping);
    let big = modest.push(picture(&stream(0), 0, true, 2 << 20));
    assert_eq!(big, PushOutcome::Dropped(DropReason::MemoryLimit));
    assert_eq!(modest.push(picture(&stream(0), 100, false, 9)), PushOutcome::Dropped(DropReason::AwaitingKeyframe));
    let kept = modest.push(picture(&stream(0), 200, true, 1 << 19));
    assert!(matches!(kept, PushOutcome::Stored { seq: 1, .. }), "within the reserve there is always room: {kept:?}");
    assert_eq!(drain(&mut viewer), (vec![1], 1));
    assert!(budget.used_bytes() <= ByteSize::mib(4).as_u64());
    drop((greedy, greedy_ring, recorder, modest, modest_ring, viewer));
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn live_segments_start_at_keyframes_a_second_apart_and_end_after_four() {
    let starts = |gop: i64| {
        let (mut writer, ring) = ring(RingConfig::default());
        let mut reader = ring.reader(ReaderKind::Pinned);
        fill(&mut writer, &stream(0), 0..100, gop, 10);
        let mut starts = Vec::new();
        while let Read::Unit(unit) = reader.try_next() {
            assert_eq!(unit.live_segment + 1, starts.len() as u64 + u64::from(unit.starts_live_segment));
            if unit.starts_live_segment {
                starts.push(unit.seq);
            }
        }
        starts
    };
    assert_eq!(starts(5), (0..10).map(|n| n * 10).collect::<Vec<_>>());
    assert_eq!(starts(25), [0, 25, 50, 75]);
    assert_eq!(starts(60), [0, 40, 60], "a GOP of six seconds is cut at four");
}

#[test]
fn sound_alone_is_cut_every_two_seconds() {
    let (mut writer, ring) = ring(RingConfig::default());
    let mut reader = ring.reader(ReaderKind::Pinned);
    let stream = sound_only();
    for n in 0..100 {
        let sound = AccessUnit { pts: n * 400, dts: n * 400, ..picture(&stream, n * 50, false, 10) };
        writer.push(sound);
    }
    let mut starts = Vec::new();
    while let Read::Unit(unit) = reader.try_next() {
        starts.extend(unit.starts_live_segment.then_some(unit.seq));
    }
    assert_eq!(starts, [0, 40, 80]);
}

#[test]
fn a_restarted_ingest_goes_on_numbering_after_a_keyframe_of_a_new_stream() {
    let (mut writer, ring) = ring(RingConfig::default());
    let mut reader = ring.reader(ReaderKind::Pinned);
    fill(&mut writer, &stream(0), 0..15, 10, 10);
    assert_eq!(ring.writer().err(), Some(WriterTaken));
    drop(writer);
    let mut writer = ring.writer().unwrap();
    let stale = writer.push(picture(&stream(0), 1_500, true, 10));
    assert_eq!(stale, PushOutcome::Dropped(DropReason::StaleStream));
    let next = stream(writer.next_stream_sequence());
    assert_eq!(writer.push(picture(&next, 0, false, 10)), PushOutcome::Dropped(DropReason::AwaitingKeyframe));
    writer.push(picture(&next, 100, true, 10));
    let mut last = None;
    while let Read::Unit(unit) = reader.try_next() {
        last = Some((unit.seq, unit.live_segment, unit.starts_live_segment, unit.unit.stream.sequence));
    }
    assert_eq!(last, Some((15, 2, true, 1)));
}

#[test]
fn a_restarted_recorder_finds_what_its_predecessor_left() {
    let (mut writer, ring) = ring(RingConfig { warm: Duration::ZERO, ..RingConfig::default() });
    let mut recorder = ring.reader(ReaderKind::Pinned);
    fill(&mut writer, &stream(0), 0..25, 10, 10);
    for _ in 0..13 {
        recorder.try_next();
    }
    drop(recorder);
    fill(&mut writer, &stream(0), 25..100, 10, 10);
    let mut successor = ring.resume_reader(12);
    assert_eq!(drain(&mut successor), ((13..100).collect(), 0));
    drop(successor);
    ring.unpin();
    fill(&mut writer, &stream(0), 100..121, 10, 10);
    assert!(ring.stats().units <= 11, "{:?}", ring.stats());
    assert_eq!(drain(&mut ring.resume_reader(12)), (vec![120], 107));
}

#[test]
fn a_live_reader_starts_in_the_warm_past() {
    let (mut writer, ring) = ring(RingConfig::default());
    assert_eq!(drain(&mut ring.reader_from_last_keyframes(3)), (vec![], 0));
    fill(&mut writer, &stream(0), 0..55, 10, 10);
    assert_eq!(drain(&mut ring.reader_from_last_keyframes(3)).0.first(), Some(&30));
    assert_eq!(drain(&mut ring.reader_from_last_keyframes(99)).0.first(), Some(&0));
    assert_eq!(drain(&mut ring.reader(ReaderKind::Skipping)).0.first(), Some(&50));
}

#[test]
fn a_recorder_is_woken_once_a_second_and_a_viewer_at_each_unit() {
    let (mut writer, ring) = ring(RingConfig::default());
    let mut woken = [0_usize; 2];
    for (wake_on, woken) in [WakeOn::FragmentEnd, WakeOn::AnyUnit].into_iter().zip(&mut woken) {
        let mut reader = ring.reader(ReaderKind::Pinned);
        drain(&mut reader);
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let stream = stream(writer.next_stream_sequence());
        for n in 0..100 {
            if pin!(reader.ready(wake_on)).poll(&mut Context::from_waker(&waker)).is_ready() {
                *woken += 1;
                drain(&mut reader);
            }
            writer.push(picture(&stream, n * 100, n % 40 == 0, 10));
        }
    }
    assert!((9..=13).contains(&woken[0]), "{woken:?}");
    assert_eq!(woken[1], 99);
}

#[test]
fn the_waker_is_called_for_a_waiting_reader_and_never_for_one_that_gave_up() {
    let (mut writer, ring) = ring(RingConfig::default());
    let mut reader = ring.reader(ReaderKind::Skipping);
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    {
        let mut ready = pin!(reader.ready(WakeOn::AnyUnit));
        assert_eq!(ready.as_mut().poll(&mut context), Poll::Pending);
    }
    writer.push(picture(&stream(0), 0, true, 10));
    assert_eq!(bell.0.load(Ordering::SeqCst), 0, "the wait was dropped");
    drain(&mut reader);
    let mut ready = pin!(reader.ready(WakeOn::AnyUnit));
    assert_eq!(ready.as_mut().poll(&mut context), Poll::Pending);
    writer.push(picture(&stream(0), 100, false, 10));
    writer.push(picture(&stream(0), 200, false, 10));
    assert_eq!(bell.0.load(Ordering::SeqCst), 1);
    assert_eq!(ready.as_mut().poll(&mut context), Poll::Ready(()));
}

#[test]
fn closing_wakes_who_waits_and_lets_readers_finish() {
    let (mut writer, ring) = ring(RingConfig::default());
    let (mut first, mut second) = (ring.reader(ReaderKind::Pinned), ring.reader(ReaderKind::Skipping));
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut ready = Box::pin(first.ready(WakeOn::FragmentEnd));
    assert!(ready.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    writer.push(picture(&stream(0), 0, true, 10));
    assert_eq!(bell.0.load(Ordering::SeqCst), 1);
    drop(ready);
    ring.close();
    assert_eq!(writer.push(picture(&stream(0), 100, false, 10)), PushOutcome::Dropped(DropReason::Closed));
    assert_eq!(drain(&mut first).0, [0]);
    assert!(matches!(second.try_next(), Read::Unit(_)));
    assert!(matches!(second.try_next(), Read::Closed));
}

#[test]
fn the_ring_closes_with_its_last_handle_and_writer() {
    let (writer, ring) = ring(RingConfig::default());
    let mut reader = ring.reader(ReaderKind::Skipping);
    drop(writer);
    assert!(matches!(reader.try_next(), Read::Empty), "a writer may come back");
    drop(ring);
    assert!(matches!(reader.try_next(), Read::Closed));
}

proptest! {
    #[test]
    fn whatever_readers_do_memory_is_bounded_and_order_kept(
        steps in prop::collection::vec((0_u8..6, 0_usize..3_000), 1..400),
    ) {
        let budget = RingBudget::new(ByteSize::mib(2));
        let config = RingConfig { bytes_max: ByteSize::kib(32), warm: Duration::from_secs(1) };
        let (mut writer, ring) = GopRing::new(config, Arc::clone(&budget));
        let mut readers = [ring.reader(ReaderKind::Pinned), ring.reader(ReaderKind::Skipping)];
        let (mut last, mut jumped, stream) = ([None::<u64>; 2], [true; 2], stream(0));
        for (n, (step, bytes)) in steps.into_iter().enumerate() {
            if step < 3 {
                writer.push(picture(&stream, n as i64 * 100, step == 0, bytes));
            } else {
                let which = usize::from(step % 2);
                match readers[which].try_next() {
                    Read::Unit(unit) => {
                        if jumped[which] {
                            prop_assert!(unit.unit.keyframe);
                        } else {
                            prop_assert_eq!(Some(unit.seq), last[which].map(|seq| seq + 1));
                        }
                        (last[which], jumped[which]) = (Some(unit.seq), false);
                    }
                    Read::Skipped { .. } => jumped[which] = true,
                    Read::Empty | Read::Closed => {}
                }
            }
            let stats = ring.stats();
            prop_assert!(stats.bytes <= 32 << 10);
            prop_assert_eq!(stats.pinned_bytes, 0);
        }
        drop((writer, ring, readers));
        prop_assert_eq!(budget.used_bytes(), 0);
    }
}
