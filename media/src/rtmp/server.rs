use bytes::Bytes;
use eyrie_types::Secret;

use super::amf0::{self, Amf};
use super::chunk_reader::ChunkReader;
use super::chunk_writer::ChunkWriter;
use super::command::Command;
use super::handshake::Handshake;
use super::limits::{ACK_WINDOW_MIN, BEFORE_PUBLISH_BYTES_MAX, COMMANDS_MAX, NAME_BYTES_MAX, OUTPUT_BYTES_MAX};
use super::message::{Message, kind};
use super::{HANDSHAKE_RANDOM_BYTES, RtmpError};

/// What the peer is to acknowledge, and we do until it says otherwise, in bytes.
const ACK_WINDOW: u32 = 2_500_000;
/// The message stream that publishers get.
const PUBLISHED: u32 = 1;
/// User control events (RTMP 1.0 section 7.1.7).
const STREAM_BEGIN: u16 = 0;
const PING_REQUEST: u16 = 6;
const PING_RESPONSE: u16 = 7;
/// What Enhanced RTMP's publishers may send, as the answer to `connect` says it.
const FOUR_CCS: [&str; 3] = ["avc1", "hvc1", "mp4a"];

/// What a publisher does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RtmpEvent {
    /// It asks to publish. Answered by [`RtmpServer::accept`] or [`RtmpServer::refuse`]; nothing is read before that.
    Publish {
        /// The application: the first part of its address's path.
        app: String,
        /// The name of the stream: the rest of it. It holds the publisher's key.
        name: Secret,
    },
    /// An FLV video tag's body, for [`super::FlvDemuxer::video`].
    Video {
        /// When it is decoded, in milliseconds, wrapping.
        timestamp: u32,
        /// The body.
        tag: Bytes,
    },
    /// An FLV audio tag's body, for [`super::FlvDemuxer::audio`].
    Audio {
        /// Its time in milliseconds, wrapping.
        timestamp: u32,
        /// The body.
        tag: Bytes,
    },
    /// It has ended what it published.
    End,
}

/// Why a publisher is not let in, or let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such camera, or the key is not its key; which of them is not told.
    BadKey,
    /// Somebody else publishes to it.
    Busy,
    /// What it sends is not carried.
    Unsupported,
    /// The server ends the session.
    Ended,
}

impl Refusal {
    const fn code(self) -> &'static str {
        match self {
            Self::BadKey | Self::Busy => "NetStream.Publish.BadName",
            Self::Unsupported => "NetStream.Publish.Rejected",
            Self::Ended => "NetStream.Publish.Failed",
        }
    }
}

#[derive(Debug)]
enum Phase {
    Handshake(Box<Handshake>),
    /// Commands come; the application, once `connect` named it.
    Setup(Option<String>),
    /// The question is asked.
    Asked,
    Publishing,
    Over,
}

/// A server's side of one connection with a publisher. Bytes go in by [`RtmpServer::next`]; what is to be sent comes out of
/// [`RtmpServer::take_output`], which is to be asked after each call.
#[derive(Debug)]
pub struct RtmpServer {
    phase: Phase,
    reader: ChunkReader,
    writer: ChunkWriter,
    out: Vec<u8>,
    commands: u32,
    /// Bytes that came.
    received: u64,
    /// Of which so many are acknowledged.
    acknowledged: u64,
    ack_window: u64,
}

impl RtmpServer {
    /// A session that begins with the handshake; `random` is what its S1 holds.
    pub fn new(random: [u8; HANDSHAKE_RANDOM_BYTES]) -> Self {
        Self {
            phase: Phase::Handshake(Box::new(Handshake::new(random))),
            reader: ChunkReader::new(),
            writer: ChunkWriter::new(),
            out: Vec::new(),
            commands: 0,
            received: 0,
            acknowledged: 0,
            ack_window: u64::from(ACK_WINDOW),
        }
    }

    /// Takes bytes from the front of `input` until there is something to tell. `None`: all were taken, or it waits for an answer
    /// to [`RtmpEvent::Publish`].
    ///
    /// # Errors
    /// When the bytes are no RTMP, or more than is taken. The session is over then.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<RtmpEvent>, RtmpError> {
        let before = input.len();
        let found = self.advance(input);
        self.received += (before - input.len()) as u64;
        let found = found.and_then(|event| self.check().map(|()| event));
        if found.is_err() {
            self.phase = Phase::Over;
        }
        found
    }

    /// What is to be sent to the publisher.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Lets the publisher in: media may come.
    pub fn accept(&mut self) {
        if !matches!(self.phase, Phase::Asked) {
            return;
        }
        self.phase = Phase::Publishing;
        self.reader.allow_media();
        self.user_control(STREAM_BEGIN, &PUBLISHED.to_be_bytes());
        self.status("status", "NetStream.Publish.Start", "Let in: send pictures.");
    }

    /// Turns the publisher away, or ends what it publishes; `why` is for the person who runs it.
    pub fn refuse(&mut self, refusal: Refusal, why: &str) {
        if matches!(self.phase, Phase::Asked | Phase::Publishing) {
            self.status("error", refusal.code(), why);
        }
        self.phase = Phase::Over;
    }

    fn advance(&mut self, input: &mut &[u8]) -> Result<Option<RtmpEvent>, RtmpError> {
        loop {
            match &mut self.phase {
                Phase::Handshake(handshake) => {
                    if !handshake.next(input, &mut self.out)? {
                        return Ok(None);
                    }
                    self.phase = Phase::Setup(None);
                }
                Phase::Asked => return Ok(None),
                Phase::Over => return Err(RtmpError::Over),
                Phase::Setup(_) | Phase::Publishing => {
                    let Some(message) = self.reader.next(input)? else { return Ok(None) };
                    if let Some(event) = self.message(message)? {
                        return Ok(Some(event));
                    }
                    if self.out.len() > OUTPUT_BYTES_MAX {
                        return Err(RtmpError::TooMuch { what: "bytes of answers", max: OUTPUT_BYTES_MAX });
                    }
                }
            }
        }
    }

    /// Looks at how much came, and acknowledges it where that is due (section 5.4.3).
    fn check(&mut self) -> Result<(), RtmpError> {
        match self.phase {
            Phase::Handshake(_) | Phase::Setup(_) => {
                if self.received > BEFORE_PUBLISH_BYTES_MAX {
                    let max = BEFORE_PUBLISH_BYTES_MAX as usize;
                    return Err(RtmpError::TooMuch { what: "bytes before anything is published", max });
                }
            }
            Phase::Asked | Phase::Over => {}
            Phase::Publishing => {
                if self.received - self.acknowledged >= self.ack_window {
                    self.acknowledged = self.received;
                    // The count wraps (section 5.4.3).
                    let sequence = (self.received & u64::from(u32::MAX)) as u32;
                    self.writer.control(&mut self.out, kind::ACKNOWLEDGEMENT, &sequence.to_be_bytes());
                }
            }
        }
        Ok(())
    }

    fn message(&mut self, message: Message) -> Result<Option<RtmpEvent>, RtmpError> {
        let Message { kind, timestamp, payload, .. } = message;
        let publishing = matches!(self.phase, Phase::Publishing);
        match kind {
            kind::VIDEO if publishing => Ok(Some(RtmpEvent::Video { timestamp, tag: payload })),
            kind::AUDIO if publishing => Ok(Some(RtmpEvent::Audio { timestamp, tag: payload })),
            kind::VIDEO | kind::AUDIO => Err(RtmpError::MediaTooEarly),
            kind::AGGREGATE => Err(RtmpError::Unsupported("an aggregate message")),
            kind::AMF0_COMMAND => self.command(&payload),
            // A format byte, and AMF0 again: AMF3 is used only where that says so.
            kind::AMF3_COMMAND => self.command(payload.get(1..).unwrap_or_default()),
            kind::WINDOW_ACK_SIZE => {
                let window = payload.first_chunk::<4>().ok_or(RtmpError::Truncated("Window Acknowledgement Size"))?;
                self.ack_window = u64::from(u32::from_be_bytes(*window).max(ACK_WINDOW_MIN));
                Ok(None)
            }
            kind::USER_CONTROL => {
                if let Some((event, data)) = payload.split_first_chunk::<2>()
                    && u16::from_be_bytes(*event) == PING_REQUEST
                    && let Some(time) = data.first_chunk::<4>()
                {
                    self.user_control(PING_RESPONSE, time);
                }
                Ok(None)
            }
            // Acknowledgements, bandwidth, metadata: nothing here depends on them.
            _ => Ok(None),
        }
    }

    fn command(&mut self, payload: &[u8]) -> Result<Option<RtmpEvent>, RtmpError> {
        let command = Command::parse(payload)?;
        match (&mut self.phase, command.name.as_str()) {
            (Phase::Publishing, "FCUnpublish" | "deleteStream" | "closeStream") => {
                self.phase = Phase::Over;
                return Ok(Some(RtmpEvent::End));
            }
            (Phase::Publishing, "publish" | "connect") => return Err(RtmpError::Unexpected("publish")),
            // Whatever else is said meanwhile changes nothing.
            (Phase::Publishing, _) => return Ok(None),
            _ => {}
        }
        self.commands += 1;
        if self.commands > COMMANDS_MAX {
            let max = COMMANDS_MAX as usize;
            return Err(RtmpError::TooMuch { what: "commands before anything is published", max });
        }
        let Phase::Setup(app) = &mut self.phase else { return Ok(None) };
        match command.name.as_str() {
            "connect" => {
                let named = command.arguments.first().and_then(|object| object.get("app")).and_then(Amf::as_str);
                let named = named.unwrap_or_default();
                let named = checked(named.split('?').next().unwrap_or_default().trim_matches('/'), "app")?;
                if app.replace(named).is_some() {
                    return Err(RtmpError::Unexpected("connect"));
                }
                self.connected(command.transaction);
            }
            "createStream" => {
                self.result(command.transaction, vec![Amf::Null, Amf::Number(f64::from(PUBLISHED))]);
            }
            "releaseStream" | "FCPublish" => self.result(command.transaction, vec![Amf::Null, Amf::Null]),
            "publish" => {
                let app = app.take().ok_or(RtmpError::Unexpected("publish"))?;
                let name = checked(command.text(1).unwrap_or_default(), "stream name")?;
                self.phase = Phase::Asked;
                return Ok(Some(RtmpEvent::Publish { app, name: Secret::new(name) }));
            }
            "play" | "play2" => return Err(RtmpError::Unsupported("playing by RTMP")),
            // FCUnpublish of what was never published, _checkbw, and what publishers ask of servers of a certain make.
            _ => {}
        }
        Ok(None)
    }

    /// Answers `connect` (section 7.2.1.1).
    fn connected(&mut self, transaction: f64) {
        let window = ACK_WINDOW.to_be_bytes();
        self.writer.control(&mut self.out, kind::WINDOW_ACK_SIZE, &window);
        let [a, b, c, d] = window;
        // 2: a limit of the kind that each side may take as it likes.
        self.writer.control(&mut self.out, kind::SET_PEER_BANDWIDTH, &[a, b, c, d, 2]);
        self.writer.set_chunk_size(&mut self.out);
        let server = object([("fmsVer", string("FMS/3,5,7,7009")), ("capabilities", Amf::Number(31.0))]);
        let info = object([
            ("level", string("status")),
            ("code", string("NetConnection.Connect.Success")),
            ("description", string("Connected.")),
            ("objectEncoding", Amf::Number(0.0)),
            ("fourCcList", Amf::Array(FOUR_CCS.into_iter().map(string).collect())),
        ]);
        self.result(transaction, vec![server, info]);
    }

    fn result(&mut self, transaction: f64, values: Vec<Amf>) {
        self.say(0, [string("_result"), Amf::Number(transaction)].into_iter().chain(values));
    }

    /// Says what became of the published stream (section 7.2.2).
    fn status(&mut self, level: &str, code: &str, description: &str) {
        let info = object([("level", string(level)), ("code", string(code)), ("description", string(description))]);
        self.say(PUBLISHED, [string("onStatus"), Amf::Number(0.0), Amf::Null, info]);
    }

    fn say(&mut self, message_stream: u32, values: impl IntoIterator<Item = Amf>) {
        let mut body = Vec::new();
        values.into_iter().for_each(|value| amf0::write(&mut body, &value));
        self.writer.command(&mut self.out, message_stream, &body);
    }

    fn user_control(&mut self, event: u16, data: &[u8]) {
        let body = [&event.to_be_bytes()[..], data].concat();
        self.writer.control(&mut self.out, kind::USER_CONTROL, &body);
    }
}

/// A name of a publisher's, if it may be one.
fn checked(name: &str, field: &'static str) -> Result<String, RtmpError> {
    let fits = (1..=NAME_BYTES_MAX).contains(&name.len()) && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned()).ok_or(RtmpError::Invalid { structure: "a command", field })
}

fn string(text: &str) -> Amf {
    Amf::String(text.to_owned())
}

fn object<const N: usize>(members: [(&str, Amf); N]) -> Amf {
    Amf::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
