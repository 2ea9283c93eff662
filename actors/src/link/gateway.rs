use std::sync::Arc;
use std::time::Duration;

use ractor::message::{BoxedDowncastErr, SerializedMessage};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

use super::message::{Envelope, decode, encode};
use super::session::LinkSession;
use super::sessions::Sessions;
use super::{LinkAnswer, LinkCast, LinkHandler, LinkRequest};

/// The group that a node's gateway is in: how a peer finds it among what ractor_cluster tells it.
pub(super) const GATEWAY_GROUP: &str = "eyrie-gateway";
/// How long an answer may take, whatever the caller's deadline.
const ANSWER_WITHIN_MAX: Duration = Duration::from_secs(60);

/// What peers say to a gateway: an [`Envelope`] of a cast or of a request. The only messages of the process that travel.
pub(super) enum GatewayMessage {
    /// No answer is expected.
    Cast(Vec<u8>),
    /// The answer goes back, encoded.
    Call(Vec<u8>, RpcReplyPort<Vec<u8>>),
}

impl ractor::Message for GatewayMessage {
    fn serializable() -> bool {
        true
    }

    fn serialize(self) -> Result<SerializedMessage, BoxedDowncastErr> {
        let (variant, metadata) = (String::new(), None);
        Ok(match self {
            Self::Cast(args) => SerializedMessage::Cast { variant, args, metadata },
            Self::Call(args, reply) => SerializedMessage::Call { variant, args, reply, metadata },
        })
    }

    fn deserialize(message: SerializedMessage) -> Result<Self, BoxedDowncastErr> {
        match message {
            SerializedMessage::Cast { args, .. } => Ok(Self::Cast(args)),
            SerializedMessage::Call { args, reply, .. } => Ok(Self::Call(args, reply)),
            SerializedMessage::CallReply(..) => Err(BoxedDowncastErr),
        }
    }
}

/// The one actor of a node that peers can reach. It never waits: what takes time runs beside it.
pub(super) struct Gateway {
    sessions: Arc<Sessions>,
    handler: Arc<dyn LinkHandler>,
}

impl Gateway {
    pub(super) fn new(sessions: Arc<Sessions>, handler: Arc<dyn LinkHandler>) -> Self {
        Self { sessions, handler }
    }

    fn cast(&self, bytes: &[u8]) {
        let Some(Envelope { from, message }) = decode::<Envelope<LinkCast>>(bytes) else { return unread("cast") };
        // Who has no session with us cannot be who said it; or it has just ended, and a cast may be lost.
        match self.sessions.of(from) {
            Some(_) => self.handler.cast(from, message),
            None => unread("stranger"),
        }
    }

    fn call(&self, bytes: &[u8], reply: RpcReplyPort<Vec<u8>>) {
        let message = decode::<Envelope<LinkRequest>>(bytes).map(|envelope| envelope.message);
        if message == Some(LinkRequest::Ping) {
            // Not counted against the peer's credit: there is one at a time, and it gives credit back. Answered also before the
            // session is ready here: the peer's side may be ready first, and would take silence for a node that stands still.
            let _ = encode(&LinkAnswer::Pong).map(|bytes| reply.send(bytes));
            return;
        }
        // The sender comes first, so it is read also where the request is of a newer release.
        let from = decode::<Envelope<()>>(bytes).and_then(|envelope| self.sessions.of(envelope.from));
        let Some(session) = from else { return unread("stranger") };
        let Some(message) = message else {
            unread("call");
            return answer(&session, reply, LinkAnswer::Unsupported);
        };
        let Some(place) = session.place_for_call() else { return answer(&session, reply, LinkAnswer::Busy) };
        let (handler, node) = (Arc::clone(&self.handler), session.node());
        let within = reply.get_timeout().unwrap_or(ANSWER_WITHIN_MAX).min(ANSWER_WITHIN_MAX);
        tokio::spawn(async move {
            let _place = place;
            // Past the deadline nobody waits for it any more.
            let work = tokio::time::timeout(within, handler.call(node, message));
            tokio::select! {
                done = work => if let Ok(done) = done { answer(&session, reply, done) },
                () = session.ended() => {}
            }
        });
    }
}

/// Sends `message`, unless too much is on its way to that peer already.
fn answer(session: &LinkSession, reply: RpcReplyPort<Vec<u8>>, message: LinkAnswer) {
    let bytes = encode(&message).or_else(|error| encode(&LinkAnswer::Refused(error.to_string())));
    let Ok(bytes) = bytes else { return };
    if session.take_credit(bytes.len()) {
        // The caller may have given up.
        let _ = reply.send(bytes);
    } else {
        metrics::counter!("eyrie_link_dropped_total", "kind" => "answer").increment(1);
    }
}

/// Counts what was not taken.
fn unread(what: &'static str) {
    metrics::counter!("eyrie_link_unread_total", "what" => what).increment(1);
}

impl Actor for Gateway {
    type Msg = GatewayMessage;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<GatewayMessage>, (): ()) -> Result<(), ActorProcessingErr> {
        ractor::pg::join(GATEWAY_GROUP.to_owned(), vec![myself.get_cell()]);
        Ok(())
    }

    async fn handle(
        &self,
        _myself: ActorRef<GatewayMessage>,
        message: GatewayMessage,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        match message {
            GatewayMessage::Cast(bytes) => self.cast(&bytes),
            GatewayMessage::Call(bytes, reply) => self.call(&bytes, reply),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use eyrie_types::NodeId;

    use super::*;

    struct Nothing;

    impl LinkHandler for Nothing {
        fn call(self: Arc<Self>, _: NodeId, _: LinkRequest) -> futures::future::BoxFuture<'static, LinkAnswer> {
            Box::pin(async { LinkAnswer::Busy })
        }

        fn cast(&self, _: NodeId, _: LinkCast) {}
    }

    #[tokio::test]
    async fn a_peer_whose_session_is_not_ready_here_yet_gets_its_pong_and_nothing_else() {
        let [own, peer] = [1, 2].map(|number| NodeId::from_uuid(uuid::Uuid::from_u128(number)));
        let gateway = Gateway::new(Arc::new(Sessions::new(own)), Arc::new(Nothing));
        for (message, expected) in [(LinkRequest::Ping, Some(LinkAnswer::Pong)), (LinkRequest::NodeInfo, None)] {
            let (reply, answered) = ractor::concurrency::oneshot();
            gateway.call(&encode(&Envelope { from: peer, message }).unwrap(), reply.into());
            assert_eq!(answered.await.ok().and_then(|bytes| decode(&bytes)), expected);
        }
    }
}
