use eyrie_types::WallTime;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The delivery directives of LL-HLS (RFC 8216bis section 6.2.5). Others are ignored, as players add their own.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// Answer once the playlist holds this media sequence number …
    #[serde(default, rename = "_HLS_msn")]
    pub msn: Option<u64>,
    /// … and this part of it.
    #[serde(default, rename = "_HLS_part")]
    pub part: Option<u32>,
    /// `YES` or `v2`: leave out old segments (delta update).
    #[serde(default, rename = "_HLS_skip")]
    pub skip: Option<String>,
}

/// What a capability is to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CapabilityInput {
    /// The kind.
    pub kind: CapabilityKind,
}

/// What a capability opens, of one camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CapabilityKind {
    /// Its live playlists, segments and parts.
    Live,
    /// What was recorded, to be played: playlists, segments, thumbnails and sprites.
    Playback,
    /// What was recorded, as a file.
    Export,
}

/// A capability, ready to use: the address needs no header, so that any player can open it.
#[derive(Serialize, ToSchema)]
pub struct CapabilityAnswer {
    /// An absolute path on this server; those of playback and export want `?from&to` behind it. Whoever holds it sees the camera
    /// until it expires or the session ends.
    pub url: String,
    /// When it expires. Ask for another before then; running players may go on with the new one.
    pub expires_at: WallTime,
}
