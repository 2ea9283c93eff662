use bytes::{Buf, Bytes};
use eyrie_types::{Epoch, WallTime};

use super::{
    ALIVE, END, FEED_BODY_BYTES_MAX, FEED_UNIT_BYTES_MAX, FeedEnd, FeedError, FeedItem, FeedUnit, HEAD_BYTES, MAGIC,
    RECORD_HEAD_BYTES, SKIPPED, STREAM, TICKS_MAX, UNIT, UNIT_HEAD_BYTES, VERSION, track_bytes,
};

/// Memory that is taken for a body before its bytes are there; a length alone must cost no more.
const AHEAD_BYTES_MAX: usize = 256 * 1024;

/// Reads a feed from pieces of any length. Each unit's data is copied once, out of the pieces that it came in.
#[derive(Debug)]
pub struct FeedDecoder {
    expects: Expects,
    /// What has come of it.
    pub(super) part: Vec<u8>,
    /// The decoding time of each track's last unit; empty before the first stream.
    last_dts: Vec<Option<i64>>,
}

/// What the next bytes are.
#[derive(Debug)]
enum Expects {
    Head,
    RecordHead,
    /// A body that is read as a whole.
    Body {
        kind: u8,
        length: usize,
    },
    UnitHead {
        data: usize,
    },
    Data {
        unit: FeedUnit,
        length: usize,
    },
    /// A body of no meaning here.
    Unknown {
        left: usize,
    },
    Nothing,
}

impl Default for FeedDecoder {
    fn default() -> Self {
        Self { expects: Expects::Head, part: Vec::new(), last_dts: Vec::new() }
    }
}

impl FeedDecoder {
    /// A decoder of a feed from its first byte on.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next item, taking from `input` what it needs. `None`: `input` is empty, and more has to come.
    ///
    /// # Errors
    /// When the bytes are no feed. Nothing more can be read then.
    pub fn next(&mut self, input: &mut Bytes) -> Result<Option<FeedItem>, FeedError> {
        let item = self.read(input);
        if item.is_err() {
            self.expects = Expects::Nothing;
        }
        item
    }

    fn read(&mut self, input: &mut Bytes) -> Result<Option<FeedItem>, FeedError> {
        loop {
            let wanted = match &mut self.expects {
                Expects::Head => HEAD_BYTES,
                Expects::RecordHead => RECORD_HEAD_BYTES,
                Expects::Body { length, .. } | Expects::Data { length, .. } => *length,
                Expects::UnitHead { .. } => UNIT_HEAD_BYTES,
                Expects::Unknown { left } => {
                    let passed = (*left).min(input.len());
                    input.advance(passed);
                    *left -= passed;
                    if *left > 0 {
                        return Ok(None);
                    }
                    self.expects = Expects::RecordHead;
                    continue;
                }
                Expects::Nothing if input.is_empty() => return Ok(None),
                Expects::Nothing => return Err(FeedError::Over),
            };
            let Some(part) = self.gather(wanted, input) else { return Ok(None) };
            if let Some(item) = self.take(part)? {
                return Ok(Some(item));
            }
        }
    }

    /// The next `wanted` bytes, once all are there.
    fn gather(&mut self, wanted: usize, input: &mut Bytes) -> Option<Vec<u8>> {
        loop {
            let missing = wanted.saturating_sub(self.part.len());
            let room = self.part.capacity().saturating_sub(self.part.len());
            if room == 0 && missing > 0 {
                self.part.reserve_exact(if self.part.is_empty() { missing.min(AHEAD_BYTES_MAX) } else { missing });
                continue;
            }
            let taken = missing.min(input.len()).min(room);
            self.part.extend_from_slice(input.split_to(taken).as_ref());
            if self.part.len() >= wanted {
                return Some(std::mem::take(&mut self.part));
            }
            if input.is_empty() {
                return None;
            }
        }
    }

    /// What the bytes that were expected say; the next are expected from now on.
    fn take(&mut self, part: Vec<u8>) -> Result<Option<FeedItem>, FeedError> {
        let mut bytes = part.as_slice();
        match std::mem::replace(&mut self.expects, Expects::RecordHead) {
            Expects::Head => begin(bytes).map(Some),
            Expects::RecordHead => {
                self.expects = expects(bytes.get_u8(), bytes.get_u32())?;
                Ok(None)
            }
            Expects::Body { kind, .. } => self.body(kind, bytes),
            Expects::UnitHead { data } => {
                self.expects = Expects::Data { unit: self.unit(bytes)?, length: data };
                Ok(None)
            }
            Expects::Data { unit, .. } => Ok(Some(FeedItem::Unit(FeedUnit { data: part.into(), ..unit }))),
            Expects::Unknown { .. } | Expects::Nothing => Ok(None),
        }
    }

    fn body(&mut self, kind: u8, mut body: &[u8]) -> Result<Option<FeedItem>, FeedError> {
        let item = match kind {
            STREAM => {
                let stream = track_bytes::read(body)?;
                self.last_dts = vec![None; stream.tracks.len()];
                FeedItem::Stream(stream)
            }
            SKIPPED => {
                let units = body.try_get_u64().map_err(|_| FeedError::Invalid("a skip that ends too early"))?;
                FeedItem::Skipped { units }
            }
            END => {
                self.expects = Expects::Nothing;
                FeedItem::End(match body.first() {
                    Some(1) => FeedEnd::Released,
                    // A reason of a later release: try the feeder again, that does no harm.
                    _ => FeedEnd::Lost,
                })
            }
            _ => FeedItem::Alive,
        };
        Ok(Some(item))
    }

    /// A unit without its data.
    fn unit(&mut self, mut head: &[u8]) -> Result<FeedUnit, FeedError> {
        // The head has all of its bytes.
        let (seq, track, flags) = (head.get_u64(), head.get_u8(), head.get_u8());
        let (pts, dts, wall_us) = (head.get_i64(), head.get_i64(), head.get_i64());
        let last = self.last_dts.get_mut(usize::from(track));
        let last = last.ok_or(FeedError::Invalid("a unit of a track that no stream has"))?;
        if [pts, dts].iter().any(|ticks| ticks.unsigned_abs() > TICKS_MAX.unsigned_abs()) {
            return Err(FeedError::Invalid("a unit at an impossible time"));
        }
        if last.is_some_and(|last| dts <= last) {
            return Err(FeedError::Invalid("a unit that is decoded before the one that came before it"));
        }
        let wall = WallTime::from_unix_us(wall_us);
        if wall.as_unix_us() != wall_us {
            return Err(FeedError::Invalid("a unit at an impossible wall time"));
        }
        *last = Some(dts);
        Ok(FeedUnit { seq, track, keyframe: flags & 1 != 0, pts, dts, wall, data: Bytes::new() })
    }
}

fn begin(mut head: &[u8]) -> Result<FeedItem, FeedError> {
    let mut magic = [0; MAGIC.len()];
    head.copy_to_slice(&mut magic);
    if magic != MAGIC {
        return Err(FeedError::Magic);
    }
    let version = head.get_u8();
    if version != VERSION {
        return Err(FeedError::Version(version));
    }
    let epoch = Epoch::from_u64(head.get_u64()).ok_or(FeedError::Invalid("a feed of no epoch"))?;
    Ok(FeedItem::Begin { epoch })
}

fn expects(kind: u8, bytes: u32) -> Result<Expects, FeedError> {
    let length = bytes as usize;
    let longest = if kind == UNIT { UNIT_HEAD_BYTES + FEED_UNIT_BYTES_MAX } else { FEED_BODY_BYTES_MAX };
    if length > longest {
        return Err(FeedError::TooLong { kind, bytes });
    }
    match kind {
        UNIT => match length.checked_sub(UNIT_HEAD_BYTES) {
            Some(data) => Ok(Expects::UnitHead { data }),
            None => Err(FeedError::Invalid("a unit that ends too early")),
        },
        STREAM | SKIPPED | ALIVE | END => Ok(Expects::Body { kind, length }),
        _ => Ok(Expects::Unknown { left: length }),
    }
}
