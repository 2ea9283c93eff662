use bytes::{BufMut, Bytes};
use eyrie_types::Epoch;

use super::{
    ALIVE, END, FeedEnd, HEAD_BYTES, MAGIC, RECORD_HEAD_BYTES, SKIPPED, STREAM, UNIT, UNIT_HEAD_BYTES, VERSION,
    track_bytes,
};
use crate::{RingUnit, Stream};

/// Writes a feed. What it answers is to be sent in order; the data of units is shared with the ring, never copied.
#[derive(Debug, Default)]
pub struct FeedEncoder {
    /// The stream whose units are being sent.
    stream: Option<u64>,
}

impl FeedEncoder {
    /// A feed of which nothing was sent yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the feed of `epoch` begins with.
    pub fn begin(&self, epoch: Epoch) -> Bytes {
        let mut out = Vec::with_capacity(HEAD_BYTES);
        out.put_slice(&MAGIC);
        out.put_u8(VERSION);
        out.put_u64(epoch.as_u64());
        out.into()
    }

    /// An access unit: all before its data, and its data. Where its stream is another than the last unit's, that comes first.
    pub fn unit(&mut self, unit: &RingUnit) -> [Bytes; 2] {
        let RingUnit { unit, seq, .. } = unit;
        let mut out = Vec::with_capacity(RECORD_HEAD_BYTES + UNIT_HEAD_BYTES);
        if self.stream.replace(unit.stream.sequence) != Some(unit.stream.sequence) {
            put_stream(&unit.stream, &mut out);
        }
        // No unit of a ring comes near what 32 bits hold.
        let length = UNIT_HEAD_BYTES.saturating_add(unit.data.len());
        put_head(UNIT, u32::try_from(length).unwrap_or(u32::MAX), &mut out);
        out.put_u64(*seq);
        out.put_u8(unit.track);
        out.put_u8(u8::from(unit.keyframe));
        out.put_i64(unit.pts);
        out.put_i64(unit.dts);
        out.put_i64(unit.wall.as_unix_us());
        [out.into(), unit.data.clone()]
    }

    /// The ring let go of `units` before they were sent.
    pub fn skipped(&self, units: u64) -> Bytes {
        let mut out = Vec::with_capacity(RECORD_HEAD_BYTES + 8);
        put_head(SKIPPED, 8, &mut out);
        out.put_u64(units);
        out.into()
    }

    /// A sign of life.
    pub fn alive(&self) -> Bytes {
        let mut out = Vec::with_capacity(RECORD_HEAD_BYTES);
        put_head(ALIVE, 0, &mut out);
        out.into()
    }

    /// The end.
    pub fn end(&self, reason: FeedEnd) -> Bytes {
        let mut out = Vec::with_capacity(RECORD_HEAD_BYTES + 1);
        put_head(END, 1, &mut out);
        out.put_u8(match reason {
            FeedEnd::Released => 1,
            FeedEnd::Lost => 2,
        });
        out.into()
    }
}

fn put_head(kind: u8, length: u32, out: &mut Vec<u8>) {
    out.put_u8(kind);
    out.put_u32(length);
}

fn put_stream(stream: &Stream, out: &mut Vec<u8>) {
    let mut body = Vec::new();
    track_bytes::write(stream, &mut body);
    put_head(STREAM, u32::try_from(body.len()).unwrap_or(u32::MAX), out);
    out.put_slice(&body);
}
