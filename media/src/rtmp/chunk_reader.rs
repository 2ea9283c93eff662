use bytes::Bytes;

use super::RtmpError;
use super::handshake::take;
use super::limits::{CHUNK_STREAMS_MAX, FIRST_RESERVE, MESSAGE_BYTES_MAX, PENDING_BYTES_MAX, SETUP_BYTES_MAX};
use super::message::{Message, kind};

/// What chunks carry until the peer says otherwise (RTMP 1.0 section 5.4.1).
const CHUNK_BYTES_AT_FIRST: usize = 128;
/// The longest header: three bytes of chunk stream id, eleven of message header, four of extended timestamp.
const HEAD_BYTES_MAX: usize = 18;
/// A timestamp field with this value stands for one of four bytes behind the header.
const EXTENDED: u32 = 0xff_ffff;
const EXTENDED_BYTES: usize = 4;
const CHUNK: &str = "a chunk";

/// Puts messages together from chunks (RTMP 1.0 section 5.3), whatever pieces they come in.
///
/// ```text
/// format (2 bits) | chunk stream id (6 bits; 0: one more byte, 1: two more)
/// format 0: timestamp (3) | length (3) | type (1) | message stream id (4, little-endian)
/// format 1: delta (3)     | length (3) | type (1)
/// format 2: delta (3)
/// format 3: nothing: goes on with a message, or begins one like the last
/// extended timestamp (4), where the field holds 0xffffff; payload, at most the chunk size
/// ```
#[derive(Debug)]
pub(super) struct ChunkReader {
    chunk_bytes: usize,
    /// The header that is being read, as far as it came.
    head: Vec<u8>,
    streams: Vec<ChunkStream>,
    /// Whose payload comes next, and how many bytes of it belong to this chunk.
    open: Option<(usize, usize)>,
    /// Bytes that were taken for an extended timestamp and are none: they are read again.
    again: Vec<u8>,
    /// The lengths of all messages that are incomplete.
    pending_bytes: usize,
    /// Long messages are taken.
    media: bool,
}

/// The last message of one chunk stream.
#[derive(Debug, Default)]
struct ChunkStream {
    id: u32,
    timestamp: u32,
    delta: u32,
    /// The extended timestamp of its last header that had one.
    extended: Option<u32>,
    length: usize,
    kind: u8,
    message_stream: u32,
    /// What came of a message that is incomplete.
    partial: Option<Vec<u8>>,
}

impl ChunkReader {
    pub(super) fn new() -> Self {
        Self {
            chunk_bytes: CHUNK_BYTES_AT_FIRST,
            head: Vec::with_capacity(HEAD_BYTES_MAX),
            streams: Vec::new(),
            open: None,
            again: Vec::new(),
            pending_bytes: 0,
            media: false,
        }
    }

    /// Pictures may come from now on.
    pub(super) fn allow_media(&mut self) {
        self.media = true;
    }

    /// Takes bytes from `input` until a message is complete; `None`: all were taken. After an error it is of no more use.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Message>, RtmpError> {
        loop {
            let message = if self.again.is_empty() {
                self.advance(input)?
            } else {
                let again = std::mem::take(&mut self.again);
                let mut rest = again.as_slice();
                let message = self.advance(&mut rest)?;
                // What it takes for a timestamp again, it has put in front of these.
                self.again.extend_from_slice(rest);
                match message {
                    Step::Starved if self.again.is_empty() => continue,
                    step => step,
                }
            };
            match message {
                Step::Message(message) if message.kind == kind::SET_CHUNK_SIZE => self.set_chunk_size(&message)?,
                Step::Message(message) if message.kind == kind::ABORT => self.abort(&message)?,
                Step::Message(message) => return Ok(Some(message)),
                Step::Starved => return Ok(None),
                Step::More => {}
            }
        }
    }

    /// One header, or one chunk's payload as far as it came.
    fn advance(&mut self, input: &mut &[u8]) -> Result<Step, RtmpError> {
        if let Some((index, left)) = self.open {
            return self.payload(input, index, left);
        }
        let wanted = self.head_bytes();
        self.head.extend_from_slice(take(input, wanted.saturating_sub(self.head.len())));
        if self.head.len() < wanted {
            return Ok(Step::Starved);
        }
        // A longer form may show only now.
        if self.head_bytes() == wanted {
            self.begin_chunk()?;
            self.head.clear();
        }
        Ok(Step::More)
    }

    /// How long the header is, as far as what came of it tells.
    fn head_bytes(&self) -> usize {
        let Some(&first) = self.head.first() else { return 1 };
        let basic = basic_bytes(first);
        let fields = field_bytes(first);
        let plain = basic + fields;
        if self.head.len() < plain {
            return plain;
        }
        let extended = if fields == 0 {
            let stream = self.streams.iter().find(|stream| stream.id == chunk_stream_id(&self.head));
            stream.is_some_and(|stream| stream.extended.is_some())
        } else {
            self.head.get(basic..basic + 3) == Some(&[0xff; 3])
        };
        plain + if extended { EXTENDED_BYTES } else { 0 }
    }

    /// Reads the complete header in `self.head`.
    fn begin_chunk(&mut self) -> Result<(), RtmpError> {
        let head = std::mem::take(&mut self.head);
        let begun = self.begin(&head);
        self.head = head;
        begun
    }

    fn begin(&mut self, head: &[u8]) -> Result<(), RtmpError> {
        let first = head.first().copied().unwrap_or_default();
        let (format, id) = (first >> 6, chunk_stream_id(head));
        let index = self.stream(id, format)?;
        let stream = self.streams.get_mut(index).ok_or(RtmpError::Truncated(CHUNK))?;
        let fields = head.get(basic_bytes(first)..).unwrap_or_default();
        let continues = stream.partial.is_some();
        if format < 3 {
            if continues {
                return Err(RtmpError::Invalid { structure: CHUNK, field: "header within a message" });
            }
            let plain = u24(fields);
            let time = if plain == EXTENDED { u32_at(fields, field_bytes(first)) } else { plain };
            stream.extended = (plain == EXTENDED).then_some(time);
            if format == 0 {
                (stream.timestamp, stream.delta) = (time, 0);
                stream.message_stream = u32_at(fields, 7).swap_bytes();
            } else {
                stream.delta = time;
                stream.timestamp = stream.timestamp.wrapping_add(time);
            }
            if format < 2 {
                stream.length = u24(fields.get(3..).unwrap_or_default()) as usize;
                stream.kind = fields.get(6).copied().unwrap_or_default();
            }
        } else {
            // The standard repeats an extended timestamp here; some publishers leave it out, so it counts only if it is one.
            if let Some(extended) = stream.extended
                && u32_at(fields, 0) != extended
            {
                self.again.splice(0..0, fields.iter().copied());
            }
            // After a whole header the standard takes its timestamp for the delta; no publisher means that.
            if !continues {
                stream.timestamp = stream.timestamp.wrapping_add(stream.delta);
            }
        }
        if !continues {
            let max = if self.media && stream.kind == kind::VIDEO { MESSAGE_BYTES_MAX } else { SETUP_BYTES_MAX };
            if stream.length > max {
                return Err(RtmpError::TooMuch { what: "bytes in a message", max });
            }
            if self.pending_bytes + stream.length > PENDING_BYTES_MAX {
                let what = "bytes of incomplete messages";
                return Err(RtmpError::TooMuch { what, max: PENDING_BYTES_MAX });
            }
            self.pending_bytes += stream.length;
            stream.partial = Some(Vec::with_capacity(stream.length.min(FIRST_RESERVE)));
        }
        let came = stream.partial.as_ref().map_or(0, Vec::len);
        self.open = Some((index, self.chunk_bytes.min(stream.length - came)));
        Ok(())
    }

    /// The position of a chunk stream; a new one begins with a whole header.
    fn stream(&mut self, id: u32, format: u8) -> Result<usize, RtmpError> {
        if let Some(index) = self.streams.iter().position(|stream| stream.id == id) {
            return Ok(index);
        }
        // Format 1 is taken, too, as other servers do: its delta counts from 0.
        if format > 1 {
            return Err(RtmpError::Invalid { structure: CHUNK, field: "header without a message before" });
        }
        if self.streams.len() == CHUNK_STREAMS_MAX {
            return Err(RtmpError::TooMuch { what: "chunk streams", max: CHUNK_STREAMS_MAX });
        }
        self.streams.push(ChunkStream { id, ..ChunkStream::default() });
        Ok(self.streams.len() - 1)
    }

    fn payload(&mut self, input: &mut &[u8], index: usize, left: usize) -> Result<Step, RtmpError> {
        let stream = self.streams.get_mut(index).ok_or(RtmpError::Truncated(CHUNK))?;
        let partial = stream.partial.get_or_insert_default();
        let bytes = take(input, left);
        if partial.len() + bytes.len() > partial.capacity() {
            partial.reserve_exact(stream.length - partial.len());
        }
        partial.extend_from_slice(bytes);
        let left = left - bytes.len();
        if left > 0 {
            self.open = Some((index, left));
            return Ok(Step::Starved);
        }
        self.open = None;
        if partial.len() < stream.length {
            return Ok(Step::More);
        }
        self.pending_bytes -= stream.length;
        let payload = Bytes::from(stream.partial.take().unwrap_or_default());
        let (kind, timestamp, message_stream) = (stream.kind, stream.timestamp, stream.message_stream);
        Ok(Step::Message(Message { kind, timestamp, stream: message_stream, payload }))
    }

    /// Section 5.4.1.
    fn set_chunk_size(&mut self, message: &Message) -> Result<(), RtmpError> {
        let size = message.payload.first_chunk::<4>().ok_or(RtmpError::Truncated("Set Chunk Size"))?;
        self.chunk_bytes = usize::try_from(u32::from_be_bytes(*size)).unwrap_or(usize::MAX);
        // The first bit must be 0, and a chunk carries something.
        if self.chunk_bytes == 0 || self.chunk_bytes > 0x7fff_ffff {
            return Err(RtmpError::Invalid { structure: "Set Chunk Size", field: "chunk size" });
        }
        Ok(())
    }

    /// Section 5.4.2.
    fn abort(&mut self, message: &Message) -> Result<(), RtmpError> {
        let id = message.payload.first_chunk::<4>().ok_or(RtmpError::Truncated("Abort Message"))?;
        let id = u32::from_be_bytes(*id);
        let stream = self.streams.iter_mut().find(|stream| stream.id == id);
        if let Some(stream) = stream
            && stream.partial.take().is_some()
        {
            self.pending_bytes -= stream.length;
        }
        Ok(())
    }
}

enum Step {
    Message(Message),
    /// It goes on.
    More,
    /// All bytes were taken.
    Starved,
}

fn basic_bytes(first: u8) -> usize {
    match first & 0x3f {
        0 => 2,
        1 => 3,
        _ => 1,
    }
}

fn field_bytes(first: u8) -> usize {
    match first >> 6 {
        0 => 11,
        1 => 7,
        2 => 3,
        _ => 0,
    }
}

/// The chunk stream id (section 5.3.1.1) of a header that has all its bytes.
fn chunk_stream_id(head: &[u8]) -> u32 {
    let byte = |at: usize| u32::from(head.get(at).copied().unwrap_or_default());
    match byte(0) & 0x3f {
        0 => 64 + byte(1),
        1 => 64 + byte(1) + 256 * byte(2),
        id => id,
    }
}

fn u24(bytes: &[u8]) -> u32 {
    bytes.iter().take(3).fold(0, |value, byte| value << 8 | u32::from(*byte))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk::<4>()).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}
