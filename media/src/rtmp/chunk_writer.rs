use super::message::kind;

/// Chunks of what we say: longer than any answer but the one to `connect`.
const CHUNK_BYTES: u32 = 4_096;
/// What chunks carry until we have said otherwise.
const CHUNK_BYTES_AT_FIRST: usize = 128;
/// The chunk stream of protocol control messages (RTMP 1.0 section 5.4).
const CONTROL: u8 = 2;
/// The chunk stream of our commands.
const COMMANDS: u8 = 3;

/// Writes messages as chunks. Time means nothing in what a server says to a publisher, so all timestamps are 0.
#[derive(Debug)]
pub(super) struct ChunkWriter {
    chunk_bytes: usize,
}

impl ChunkWriter {
    pub(super) fn new() -> Self {
        Self { chunk_bytes: CHUNK_BYTES_AT_FIRST }
    }

    /// Sets the chunk size, and says so.
    pub(super) fn set_chunk_size(&mut self, out: &mut Vec<u8>) {
        self.control(out, kind::SET_CHUNK_SIZE, &CHUNK_BYTES.to_be_bytes());
        self.chunk_bytes = CHUNK_BYTES as usize;
    }

    /// Writes a protocol control message.
    pub(super) fn control(&self, out: &mut Vec<u8>, kind: u8, payload: &[u8]) {
        self.message(out, CONTROL, kind, 0, payload);
    }

    /// Writes a command on a message stream.
    pub(super) fn command(&self, out: &mut Vec<u8>, message_stream: u32, payload: &[u8]) {
        self.message(out, COMMANDS, kind::AMF0_COMMAND, message_stream, payload);
    }

    fn message(&self, out: &mut Vec<u8>, chunk_stream: u8, kind: u8, message_stream: u32, payload: &[u8]) {
        // Ours are a few hundred bytes long.
        let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
        out.extend_from_slice(&[chunk_stream, 0, 0, 0, length[1], length[2], length[3], kind]);
        out.extend_from_slice(&message_stream.to_le_bytes());
        for (number, piece) in payload.chunks(self.chunk_bytes).enumerate() {
            if number > 0 {
                out.push(0xc0 | chunk_stream);
            }
            out.extend_from_slice(piece);
        }
    }
}
