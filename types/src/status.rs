use serde::{Deserialize, Serialize};

use crate::WallTime;

/// What a camera is doing, as its users see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CameraState {
    /// Switched off by its spec.
    Disabled,
    /// On the way: waiting for its turn, resolving, connecting or waiting for the first picture.
    Connecting,
    /// Pictures arrive.
    Online,
    /// Connected, but nothing arrives.
    Silent,
    /// The camera answers, and says no (credentials, address, codec, sessions).
    Refused,
    /// Cannot be reached.
    Offline,
}

impl CameraState {
    /// The word used in the API and in stored rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Connecting => "connecting",
            Self::Online => "online",
            Self::Silent => "silent",
            Self::Refused => "refused",
            Self::Offline => "offline",
        }
    }
}

/// A camera's state with its reason and the moment it began. The reason is a sentence for people and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CameraStatus {
    /// The state.
    pub state: CameraState,
    /// Why, in a sentence that says what to do where something can be done.
    pub reason: String,
    /// Since when it has been in this state.
    pub since: WallTime,
}

impl CameraStatus {
    /// A status that begins at `since`.
    pub fn new(state: CameraState, reason: impl Into<String>, since: WallTime) -> Self {
        Self { state, reason: reason.into(), since }
    }
}
