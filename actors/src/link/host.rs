use std::collections::HashMap;
use std::sync::Arc;

use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use ractor_cluster::node::{NodeConnectionMode, SessionCheckReply};
use ractor_cluster::{NetworkStream, NodeServerMessage, NodeSession};

use super::gateway::{GATEWAY_GROUP, GatewayMessage};
use super::message::FRAME_BYTES_MAX;
use super::sessions::Sessions;

/// ractor_cluster wants a shared word. Who comes here has proved the cell's secret already, bound to the encrypted connection.
const COOKIE: &str = "eyrie";

/// Starts sessions on connections that were authenticated already, and hears how they go. It speaks the messages of
/// ractor_cluster's `NodeServer`, in whose place it stands.
pub(super) struct SessionHost {
    sessions: Arc<Sessions>,
}

impl SessionHost {
    pub(super) fn new(sessions: Arc<Sessions>) -> Self {
        Self { sessions }
    }

    async fn open(
        &self,
        myself: &ActorRef<NodeServerMessage>,
        stream: Box<dyn ractor_cluster::ClusterBidiStream>,
        is_server: bool,
        numbers: &mut HashMap<ActorId, u64>,
    ) {
        let Some(number) = stream.peer_label().and_then(|label| label.parse().ok()) else { return };
        let (reader, writer) = stream.split();
        let stream = NetworkStream::External { peer_label: None, local_label: None, reader, writer };
        // The type of a node's name cannot be named outside of ractor_cluster; the message that carries one gives us an empty one.
        let named = NodeServerMessage::UpdateSession { actor_id: myself.get_id(), name: Default::default() };
        let NodeServerMessage::UpdateSession { mut name, .. } = named else { return };
        // Both must differ from the peer's, or the session takes itself for one with itself.
        name.name = self.sessions.own().to_string();
        name.connection_string.clone_from(&name.name);
        let (cookie, mode) = (COOKIE.to_owned(), NodeConnectionMode::Isolated);
        let session = NodeSession::new(number, is_server, cookie, myself.clone(), name, mode)
            .with_max_inbound_frame_size(FRAME_BYTES_MAX);
        match NodeSession::spawn_linked(None, session, stream, myself.get_cell()).await {
            Ok((actor, _)) => {
                numbers.insert(actor.get_id(), number);
            }
            Err(error) => {
                tracing::warn!(%error, "a session with a peer could not be started");
                self.sessions.ended(number);
            }
        }
    }

    /// All that the peer had to tell has been told, its gateway too.
    fn ready(&self, number: u64) {
        let of_session = |id| matches!(id, ActorId::Remote { node_id, .. } if node_id == number);
        let members = ractor::pg::get_members(&GATEWAY_GROUP.to_owned());
        let gateway = members.into_iter().find(|member| of_session(member.get_id()));
        match gateway {
            Some(gateway) => self.sessions.ready(number, ActorRef::<GatewayMessage>::from(gateway)),
            None => self.sessions.cut(number, "no_gateway"),
        }
    }
}

impl Actor for SessionHost {
    type Msg = NodeServerMessage;
    /// The numbers of the sessions, by their actors.
    type State = HashMap<ActorId, u64>;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<NodeServerMessage>, (): ()) -> Result<Self::State, ActorProcessingErr> {
        Ok(HashMap::new())
    }

    async fn handle(
        &self,
        myself: ActorRef<NodeServerMessage>,
        message: NodeServerMessage,
        numbers: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            NodeServerMessage::ConnectionOpenedExternal { stream, is_server } => {
                self.open(&myself, stream, is_server, numbers).await;
            }
            // Which of two sessions with a peer stays is decided by `Sessions`, which knows who it is.
            NodeServerMessage::CheckSession { reply, .. } => {
                let _ = reply.send(SessionCheckReply::NoOtherConnection);
            }
            NodeServerMessage::ConnectionReady(actor) => {
                if let Some(number) = numbers.get(&actor) {
                    self.ready(*number);
                }
            }
            NodeServerMessage::GetSessions(reply) => {
                let _ = reply.send(HashMap::new());
            }
            // The rest is about listeners, names and subscribers, none of which are here.
            _ => {}
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<NodeServerMessage>,
        event: SupervisionEvent,
        numbers: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let ended = match event {
            SupervisionEvent::ActorTerminated(actor, ..) => actor.get_id(),
            SupervisionEvent::ActorFailed(actor, error) => {
                tracing::warn!(%error, "a session with a peer failed");
                actor.get_id()
            }
            _ => return Ok(()),
        };
        if let Some(number) = numbers.remove(&ended) {
            self.sessions.ended(number);
        }
        Ok(())
    }
}
