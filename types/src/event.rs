use serde::{Deserialize, Serialize};

use crate::{Actor, CameraId, CameraStatus, EventId, GapCause, MarkerId, RequestId, TenantId, WallTime};

/// The version of the envelope; readers refuse a higher one.
pub const EVENT_VERSION: u16 = 1;

/// What happened, in the one envelope that webhooks, audit, plugins and WebSockets read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Event {
    /// The version of this envelope.
    pub version: u16,
    /// Its id; sorts by time.
    pub id: EventId,
    /// Whose event.
    pub tenant: TenantId,
    /// When it happened.
    pub time: WallTime,
    /// Who made it happen; the system itself where nobody did.
    pub actor: Actor,
    /// The request it came from, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<RequestId>,
    /// What kind, and what it is about.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// Who made something happen, and with which request.
#[derive(Debug, Clone, PartialEq)]
pub struct By {
    /// Who; the system itself where nobody did.
    pub actor: Actor,
    /// The request it came from, if any.
    pub trace: Option<RequestId>,
}

impl By {
    /// Nobody asked for it: the product itself saw or did it.
    pub const fn system() -> Self {
        Self { actor: Actor::System, trace: None }
    }
}

impl Event {
    /// The one place where an envelope is made: `kind` happened to something of `tenant` at `time`.
    pub fn new(tenant: TenantId, time: WallTime, by: By, kind: EventKind) -> Self {
        let By { actor, trace } = by;
        Self { version: EVENT_VERSION, id: EventId::generate(), tenant, time, actor, trace, kind }
    }
}

/// The kinds of events, each with its subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind")]
pub enum EventKind {
    /// A camera's status changed.
    #[serde(rename = "camera.status")]
    CameraStatus {
        /// Which camera.
        camera: CameraId,
        /// What it is now.
        status: CameraStatus,
    },
    /// A camera was made.
    #[serde(rename = "camera.created")]
    CameraCreated {
        /// Which camera.
        camera: CameraId,
    },
    /// A camera's spec changed.
    #[serde(rename = "camera.updated")]
    CameraUpdated {
        /// Which camera.
        camera: CameraId,
        /// The revision it has now.
        revision: u64,
    },
    /// A camera was deleted.
    #[serde(rename = "camera.deleted")]
    CameraDeleted {
        /// Which camera.
        camera: CameraId,
    },
    /// Somebody noted something of a camera's footage.
    #[serde(rename = "marker.created")]
    MarkerCreated {
        /// Of which camera.
        camera: CameraId,
        /// Which marker.
        marker: MarkerId,
    },
    /// A marker changed.
    #[serde(rename = "marker.updated")]
    MarkerUpdated {
        /// Of which camera.
        camera: CameraId,
        /// Which marker.
        marker: MarkerId,
    },
    /// A marker was deleted.
    #[serde(rename = "marker.deleted")]
    MarkerDeleted {
        /// Of which camera.
        camera: CameraId,
        /// Which marker.
        marker: MarkerId,
    },
    /// Recording of a camera was cut short, or goes on again.
    #[serde(rename = "recording.health")]
    RecordingHealth {
        /// Which camera.
        camera: CameraId,
        /// What keeps it from being recorded; `None` once it is recorded again.
        trouble: Option<GapCause>,
    },
    /// Retention deleted recordings of a camera.
    #[serde(rename = "recording.deleted")]
    RecordingDeleted {
        /// Which camera.
        camera: CameraId,
        /// When the first of what was deleted began.
        from: WallTime,
        /// When the last of it ended.
        to: WallTime,
        /// Segments deleted.
        segments: u64,
        /// Bytes deleted.
        bytes: u64,
    },
}
