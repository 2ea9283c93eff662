//! What a publisher sends: from its first byte, and as tags once it was let in.
#![no_main]

use bytes::Bytes;
use eyrie_media::rtmp::{FlvDemuxer, HANDSHAKE_RANDOM_BYTES, RtmpEvent, RtmpServer};

/// A publisher's side of the handshake.
const HELLO_BYTES: usize = 1 + 2 * 1_536;
/// `connect` and `publish`, each in one chunk, for inputs that are to come further.
const ASKED: &[u8] =
    b"\x03\0\0\0\0\0\x23\x14\0\0\0\0\x02\0\x07connect\0\x3f\xf0\0\0\0\0\0\0\x03\0\x03app\x02\0\x04live\0\0\x09\
    \x03\0\0\0\0\0\x1a\x14\x01\0\0\0\x02\0\x07publish\0\0\0\0\0\0\0\0\0\x05\x02\0\x03key";

fn hear(data: &[u8], piece: usize) -> (Vec<RtmpEvent>, bool) {
    let (mut server, mut events) = (RtmpServer::new([0; HANDSHAKE_RANDOM_BYTES]), Vec::new());
    for mut piece in data.chunks(piece) {
        loop {
            match server.next(&mut piece) {
                Ok(Some(event)) => {
                    if matches!(event, RtmpEvent::Publish { .. }) {
                        server.accept();
                    }
                    drop(server.take_output());
                    events.push(event);
                }
                Ok(None) => break,
                Err(_) => return (events, false),
            }
        }
        drop(server.take_output());
    }
    (events, true)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    if mode & 1 == 0 {
        // Raw tags: a bit says which kind, a byte how long.
        let (mut demuxer, mut rest) = (FlvDemuxer::new(), data);
        while let Some((head, after)) = rest.split_first_chunk::<6>() {
            let (tag, after) =
                after.split_at(after.len().min(usize::from(u16::from_be_bytes([head[0] & 0x7f, head[1]]))));
            rest = after;
            let (time, tag) = (u32::from_be_bytes([head[2], head[3], head[4], head[5]]), Bytes::copy_from_slice(tag));
            let _ = if head[0] & 0x80 == 0 { demuxer.video(time, &tag) } else { demuxer.audio(time, &tag) };
        }
        return;
    }
    let mut bytes = vec![0; HELLO_BYTES];
    bytes[0] = 3;
    if mode & 2 == 0 {
        bytes.extend_from_slice(ASKED);
    }
    bytes.extend_from_slice(data);
    let whole = hear(&bytes, usize::MAX);
    assert_eq!(hear(&bytes, 7), whole, "pieces change nothing");
    let mut demuxer = FlvDemuxer::new();
    for event in whole.0 {
        let _ = match event {
            RtmpEvent::Video { timestamp, tag } => demuxer.video(timestamp, &tag),
            RtmpEvent::Audio { timestamp, tag } => demuxer.audio(timestamp, &tag),
            RtmpEvent::Publish { .. } | RtmpEvent::End => continue,
        };
    }
});
