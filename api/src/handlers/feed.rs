use crate::model::TicketAnswer;

/// Issues a ticket for one WebSocket.
#[utoipa::path(post, path = "/api/v1/ws-tickets", tag = "events",
    responses((status = 200, description = "The ticket.", body = TicketAnswer)))]
pub(crate) fn create_ticket() {}

/// Opens the WebSocket of statuses and events.
///
/// Offer the subprotocols `eyrie.v1` and `ticket.<ticket>`. Every text message is a `FeedMessage`: first a snapshot, then events.
/// Close codes: 4401 the session has ended, 4408 the client reads too slowly, 1012 the node is stopping.
#[utoipa::path(get, path = "/api/v1/ws", tag = "events",
    params(("sec-websocket-protocol" = String, Header, description = "`eyrie.v1, ticket.<ticket>`")),
    responses((status = 101, description = "Messages follow.")))]
pub(crate) fn open_feed() {}
