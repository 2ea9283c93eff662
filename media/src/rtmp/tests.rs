//! Publications as real publishers sent them (golden/README.md says how they were had), in whatever pieces; and bytes from nowhere.

use bytes::Bytes;
use eyrie_types::Secret;
use proptest::prelude::*;

use super::*;
use crate::{AudioCodec, TrackKind, VideoCodec};

const FFMPEG: &[u8] = include_bytes!("golden/ffmpeg-5.1-h264-aac.bin");
const FFMPEG_H265: &[u8] = include_bytes!("golden/ffmpeg-7.0-h265-aac.bin");
const GSTREAMER: &[u8] = include_bytes!("golden/gst-rtmp2sink-h264-aac.bin");
const LIBRTMP: &[u8] = include_bytes!("golden/librtmp-h264-aac.bin");

/// A server that hears `data` in pieces of such sizes, in turn, and lets everybody in.
fn hear(data: &[u8], sizes: &[usize]) -> (Vec<RtmpEvent>, Vec<u8>, Option<RtmpError>) {
    let mut server = RtmpServer::new([7; HANDSHAKE_RANDOM_BYTES]);
    let (mut events, mut out, mut sizes, mut rest) = (Vec::new(), Vec::new(), sizes.iter().cycle(), data);
    while !rest.is_empty() {
        let (mut piece, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
        rest = after;
        loop {
            let event = match server.next(&mut piece) {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(error) => return (events, out, Some(error)),
            };
            if matches!(event, RtmpEvent::Publish { .. }) {
                server.accept();
            }
            out.extend(server.take_output());
            let over = event == RtmpEvent::End;
            events.push(event);
            if over {
                return (events, out, None);
            }
        }
        out.extend(server.take_output());
    }
    (events, out, None)
}

/// What the tags of a publication hold.
fn demux(events: &[RtmpEvent]) -> Vec<FlvEvent> {
    let mut demuxer = FlvDemuxer::new();
    let found = events.iter().flat_map(|event| match event {
        RtmpEvent::Video { timestamp, tag } => demuxer.video(*timestamp, tag).unwrap(),
        RtmpEvent::Audio { timestamp, tag } => demuxer.audio(*timestamp, tag).unwrap(),
        _ => [None, None],
    });
    found.flatten().collect()
}

fn check_publication(data: &[u8], codec: VideoCodec, pictures: std::ops::RangeInclusive<usize>) {
    let (events, out, error) = hear(data, &[usize::MAX]);
    assert_eq!(error, None);
    assert_eq!(events.first(), Some(&RtmpEvent::Publish { app: "live".to_owned(), name: Secret::new("key") }));
    assert_eq!(events.last(), Some(&RtmpEvent::End));
    for said in ["NetConnection.Connect.Success", "NetStream.Publish.Start"] {
        assert!(out.windows(said.len()).any(|window| window == said.as_bytes()), "{said}");
    }
    let found = demux(&events);
    let Some(FlvEvent::Tracks(tracks)) = found.first() else { panic!("tracks come first: {found:?}") };
    let [video, audio] = &tracks[..] else { panic!("{tracks:?}") };
    let (TrackKind::Video(video), TrackKind::Audio(sound)) = (&video.kind, &audio.kind) else { panic!("{tracks:?}") };
    assert_eq!((video.codec, video.width, video.height), (codec, 96, 64));
    assert_eq!((sound.codec, sound.sample_rate, sound.channels), (AudioCodec::Aac, 44_100, 1));
    assert_eq!(found.iter().filter(|event| matches!(event, FlvEvent::Tracks(_))).count(), 1);
    let (mut shown, mut heard) = (Vec::new(), Vec::new());
    for event in &found[1..] {
        let FlvEvent::Frame { track, ticks, keyframe, data } = event else { unreachable!() };
        assert!(!data.is_empty());
        if *track == 0 {
            shown.push((*ticks, *keyframe));
        } else {
            heard.push(*ticks);
        }
    }
    assert!(pictures.contains(&shown.len()), "{} pictures", shown.len());
    assert!(shown[0].1 && shown.iter().filter(|(_, keyframe)| *keyframe).count() >= 2, "{shown:?}");
    shown.sort_unstable();
    assert!(shown.windows(2).all(|pair| (8_900..=9_100).contains(&(pair[1].0 - pair[0].0))), "10 a second: {shown:?}");
    assert!(heard.len() > 30 && heard.windows(2).all(|pair| pair[1] - pair[0] == 1_024), "sound is even: {heard:?}");
}

#[test]
fn ffmpeg_publishes_h264_with_b_frames_and_aac() {
    check_publication(FFMPEG, VideoCodec::H264, 12..=12);
}

#[test]
fn ffmpeg_publishes_h265_by_enhanced_rtmp() {
    check_publication(FFMPEG_H265, VideoCodec::H265, 12..=12);
}

#[test]
fn gstreamer_publishes() {
    check_publication(GSTREAMER, VideoCodec::H264, 11..=12);
}

#[test]
fn librtmp_publishes_which_obs_has_inside() {
    check_publication(LIBRTMP, VideoCodec::H264, 11..=12);
}

#[test]
fn nobody_sends_pictures_before_being_let_in() {
    let mut server = RtmpServer::new([7; HANDSHAKE_RANDOM_BYTES]);
    let mut input = FFMPEG;
    let event = server.next(&mut input).unwrap();
    assert!(matches!(event, Some(RtmpEvent::Publish { .. })));
    let before = input.len();
    assert_eq!(server.next(&mut input), Ok(None));
    assert_eq!(input.len(), before, "not a byte is read before the answer");
    server.refuse(Refusal::BadKey, "no such key");
    let said = server.take_output();
    assert!(said.windows(11).any(|window| window == b"no such key"));
    assert_eq!(server.next(&mut input), Err(RtmpError::Over));
}

/// What a publisher says up to its question, and what comes after the handshake.
fn after_handshake(bytes: &[u8]) -> Result<Option<RtmpEvent>, RtmpError> {
    let mut server = RtmpServer::new([7; HANDSHAKE_RANDOM_BYTES]);
    let mut hello = vec![3];
    hello.resize(1 + 2 * 1_536, 0);
    assert_eq!(server.next(&mut &hello[..]), Ok(None));
    server.next(&mut &bytes[..])
}

/// A chunk with a whole header.
fn chunk(stream: u8, kind: u8, length: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = length.to_be_bytes();
    [&[stream, 0, 0, 0, a, b, c, kind, 0, 0, 0, 0][..], payload].concat()
}

#[test]
fn what_lies_about_its_length_or_comes_too_early_is_refused_before_it_is_kept() {
    let too_much = |what: &[u8]| matches!(after_handshake(what), Err(RtmpError::TooMuch { .. }));
    assert!(too_much(&chunk(3, 20, 0xff_ffff, &[])), "a command of 16 MiB");
    assert!(too_much(&chunk(4, 9, 0xff_ffff, &[])), "pictures of 16 MiB");
    let many: Vec<u8> = (3..40).flat_map(|stream| chunk(stream, 20, 1_000, &[0; 128])).collect();
    assert!(too_much(&many), "many chunk streams");
    assert_eq!(after_handshake(&chunk(4, 9, 1, &[0])), Err(RtmpError::MediaTooEarly));
    assert_eq!(
        after_handshake(&chunk(2, 1, 4, &[0; 4])).unwrap_err().to_string(),
        "Set Chunk Size holds an impossible chunk size"
    );
    let bomb = [&[2, 0, 1, b'x', 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &[0x0a, 0xff, 0xff, 0xff, 0xff].repeat(12)].concat();
    assert!(too_much(&chunk(3, 20, bomb.len() as u32, &bomb)), "arrays in arrays");
    let wide =
        [&[2, 0, 1, b'x', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0xff, 0xff, 0xff, 0xff][..], &[5].repeat(110)].concat();
    assert!(matches!(after_handshake(&chunk(3, 20, wide.len() as u32, &wide)), Err(RtmpError::Truncated(_))));
    assert!(matches!(
        RtmpServer::new([0; HANDSHAKE_RANDOM_BYTES]).next(&mut &b"GET / HTTP/1.1"[..]),
        Err(RtmpError::Version(b'G'))
    ));
}

#[test]
fn whoever_talks_for_ever_without_publishing_is_cut_off() {
    let ping = chunk(2, 4, 6, &[0, 6, 0, 0, 0, 0]);
    assert!(matches!(after_handshake(&ping.repeat(20_000)), Err(RtmpError::TooMuch { .. })));
    let create = chunk(3, 20, 13, b"\x02\0\x01x\0\0\0\0\0\0\0\0\0").repeat(40);
    assert!(matches!(after_handshake(&create), Err(RtmpError::TooMuch { .. })));
}

/// The messages that `reader` makes of `data`.
fn messages(data: &[u8], piece: usize) -> Vec<(u8, u32, Bytes)> {
    let mut reader = chunk_reader::ChunkReader::new();
    let mut found = Vec::new();
    for mut piece in data.chunks(piece) {
        while let Some(message) = reader.next(&mut piece).unwrap() {
            found.push((message.kind, message.timestamp, message.payload));
        }
    }
    found
}

#[test]
fn timestamps_of_four_bytes_are_read_whether_or_not_later_chunks_repeat_them() {
    let long = 0x0123_4567_u32.to_be_bytes();
    let head = [&[4, 0xff, 0xff, 0xff, 0, 0, 200, 9, 1, 0, 0, 0][..], &long].concat();
    let body: Vec<u8> = (0..200_u8).collect();
    let repeated = [&head[..], &body[..128], &[0xc4], &long, &body[128..], &[0x83, 0, 0, 1, 0, 0, 0]].concat();
    let left_out = [&head[..], &body[..128], &[0xc4], &body[128..]].concat();
    let expected = vec![(9, 0x0123_4567, Bytes::from(body.clone()))];
    for piece in 1..40 {
        assert_eq!(messages(&left_out, piece), expected);
        assert_eq!(messages(&repeated[..repeated.len() - 7], piece), expected);
    }
    // A last chunk that is shorter than a timestamp, and what follows it.
    let short =
        [&[4, 0xff, 0xff, 0xff, 0, 0, 130, 9, 1, 0, 0, 0][..], &long, &body[..128], &[0xc4], &body[128..130]].concat();
    let two = [&short[..], &chunk(5, 8, 1, &[9])].concat();
    for piece in 1..40 {
        let expected = vec![(9, 0x0123_4567, Bytes::copy_from_slice(&body[..130])), (8, 0, Bytes::from_static(&[9]))];
        assert_eq!(messages(&two, piece), expected, "{piece}");
    }
}

#[test]
fn deltas_add_up_and_chunks_of_several_messages_interleave() {
    let mut data = chunk(4, 9, 130, &[1; 128]);
    data.extend(chunk(6, 8, 2, &[2, 2]));
    data.extend([0xc4, 1, 1]);
    // The same stream again: 40 ms later, then once more by the shortest header.
    data.extend([0x44, 0, 0, 40, 0, 0, 1, 9, 3]);
    data.extend([0xc4, 4]);
    let found: Vec<_> = messages(&data, 1).into_iter().map(|(kind, time, data)| (kind, time, data.len())).collect();
    assert_eq!(found, [(8, 0, 2), (9, 0, 130), (9, 40, 1), (9, 80, 1)]);
    // What is taken back leaves nothing behind.
    let mut taken_back = chunk(4, 9, 130, &[1; 128]);
    taken_back.extend(chunk(2, 2, 4, &[0, 0, 0, 4]));
    taken_back.extend(chunk(4, 9, 1, &[5]));
    assert_eq!(messages(&taken_back, 3), [(9, 0, Bytes::from_static(&[5]))]);
}

#[test]
fn codecs_that_are_not_carried_are_named() {
    let refused = |tag: &[u8]| FlvDemuxer::new().video(0, &Bytes::copy_from_slice(tag)).unwrap_err().to_string();
    assert_eq!(refused(b"\x90av01"), "AV1 video is not supported; send H.264 or H.265");
    assert_eq!(refused(b"\x90vp09"), "VP8 or VP9 video is not supported; send H.264 or H.265");
    assert_eq!(refused(b"\x90\x1b[2J"), "?[2J video is not supported; send H.264 or H.265");
    assert_eq!(refused(&[0x12]), "Sorenson H.263 video is not supported; send H.264 or H.265");
    assert_eq!(refused(b"\x96\x00hvc1"), "several video tracks in one publication is not supported");
    let mut demuxer = FlvDemuxer::new();
    assert_eq!(demuxer.audio(0, &Bytes::from_static(b"\x90Opus")), Ok([None, None]), "sound is left out");
    assert_eq!(demuxer.left_out(), Some("Opus"));
}

#[test]
fn modex_blocks_are_passed_over_and_bounded() {
    let nanoseconds = b"\x97\x02\0\0\x07\x00av01";
    let error = FlvDemuxer::new().video(0, &Bytes::from_static(nanoseconds)).unwrap_err();
    assert!(matches!(error, RtmpError::UnsupportedVideo(_)), "{error}");
    let endless = [&[0x97][..], &[0, 0, 7].repeat(50)].concat();
    assert!(matches!(FlvDemuxer::new().video(0, &Bytes::from(endless)), Err(RtmpError::TooMuch { .. })));
    assert!(matches!(
        FlvDemuxer::new().video(0, &Bytes::from_static(b"\x97\xff\xff\xff")),
        Err(RtmpError::Truncated(_))
    ));
}

#[test]
fn lengths_of_nal_units_are_checked_and_short_ones_made_long() {
    let events = hear(FFMPEG, &[usize::MAX]).0;
    let config = events.iter().find_map(|event| match event {
        RtmpEvent::Video { tag, .. } if tag[1] == 0 => Some(tag.clone()),
        _ => None,
    });
    let mut config = config.unwrap().to_vec();
    config[5 + 4] = 0xfd;
    let mut demuxer = FlvDemuxer::new();
    demuxer.video(0, &Bytes::from(config)).unwrap();
    let [_, Some(FlvEvent::Frame { data, .. })] =
        demuxer.video(0, &Bytes::from_static(&[0x17, 1, 0, 0, 0, 0, 2, 0x65, 9, 0, 1, 0x06])).unwrap()
    else {
        panic!("a picture")
    };
    assert_eq!(&data[..], [0, 0, 0, 2, 0x65, 9, 0, 0, 0, 1, 0x06]);
    let cut = demuxer.video(0, &Bytes::from_static(&[0x17, 1, 0, 0, 0, 0, 9, 0x65]));
    assert_eq!(cut, Err(RtmpError::Truncated("a NAL unit")));
}

proptest! {
    #[test]
    fn pieces_change_nothing(sizes in proptest::collection::vec(1_usize..3_000, 1..20)) {
        for data in [FFMPEG, FFMPEG_H265, GSTREAMER, LIBRTMP] {
            let whole = hear(data, &[usize::MAX]);
            prop_assert_eq!(&hear(data, &sizes), &whole);
        }
    }

    #[test]
    fn damage_ends_in_an_error_or_in_events(at in 0_usize..12_000, with in proptest::collection::vec(any::<u8>(), 1..40)) {
        let mut data = FFMPEG.to_vec();
        let at = at.min(data.len() - with.len());
        data[at..at + with.len()].copy_from_slice(&with);
        let (events, _, _) = hear(&data, &[usize::MAX]);
        let mut demuxer = FlvDemuxer::new();
        for event in events {
            let _ = match event {
                RtmpEvent::Video { timestamp, tag } => demuxer.video(timestamp, &tag),
                RtmpEvent::Audio { timestamp, tag } => demuxer.audio(timestamp, &tag),
                _ => continue,
            };
        }
    }

    #[test]
    fn bytes_from_nowhere_never_panic(tag in proptest::collection::vec(any::<u8>(), 0..200), time in any::<u32>()) {
        let tag = Bytes::from(tag);
        let mut demuxer = FlvDemuxer::new();
        let _ = demuxer.video(time, &tag);
        let _ = demuxer.audio(time, &tag);
        let _ = after_handshake(&tag);
    }
}
