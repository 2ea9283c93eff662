use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use eyrie_types::{CameraId, Event, ProblemCode};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;

use crate::auth::TICKET_TTL;
use crate::model::{ClientMessage, FeedMessage, TicketAnswer};
use crate::principal::{Authorized, Principal, Via};
use crate::{GatewayState, Problem};

/// The protocol of the messages.
const PROTOCOL: &str = "eyrie.v1";
/// How often the other end is asked whether it is there, and the session whether it stands.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// Heartbeats without any answer before the connection counts as dead.
const SILENT_BEATS_MAX: u32 = 2;
/// How long one message may take to leave: a reader that takes longer is too slow.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Cameras whose facts one socket may watch: the largest layout. 32 messages of 400 bytes a second.
const WATCHED_MAX: usize = 32;
/// How often facts are sent.
const FACTS_EVERY: Duration = Duration::from_secs(1);
/// Largest message taken from a client: a list of [`WATCHED_MAX`] cameras, with room.
const CLIENT_MESSAGE_BYTES_MAX: usize = 4096;

/// The session has ended.
const CLOSE_ENDED: u16 = 4401;
/// The client reads too slowly.
const CLOSE_SLOW: u16 = 4408;
/// The client asks for more than it may (RFC 6455: policy violation).
const CLOSE_POLICY: u16 = 1008;
/// The node is stopping (RFC 6455 registry: service restart).
const CLOSE_RESTART: u16 = 1012;

/// Statuses in one message: 150 kB, so that 1,000 sockets that open at once take 150 MB for a moment, however many cameras
/// there are.
const STATUSES_MAX: usize = 1000;

/// Issues a ticket for one WebSocket.
#[utoipa::path(post, path = "/api/v1/ws-tickets", tag = "events",
    responses((status = 200, description = "The ticket.", body = TicketAnswer)))]
pub(crate) async fn create_ticket(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
) -> Result<Json<TicketAnswer>, Problem> {
    let now = state.clock().now();
    state.keep_signing_key(now).await?;
    let ticket = state.tickets().issue(&caller, state.keys(), now).await;
    let full = || {
        Problem::new(ProblemCode::LimitReached, "Too many tickets are waiting.")
            .retry_after(TICKET_TTL.as_secs() as u32)
    };
    let ticket = ticket.ok_or_else(full)?.expose().to_owned();
    Ok(Json(TicketAnswer { ticket, expires_in: TICKET_TTL.as_secs() }))
}

/// Opens the WebSocket of statuses and events.
///
/// Offer the subprotocols `eyrie.v1` and `ticket.<ticket>`. Every text message is a `FeedMessage`: first a snapshot (beyond
/// 1,000 cameras in several messages), then events.
/// The client may send a `ClientMessage`: `{"type": "watch_facts", "cameras": [...]}` asks for `facts` of up to 32 cameras
/// each second. Close codes: 1008 more cameras than that, 4401 the session has ended, 4408 the client reads too slowly, 1012
/// the node is stopping.
#[utoipa::path(get, path = "/api/v1/ws", tag = "events",
    params(("sec-websocket-protocol" = String, Header, description = "`eyrie.v1, ticket.<ticket>`")),
    responses((status = 101, description = "Messages follow.")))]
pub(crate) async fn open_feed(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Problem> {
    let place = state.feeds().clone().try_acquire_owned();
    let place =
        place.map_err(|_| Problem::new(ProblemCode::LimitReached, "Too many WebSockets are open.").retry_after(5))?;
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(CLIENT_MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| run(state, (*caller).clone(), socket, place)))
}

/// Feeds one client until it, its session or the node ends.
async fn run(state: GatewayState, caller: Principal, mut socket: WebSocket, _place: OwnedSemaphorePermit) {
    let gauge = metrics::gauge!("eyrie_ws_clients");
    gauge.increment(1.0);
    let (code, reason) = feed(&state, &caller, &mut socket).await;
    gauge.decrement(1.0);
    if code == CLOSE_SLOW {
        metrics::counter!("eyrie_ws_slow_clients_total").increment(1);
    }
    let close = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
    // The other end may be gone already.
    let _ = tokio::time::timeout(SEND_TIMEOUT, socket.send(close)).await;
}

/// Sends the snapshot, then events; answers why it ended. The queues are the broadcast channels: who falls behind by more than
/// they hold is told to come back, for a hole in the events would leave a wrong picture for good.
async fn feed(state: &GatewayState, caller: &Principal, socket: &mut WebSocket) -> (u16, &'static str) {
    const SLOW: (u16, &str) = (CLOSE_SLOW, "too slow; connect again for a snapshot");
    const ENDED: (u16, &str) = (CLOSE_ENDED, "the session has ended");
    // Subscribed before the snapshot is taken, so that nothing falls between the two.
    let (mut events, mut ends) = (state.node().events(), state.sessions().ends());
    if send_snapshot(state, caller, socket).await.is_err() {
        return SLOW;
    }
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent_beats = 0;
    let mut facts = tokio::time::interval(FACTS_EVERY);
    facts.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut watched: Vec<CameraId> = Vec::new();
    loop {
        let event: Result<Arc<Event>, RecvError> = tokio::select! {
            event = events.recv() => event,
            ended = ends.recv() => match ended {
                Ok(ended) if ended.covers(caller) => return ENDED,
                Ok(_) => continue,
                Err(_) => match stands(state, caller).await {
                    true => continue,
                    false => return ENDED,
                },
            },
            () = state.stopping().cancelled() => return (CLOSE_RESTART, "the node is stopping"),
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return (1000, "goodbye"),
                Some(Ok(message)) => {
                    silent_beats = 0;
                    match watch(&message) {
                        Some(cameras) if cameras.len() > WATCHED_MAX => return (CLOSE_POLICY, "at most 32 cameras"),
                        Some(cameras) => watched = cameras,
                        None => {}
                    }
                    continue;
                }
            },
            _ = facts.tick(), if !watched.is_empty() => {
                if send_facts(state, caller, socket, &watched).await.is_err() {
                    return SLOW;
                }
                continue;
            }
            _ = heartbeat.tick() => {
                if silent_beats >= SILENT_BEATS_MAX {
                    return (CLOSE_SLOW, "no answer to pings");
                }
                silent_beats += 1;
                if !stands(state, caller).await {
                    return ENDED;
                }
                match tokio::time::timeout(SEND_TIMEOUT, socket.send(Message::Ping(bytes::Bytes::new()))).await {
                    Ok(Ok(())) => continue,
                    _ => return SLOW,
                }
            }
        };
        match event {
            Ok(event) if event.tenant == caller.tenant => {
                if send(socket, &FeedMessage::Event { event }).await.is_err() {
                    return SLOW;
                }
            }
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return SLOW,
            Err(RecvError::Closed) => return (CLOSE_RESTART, "the node is stopping"),
        }
    }
}

/// Sends what every camera is doing, page by page out of the node's memory. What changes meanwhile follows as an event.
async fn send_snapshot(state: &GatewayState, caller: &Principal, socket: &mut WebSocket) -> Result<(), ()> {
    let page = |after| state.node().statuses(&caller.tenant, after, STATUSES_MAX);
    let mut statuses = page(None);
    let mut last = statuses.last_key_value().map(|(id, _)| *id);
    let mut full = statuses.len() == STATUSES_MAX;
    send(socket, &FeedMessage::Snapshot { statuses }).await?;
    while full {
        statuses = page(last);
        last = statuses.last_key_value().map(|(id, _)| *id);
        full = statuses.len() == STATUSES_MAX;
        if last.is_some() {
            send(socket, &FeedMessage::Statuses { statuses }).await?;
        }
    }
    Ok(())
}

/// The cameras a client wants to watch, if that is what it says.
fn watch(message: &Message) -> Option<Vec<CameraId>> {
    let Message::Text(text) = message else { return None };
    let ClientMessage::WatchFacts { cameras } = serde_json::from_str(text).ok()?;
    Some(cameras)
}

/// Sends what the watched cameras send, those of the caller's tenant that are there.
async fn send_facts(
    state: &GatewayState,
    caller: &Principal,
    socket: &mut WebSocket,
    watched: &[CameraId],
) -> Result<(), ()> {
    for camera in watched {
        if let Some(facts) = state.node().facts(&caller.tenant, *camera) {
            send(socket, &FeedMessage::Facts { camera: *camera, facts: facts.into() }).await?;
        }
    }
    Ok(())
}

/// Whether the session still stands. A store that does not answer ends nothing: the token that opened the socket was good.
async fn stands(state: &GatewayState, caller: &Principal) -> bool {
    !matches!(state.principal(&caller.tenant, caller.session, Via::Ticket).await, Ok(None))
}

async fn send(socket: &mut WebSocket, message: &FeedMessage) -> Result<(), ()> {
    let text = serde_json::to_string(message).map_err(drop)?;
    tokio::time::timeout(SEND_TIMEOUT, socket.send(Message::Text(text.into()))).await.map_err(drop)?.map_err(drop)
}
