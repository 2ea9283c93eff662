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

/// A text message of the WebSocket. First comes a snapshot, continued by `statuses` where there are more than 1,000 cameras, then
/// events as they happen.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FeedMessage {
    /// What every camera is doing now: replaces all that was known.
    Snapshot {
        /// Status by camera id.
        #[schema(value_type = BTreeMap<String, CameraStatus>)]
        statuses: BTreeMap<CameraId, CameraStatus>,
    },
    /// The snapshot goes on: what more cameras are doing now.
    Statuses {
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
