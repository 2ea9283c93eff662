use std::collections::BTreeMap;
use std::sync::Arc;

use eyrie_types::{CameraId, CameraStatus, Event};
use serde::Serialize;
use utoipa::ToSchema;

/// A ticket for one WebSocket.
#[derive(Serialize, ToSchema)]
pub struct TicketAnswer {
    /// Goes into the subprotocol `ticket.<ticket>`; good for one connection.
    pub ticket: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}

/// A text message of the WebSocket. First comes one snapshot, then events as they happen.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FeedMessage {
    /// What every camera is doing now.
    Snapshot {
        /// Status by camera id.
        #[schema(value_type = BTreeMap<String, CameraStatus>)]
        statuses: BTreeMap<CameraId, CameraStatus>,
    },
    /// Something happened.
    Event {
        /// What.
        #[schema(value_type = Event)]
        event: Arc<Event>,
    },
}
