use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{Clock, Monotonic};
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::timing::WRITE_DEADLINE;
use super::types::RaftPeer;
use super::wire::{AnswerFrame, FRAME_BYTES_MAX, RaftAnswer, RaftRequest, RequestFrame, decode, encode};
use crate::backoff::jitter;
use crate::peer::frame::{read_frame, write_frame};
use crate::peer::{Dialer, PeerError, PeerStream, Purpose};

/// Requests that wait to be written: openraft has one append, one vote and a snapshot under way.
const QUEUE_MAX: usize = 16;
/// Requests whose answer is awaited on one connection; those given up count until their answer comes or the connection ends.
const AWAITED_MAX: usize = 256;
/// Pause after the first failed connection; doubles up to the last.
const PAUSE_FIRST: Duration = Duration::from_millis(50);
/// How long TCP, TLS and greetings may take: after a silent cut, attempts must not wait for TCP's own pauses.
const CONNECT_DEADLINE: Duration = Duration::from_millis(1500);
/// A connection on which nothing is answered for so long is given up; a new one does not wait for TCP's retransmissions.
const SILENCE_MAX: Duration = Duration::from_millis(1500);
/// Longest pause: a node that is back is to be heard within a second.
const PAUSE_MAX: Duration = Duration::from_millis(800);

/// Why a request got no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum CallError {
    /// There is no connection, and the next attempt comes later.
    #[error("{0}")]
    Unreachable(Arc<str>),
    /// The connection ended before the answer came.
    #[error("the connection ended before the answer came: {0}")]
    Lost(Arc<str>),
    /// The answer came too late.
    #[error("no answer in time")]
    TooSlow,
    /// More requests than the peer answers.
    #[error("too many requests wait for this peer")]
    Full,
}

/// The connection to one member, made when first needed and again after it was lost. Requests are numbered, so that a slow
/// answer holds up no other.
pub(super) struct Channel {
    peer: RaftPeer,
    queue: mpsc::Sender<Call>,
    _task: AbortOnDropHandle<()>,
}

struct Call {
    to: u64,
    body: RaftRequest,
    answer: oneshot::Sender<Result<RaftAnswer, CallError>>,
}

impl Channel {
    /// A channel of member `me` to `peer`.
    pub(super) fn new(me: u64, peer: RaftPeer, dialer: Dialer, clock: Arc<dyn Clock>) -> Self {
        let (queue, calls) = mpsc::channel(QUEUE_MAX);
        let task = Task { me, peer: peer.clone(), dialer, clock, pause: Duration::ZERO, failure: None };
        Self { peer, queue, _task: AbortOnDropHandle::new(tokio::spawn(task.run(calls))) }
    }

    /// Where it leads.
    pub(super) fn peer(&self) -> &RaftPeer {
        &self.peer
    }

    /// Asks the member with Raft id `to`.
    pub(super) async fn call(&self, to: u64, body: RaftRequest, deadline: Duration) -> Result<RaftAnswer, CallError> {
        let (answer, result) = oneshot::channel();
        self.queue.try_send(Call { to, body, answer }).map_err(|_| CallError::Full)?;
        match timeout(deadline, result).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(CallError::Lost("it was given up".into())),
            Err(_) => Err(CallError::TooSlow),
        }
    }
}

struct Task {
    me: u64,
    peer: RaftPeer,
    dialer: Dialer,
    clock: Arc<dyn Clock>,
    pause: Duration,
    /// The last failure, and until when calls fail with it.
    failure: Option<(Monotonic, Arc<str>)>,
}

impl Task {
    async fn run(mut self, mut calls: mpsc::Receiver<Call>) {
        while let Some(call) = calls.recv().await {
            if let Some((until, why)) = &self.failure
                && self.clock.monotonic() < *until
            {
                // Nobody may wait for it any more.
                let _ = call.answer.send(Err(CallError::Unreachable(why.clone())));
                continue;
            }
            match self.connect().await {
                Ok(stream) => {
                    self.pause = Duration::ZERO;
                    self.failure = None;
                    let (why, left) = Connection::new(self.me, stream).run(call, &mut calls).await;
                    let why: Arc<str> = why.to_string().into();
                    for answer in left {
                        let _ = answer.send(Err(CallError::Lost(why.clone())));
                    }
                }
                Err(error) => {
                    metrics::counter!("eyrie_raft_connect_failures_total").increment(1);
                    self.pause = (self.pause * 2).clamp(PAUSE_FIRST, PAUSE_MAX);
                    let half = self.pause / 2;
                    let jittered = half + half.mul_f64((jitter() % 1024) as f64 / 1024.0);
                    let why: Arc<str> = error.to_string().into();
                    self.failure = Some((self.clock.monotonic() + jittered, why.clone()));
                    let _ = call.answer.send(Err(CallError::Unreachable(why)));
                }
            }
        }
    }

    async fn connect(&self) -> Result<PeerStream, PeerError> {
        let dialed = self.dialer.dial(&self.peer.address, Purpose::Raft, Some(self.peer.node));
        timeout(CONNECT_DEADLINE, dialed).await.unwrap_or(Err(PeerError::TooSlow))
    }
}

/// One connection, until it ends.
struct Connection {
    me: u64,
    write: WriteHalf<PeerStream>,
    answers: mpsc::Receiver<io::Result<AnswerFrame>>,
    _reader: AbortOnDropHandle<()>,
    awaited: HashMap<u64, oneshot::Sender<Result<RaftAnswer, CallError>>>,
    number: u64,
}

impl Connection {
    fn new(me: u64, stream: PeerStream) -> Self {
        let (read, write) = tokio::io::split(stream);
        let (sender, answers) = mpsc::channel(QUEUE_MAX);
        let reader = AbortOnDropHandle::new(tokio::spawn(read_answers(read, sender)));
        Self { me, write, answers, _reader: reader, awaited: HashMap::new(), number: 0 }
    }

    /// Why it ended, and who still waits.
    async fn run(
        mut self,
        first: Call,
        calls: &mut mpsc::Receiver<Call>,
    ) -> (io::Error, Vec<oneshot::Sender<Result<RaftAnswer, CallError>>>) {
        let why = match self.write(first).await {
            Ok(()) => self.serve(calls).await,
            Err(error) => error,
        };
        (why, self.awaited.into_values().collect())
    }

    async fn serve(&mut self, calls: &mut mpsc::Receiver<Call>) -> io::Error {
        let silence = tokio::time::sleep(SILENCE_MAX);
        tokio::pin!(silence);
        loop {
            tokio::select! {
                // Answers first: after a stall of this node itself they lie here already.
                biased;
                answer = self.answers.recv() => match answer {
                    Some(Ok(AnswerFrame { number, body })) => {
                        silence.as_mut().reset(tokio::time::Instant::now() + SILENCE_MAX);
                        if let Some(waiting) = self.awaited.remove(&number) {
                            // It may have given up.
                            let _ = waiting.send(Ok(body));
                        }
                    }
                    Some(Err(error)) => return error,
                    None => return io::ErrorKind::UnexpectedEof.into(),
                },
                () = &mut silence, if !self.awaited.is_empty() => return io::ErrorKind::TimedOut.into(),
                call = calls.recv() => {
                    if self.awaited.is_empty() {
                        silence.as_mut().reset(tokio::time::Instant::now() + SILENCE_MAX);
                    }
                    let Some(call) = call else {
                        let _ = self.write.shutdown().await;
                        return io::Error::other("no longer needed");
                    };
                    if let Err(error) = self.write(call).await {
                        return error;
                    }
                }
            }
        }
    }

    async fn write(&mut self, call: Call) -> io::Result<()> {
        if self.awaited.len() >= AWAITED_MAX {
            self.awaited.retain(|_, waiting| !waiting.is_closed());
        }
        if self.awaited.len() >= AWAITED_MAX {
            let _ = call.answer.send(Err(CallError::Full));
            return Ok(());
        }
        self.number += 1;
        let bytes = encode(&RequestFrame { number: self.number, to: call.to, from: self.me, body: call.body });
        self.awaited.insert(self.number, call.answer);
        let written = timeout(WRITE_DEADLINE, write_frame(&mut self.write, &bytes, FRAME_BYTES_MAX)).await;
        written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

async fn read_answers(mut read: ReadHalf<PeerStream>, answers: mpsc::Sender<io::Result<AnswerFrame>>) {
    loop {
        let answer = match read_frame(&mut read, FRAME_BYTES_MAX).await {
            Ok(Some(bytes)) => decode(&bytes).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData)),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        let last = answer.is_err();
        if answers.send(answer).await.is_err() || last {
            return;
        }
    }
}

/// Sends one request over a connection of its own, made for it and closed after: for a snapshot, which would hold up
/// heartbeats, and for a node that is not a member yet.
pub(super) async fn ask_once(
    stream: &mut PeerStream,
    (me, to): (u64, u64),
    body: RaftRequest,
) -> io::Result<RaftAnswer> {
    let bytes = encode(&RequestFrame { number: 1, to, from: me, body });
    write_frame(stream, &bytes, FRAME_BYTES_MAX).await?;
    let answer = read_frame(stream, FRAME_BYTES_MAX).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let answer: AnswerFrame = decode(&answer).ok_or(io::ErrorKind::InvalidData)?;
    // Nothing else is said on it; how it ends does not matter.
    let _ = stream.shutdown().await;
    Ok(answer.body)
}
