use std::collections::BTreeMap;
use std::sync::Arc;

use eyrie_types::{CameraId, CameraStatus, Event};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::FactsAnswer;

/// A ticket for one WebSocket.
#[derive(Serialize, ToSchema)]
pub struct TicketAnswer {
    /// Goes into the subprotocol `ticket.<ticket>`; good for one connection.
    pub ticket: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}

/// A text message of the WebSocket. What a client may send is a `ClientMessage`. First comes a snapshot, continued by
/// `statuses` where there are more than 1,000 cameras, then events as they happen.
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
    /// What a camera that is watched sends: each second, after `watch_facts`.
    Facts {
        /// Which camera.
        camera: CameraId,
        /// What it sends.
        #[serde(flatten)]
        facts: FactsAnswer,
    },
}

/// A text message that a client sends. Anything else is passed over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Asks for the facts of these cameras each second, in place of those asked for before: at most 32, or the socket is
    /// closed with 1008. Ids of cameras that are not there give nothing.
    WatchFacts {
        /// Which cameras; none ends it.
        cameras: Vec<CameraId>,
    },
}
