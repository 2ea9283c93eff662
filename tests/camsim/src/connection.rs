use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::net::TcpStream;

use crate::fault::Fault;
use crate::journal::{JournalEntry, Step};
use crate::output::Output;
use crate::rtsp::{Input, Request, Response, Transport, next_input};
use crate::server::Shared;
use crate::session::{SessionId, TrackState};
use crate::stats::add;
use crate::stream::{DRIP_INTERVAL, Stream};

/// How long a client without a session may be silent.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// Descriptions are padded to no more than this.
const SDP_BYTES_MAX: usize = 64 * 1024 * 1024;
const READ_BYTES: usize = 2048;
const METHODS: &str = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN";

/// One client.
pub(crate) struct Connection {
    shared: Arc<Shared>,
    id: u64,
    peer: SocketAddr,
    nonce: String,
    output: Arc<Output>,
    /// The stream it named first, with its position; a connection serves one.
    stream: Option<(usize, Arc<Stream>)>,
    session: Option<Pending>,
}

/// A session between SETUP and the end.
struct Pending {
    id: SessionId,
    name: String,
    tracks: Vec<(usize, Transport, u32)>,
    playing: bool,
}

/// What follows a request.
enum Next {
    Answer(Response),
    /// Bytes that are no answer.
    Raw(Vec<u8>),
    Nothing,
    Close {
        reset: bool,
    },
    /// The answer, then the end of the session.
    Teardown(Response),
}

impl Connection {
    pub(crate) fn new(shared: Arc<Shared>, id: u64, socket: TcpStream, peer: SocketAddr) -> Self {
        let nonce = format!("{:016x}", shared.random());
        Self { shared, id, peer, nonce, output: Arc::new(Output::new(socket)), stream: None, session: None }
    }

    /// Serves until either side closes.
    pub(crate) async fn run(mut self) {
        let output = Arc::clone(&self.output);
        tokio::select! {
            () = output.closed() => {}
            result = self.serve() => {
                if let Err(error) = result {
                    tracing::debug!(peer = %self.peer, %error, "connection ended");
                }
            }
        }
        if let Some((_, stream)) = &self.stream {
            if let Some(session) = &self.session {
                stream.release(session.id, false, self.shared.pacer.now());
            }
            stream.disconnected(self.id);
            self.note(stream, Step::Left);
        }
    }

    async fn serve(&mut self) -> io::Result<()> {
        let mut buffer = BytesMut::new();
        loop {
            loop {
                match next_input(&buffer).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))? {
                    Input::Incomplete => break,
                    Input::Interleaved(len) => buffer.advance(len),
                    Input::Request(request, len) => {
                        buffer.advance(len);
                        if !self.request(&request).await? {
                            return Ok(());
                        }
                    }
                }
            }
            let patience = match (&self.session, &self.stream) {
                (Some(_), Some((_, stream))) => stream.config.session_timeout,
                _ => IDLE_MAX,
            };
            tokio::time::timeout(patience, self.output.socket().readable()).await??;
            buffer.reserve(READ_BYTES);
            match self.output.socket().try_read_buf(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Handles one request; `false` ends the connection.
    async fn request(&mut self, request: &Request) -> io::Result<bool> {
        match self.decide(request) {
            Next::Nothing => {}
            Next::Answer(response) => {
                if response.status >= 400 {
                    self.count_refusal();
                }
                self.send(&response.to_bytes(request)).await?;
            }
            Next::Raw(bytes) => {
                self.count_refusal();
                self.send(&bytes).await?;
            }
            Next::Close { reset } => {
                self.count_refusal();
                self.output.close(reset);
                return Ok(false);
            }
            Next::Teardown(response) => {
                if let (Some((_, stream)), Some(session)) = (&self.stream, self.session.take()) {
                    stream.release(session.id, true, self.shared.pacer.now());
                }
                self.send(&response.to_bytes(request)).await?;
            }
        }
        Ok(true)
    }

    fn note(&self, stream: &Stream, step: Step) {
        let (at_unix_us, path) = (self.shared.pacer.unix_us(), stream.config.path.clone());
        self.shared.journal.note(JournalEntry { at_unix_us, path, peer: self.peer.ip(), step });
    }

    fn count_refusal(&self) {
        if let Some((_, stream)) = &self.stream {
            add(&stream.counters.refused, 1);
        }
    }

    fn fault(&self) -> Option<Fault> {
        self.stream.as_ref().and_then(|(_, stream)| stream.fault())
    }

    /// Sends an answer behind the media that waits. While nothing plays, waits until it is out; the pacer sees to it otherwise.
    async fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.output.enqueue(bytes);
        loop {
            let drip = matches!(self.fault(), Some(Fault::Drip));
            if drip && self.session.as_ref().is_some_and(|session| session.playing) {
                return Ok(());
            }
            let left = self.output.flush(if drip { 1 } else { usize::MAX })?;
            if left == 0 {
                return Ok(());
            }
            if drip {
                tokio::time::sleep(DRIP_INTERVAL).await;
            } else {
                self.output.socket().writable().await?;
            }
        }
    }

    fn decide(&mut self, request: &Request) -> Next {
        let (path, track) = request.target();
        if self.stream.is_none()
            && let Some((index, stream)) = self.shared.stream(path)
        {
            stream.connected(self.id, &self.output);
            self.note(&stream, Step::Arrived);
            self.stream = Some((index, stream));
        }
        let Some((index, stream)) = self.stream.clone() else {
            let known = request.method == "OPTIONS";
            return Next::Answer(if known { Response::ok().with("Public", METHODS) } else { Response::status(404) });
        };
        let mut sdp_bytes = 0;
        match stream.fault() {
            Some(Fault::Stall) => return Next::Nothing,
            Some(Fault::Hangup { reset }) if self.session.is_none() => return Next::Close { reset },
            Some(Fault::Garbage) => return Next::Raw(self.garbage()),
            Some(Fault::Refuse { status }) if request.method != "OPTIONS" && self.session.is_none() => {
                return Next::Answer(Response::status(status));
            }
            Some(Fault::WrongPassword) if request.method != "OPTIONS" => {
                return Next::Answer(
                    Response::status(401).with("WWW-Authenticate", stream.config.auth.challenge(&self.nonce)),
                );
            }
            Some(Fault::Redirect { url }) if request.method == "DESCRIBE" => {
                return Next::Answer(Response::status(302).with("Location", url));
            }
            Some(Fault::HugeSdp { bytes }) => sdp_bytes = bytes.min(SDP_BYTES_MAX),
            _ => {}
        }
        if request.method == "OPTIONS" {
            return Next::Answer(Response::ok().with("Public", METHODS));
        }
        if !stream.config.auth.admits(request, &self.nonce) {
            return Next::Answer(
                Response::status(401).with("WWW-Authenticate", stream.config.auth.challenge(&self.nonce)),
            );
        }
        if path != stream.config.path {
            return Next::Answer(Response::status(404));
        }
        if let (Some(name), Some(session)) = (request.header("Session"), &self.session)
            && name.split(';').next() != Some(session.name.as_str())
        {
            return Next::Answer(Response::status(454));
        }
        match request.method.as_str() {
            "DESCRIBE" => {
                let sdp = pad(stream.sdp(), sdp_bytes);
                let base = request.uri.split('?').next().unwrap_or_default().trim_end_matches('/');
                Next::Answer(Response::ok().with("Content-Base", format!("{base}/")).with_sdp(sdp))
            }
            "SETUP" => Next::Answer(self.setup(request, &stream, track).unwrap_or_else(Response::status)),
            "PLAY" => Next::Answer(self.play(request, index, &stream).unwrap_or_else(Response::status)),
            "PAUSE" => match &mut self.session {
                Some(session) => {
                    session.playing = false;
                    stream.pause(session.id);
                    Next::Answer(Response::ok().with("Session", session.name.clone()))
                }
                None => Next::Answer(Response::status(454)),
            },
            "GET_PARAMETER" | "SET_PARAMETER" => Next::Answer(match &self.session {
                Some(session) => Response::ok().with("Session", session.name.clone()),
                None => Response::ok(),
            }),
            "TEARDOWN" if self.session.is_some() => Next::Teardown(Response::ok()),
            "TEARDOWN" => Next::Answer(Response::status(454)),
            _ => Next::Answer(Response::status(405).with("Allow", METHODS)),
        }
    }

    fn setup(&mut self, request: &Request, stream: &Stream, track: Option<usize>) -> Result<Response, u16> {
        let track = track.unwrap_or(0);
        if track >= stream.tracks() {
            return Err(404);
        }
        let transport = request.header("Transport").and_then(|offer| Transport::choose(offer, track)).ok_or(461_u16)?;
        if self.session.as_ref().is_some_and(|session| session.playing) {
            return Err(455);
        }
        let ssrc = self.shared.random() as u32;
        let name = match &mut self.session {
            Some(session) => {
                session.tracks.retain(|(have, ..)| *have != track);
                session.tracks.push((track, transport, ssrc));
                session.name.clone()
            }
            None => {
                let (id, name) = (self.shared.next_session(), format!("{:016x}", self.shared.random()));
                stream.grant(id, self.shared.pacer.now())?;
                let tracks = vec![(track, transport, ssrc)];
                self.session = Some(Pending { id, name: name.clone(), tracks, playing: false });
                name
            }
        };
        let transport = match transport {
            Transport::Tcp { rtp, rtcp } => format!("RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp};ssrc={ssrc:08X}"),
            Transport::Udp { rtp, rtcp } => {
                let port = self.shared.udp.rtp_port;
                format!("RTP/AVP;unicast;client_port={rtp}-{rtcp};server_port={port}-{};ssrc={ssrc:08X}", port + 1)
            }
        };
        let timeout = stream.config.session_timeout.as_secs().max(1);
        Ok(Response::ok().with("Transport", transport).with("Session", format!("{name};timeout={timeout}")))
    }

    fn play(&mut self, request: &Request, index: usize, stream: &Stream) -> Result<Response, u16> {
        let session = self.session.as_mut().ok_or(454_u16)?;
        if session.playing {
            return Ok(Response::ok().with("Session", session.name.clone()));
        }
        let shared = &self.shared;
        let tracks = session.tracks.iter().map(|(track, transport, ssrc)| {
            let random = shared.random();
            TrackState::new(*track, *transport, *ssrc, random as u16, (random >> 32) as u32)
        });
        let (infos, wake) = stream.play(session.id, &self.output, self.peer.ip(), tracks.collect(), shared.pacer.now());
        session.playing = true;
        if let Some(due) = wake {
            shared.pacer.add(due, index);
        }
        let base = request.uri.split('?').next().unwrap_or_default().trim_end_matches('/');
        let infos: Vec<String> = infos
            .iter()
            .map(|info| format!("url={base}/trackID={};seq={};rtptime={}", info.track, info.sequence, info.timestamp))
            .collect();
        let answer = Response::ok().with("Session", session.name.clone()).with("Range", "npt=0.000-");
        self.note(stream, Step::Played);
        Ok(answer.with("RTP-Info", infos.join(",")))
    }

    /// Bytes that are no RTSP, and hold no line end that could make them look like it.
    fn garbage(&self) -> Vec<u8> {
        (0..64).flat_map(|_| self.shared.random().to_be_bytes()).map(|byte| byte | 0x80).collect()
    }
}

/// Pads a description with attributes nobody knows.
fn pad(mut sdp: String, bytes: usize) -> String {
    const LINE: &str = "a=x-camsim-padding:0123456789012345678901234567890123456789012345678901234567890123456789\r\n";
    let lines = bytes.saturating_sub(sdp.len()).div_ceil(LINE.len());
    sdp.push_str(&LINE.repeat(lines));
    sdp
}
