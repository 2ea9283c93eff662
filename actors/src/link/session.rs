use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eyrie_types::NodeId;
use ractor::ActorRef;
use ractor::concurrency::OneshotReceiver;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::credits::Credits;
use super::gateway::GatewayMessage;
use super::message::{Envelope, decode, encode};
use super::{LinkAnswer, LinkError, LinkRequest};

/// Calls to one peer, and of one peer, that wait for their answers at a time.
pub const CALLS_MAX: usize = 256;

/// A peer with which there is a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkPeer {
    /// Which node.
    pub node: NodeId,
    /// The number of its start.
    pub start: u64,
    /// Tells two processes of one start apart.
    pub instance: u64,
    /// Its name, for people.
    pub name: String,
    /// We dialed it.
    pub dialed: bool,
    /// Rises with each session of this process.
    pub session: u64,
}

/// A session that is ready.
pub(super) struct LinkSession {
    peer: LinkPeer,
    gateway: ActorRef<GatewayMessage>,
    cut: CancellationToken,
    credits: Mutex<Credits>,
    /// Wakes the pings: credit runs short.
    short: Notify,
    calls_out: Semaphore,
    calls_in: Arc<Semaphore>,
}

impl LinkSession {
    pub(super) fn new(peer: LinkPeer, gateway: ActorRef<GatewayMessage>, cut: CancellationToken) -> Self {
        Self {
            peer,
            gateway,
            cut,
            credits: Mutex::default(),
            short: Notify::new(),
            calls_out: Semaphore::new(CALLS_MAX),
            calls_in: Arc::new(Semaphore::new(CALLS_MAX)),
        }
    }

    pub(super) fn peer(&self) -> &LinkPeer {
        &self.peer
    }

    pub(super) fn node(&self) -> NodeId {
        self.peer.node
    }

    /// Ends the session: its connection is cut, and all that waits with it.
    pub(super) fn close(&self) {
        self.cut.cancel();
    }

    /// Returns once the session is closed.
    pub(super) async fn ended(&self) {
        self.cut.cancelled().await;
    }

    /// Takes credit for an answer of `bytes`.
    pub(super) fn take_credit(&self, bytes: usize) -> bool {
        let mut credits = self.credits();
        let taken = credits.take(bytes);
        if !taken || credits.is_short() {
            self.short.notify_one();
        }
        taken
    }

    /// Returns once credit runs short.
    pub(super) async fn short_of_credit(&self) {
        self.short.notified().await;
    }

    /// A place for one more call of this peer that is being answered.
    pub(super) fn place_for_call(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.calls_in).try_acquire_owned().ok()
    }

    /// Says `bytes`, an envelope with a cast.
    ///
    /// # Errors
    /// [`LinkError::NoCredit`], [`LinkError::Lost`].
    pub(super) fn cast(&self, bytes: Vec<u8>) -> Result<(), LinkError> {
        self.say(bytes.len(), GatewayMessage::Cast(bytes))
    }

    /// Asks `bytes`, an envelope with a request.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub(super) async fn call(&self, bytes: Vec<u8>, within: Duration) -> Result<LinkAnswer, LinkError> {
        let node = self.node();
        let _place = self.calls_out.try_acquire().map_err(|_| LinkError::NoCredit(node))?;
        let (reply, answer) = ractor::concurrency::oneshot();
        self.say(bytes.len(), GatewayMessage::Call(bytes, (reply, within).into()))?;
        match self.answer(answer, within).await? {
            LinkAnswer::Busy => Err(LinkError::Busy(node)),
            LinkAnswer::Unsupported => Err(LinkError::Unsupported(node)),
            answer => Ok(answer),
        }
    }

    /// Pings; what was said before it has arrived when this answers, and its credit is back.
    ///
    /// # Errors
    /// When no pong comes in time, or the session ended.
    pub(super) async fn ping(&self, own: NodeId, within: Duration) -> Result<(), LinkError> {
        let bytes = encode(&Envelope { from: own, message: LinkRequest::Ping })?;
        let (reply, answer) = ractor::concurrency::oneshot();
        let number = {
            let mut credits = self.credits();
            self.send(GatewayMessage::Call(bytes, (reply, within).into()))?;
            credits.ping()
        };
        self.answer(answer, within).await?;
        self.credits().pong(number);
        Ok(())
    }

    /// Takes credit and sends, in one: a ping that comes between would tell that this has arrived before it was sent.
    fn say(&self, bytes: usize, message: GatewayMessage) -> Result<(), LinkError> {
        let mut credits = self.credits();
        let taken = credits.take(bytes);
        if !taken || credits.is_short() {
            self.short.notify_one();
        }
        if taken { self.send(message) } else { Err(LinkError::NoCredit(self.node())) }
    }

    /// Puts `message` into the peer's queue; does not wait.
    fn send(&self, message: GatewayMessage) -> Result<(), LinkError> {
        self.gateway.send_message(message).map_err(|_| LinkError::Lost(self.node()))
    }

    async fn answer(&self, answer: OneshotReceiver<Vec<u8>>, within: Duration) -> Result<LinkAnswer, LinkError> {
        let node = self.node();
        tokio::select! {
            answered = tokio::time::timeout(within, answer) => match answered {
                Ok(Ok(bytes)) => decode(&bytes).ok_or(LinkError::NotUnderstood(node)),
                Ok(Err(_)) => Err(LinkError::Lost(node)),
                Err(_) => Err(LinkError::Deadline { node, within }),
            },
            () = self.ended() => Err(LinkError::Lost(node)),
        }
    }

    fn credits(&self) -> MutexGuard<'_, Credits> {
        // Every critical section leaves the value whole.
        self.credits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
