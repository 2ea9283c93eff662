use eyrie_types::{Labels, RecordingMode, RtspTransport, Secret, SiteId};
use serde::Deserialize;
use utoipa::ToSchema;

/// A JSON merge patch (RFC 7396) of a camera: fields left out stay, `null` removes. This type documents the shape; the patch
/// is applied as JSON, since only there "left out" and `null` differ.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CameraPatch {
    /// A new name.
    #[serde(default)]
    pub name: Option<String>,
    /// On or off.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// All labels from now on.
    #[serde(default)]
    pub labels: Option<Labels>,
    /// Another site; `null` for none.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// Changes to the source.
    #[serde(default)]
    pub source: Option<SourcePatch>,
    /// Changes to recording.
    #[serde(default)]
    pub recording: Option<RecordingPatch>,
    /// Changes to where it may run; `null` for the defaults.
    #[serde(default)]
    pub placement: Option<PlacementPatch>,
}

/// What to change of a camera's source. With another `type` than before, the source starts afresh.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourcePatch {
    /// `rtsp`, `file` or `rtmp`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// RTSP: a new address. When it names another host, a stored password has to be given again or removed: it must not
    /// follow an address to somebody else's machine.
    #[serde(default)]
    pub url: Option<String>,
    /// RTSP: a new user name; `null` for none.
    #[serde(default)]
    pub username: Option<String>,
    /// RTSP: a new password; left out, the stored one stays; `null` removes it. Write-only.
    #[serde(default)]
    pub password: Option<Secret>,
    /// RTSP: how RTP travels.
    #[serde(default)]
    pub transport: Option<RtspTransport>,
    /// RTSP over TLS: the SHA-256 of the certificate that the camera has to show; `null` leaves it to the authorities that the
    /// node's system trusts. A change of it asks for a stored password again.
    #[serde(default)]
    pub certificate_sha256: Option<String>,
    /// File: another file.
    #[serde(default)]
    pub path: Option<String>,
}

/// What to change of a camera's recording.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordingPatch {
    /// A new mode.
    #[serde(default)]
    pub mode: Option<RecordingMode>,
    /// Other rules of how long it is kept; `null` leaves it to the node's.
    #[serde(default)]
    pub retention: Option<RetentionPatch>,
}

/// What to change of how long a camera's recordings are kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionPatch {
    /// Seconds after which footage is deleted; `null` leaves it to the node.
    #[serde(default)]
    pub max_age_s: Option<u64>,
    /// Most bytes the camera's recordings may take; `null` for no limit of its own.
    #[serde(default)]
    pub max_bytes: Option<u64>,
}

/// What to change of where in a cell of several nodes a camera may run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacementPatch {
    /// 1, or 2 for a twin; `null` for 1.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 2)]
    pub redundancy: Option<u8>,
    /// Connections the camera allows at a time; `null` for 2.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 64)]
    pub max_sessions: Option<u16>,
    /// All labels its node must carry from now on; `null` for none.
    #[serde(default)]
    pub node_labels: Option<Labels>,
}
