use eyrie_types::{
    CameraId, CameraStatus, CertificatePin, Labels, NodeId, PlacementSpec, RecordingSpec, RtspTransport, SiteId,
    WallTime,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A camera.
// What node and cell know of it stands last: `directory` keeps what is before that ready.
#[derive(Debug, Serialize, ToSchema)]
pub struct CameraAnswer {
    /// Its id.
    pub id: CameraId,
    /// Rises with each change of the spec; also the `ETag`, quoted.
    pub revision: u64,
    /// When it was made.
    pub created_at: WallTime,
    /// When its spec last changed.
    pub updated_at: WallTime,
    /// What people call it.
    pub name: String,
    /// Off: no connection is made and no footage is expected.
    pub enabled: bool,
    /// Free words to find and group it by.
    pub labels: Labels,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// Where its pictures come from.
    pub source: SourceAnswer,
    /// Whether it is recorded.
    pub recording: RecordingSpec,
    /// Where in a cell of several nodes it may run, and how often.
    pub placement: PlacementSpec,
    /// The node that has it; `null` while none does, and while it is switched off.
    #[schema(required)]
    pub node: Option<CameraNode>,
    /// The node that has its twin; `null` where there is none.
    #[schema(required)]
    pub twin: Option<CameraNode>,
    /// What it is doing.
    pub status: CameraStatus,
    /// What it sends; `null` while nothing is known.
    #[schema(required)]
    pub stream: Option<StreamAnswer>,
    /// Where to go from here.
    pub links: CameraLinks,
}

/// Where a camera's pictures come from, without its password.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SourceAnswer {
    /// Pulled from an RTSP server.
    Rtsp {
        /// The address.
        url: String,
        /// The user name, if the camera wants one.
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<String>,
        /// How RTP travels.
        transport: RtspTransport,
        /// With `rtsps`: the certificate that the camera has to show.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        certificate_sha256: Option<CertificatePin>,
        /// A password is stored. It never comes out.
        has_password: bool,
    },
    /// An MP4 file, looped in real time.
    File {
        /// The file, relative to the node's directory of file sources.
        path: String,
    },
    /// Published by the camera, or an encoder, with RTMP, to `links.publish`.
    Rtmp {},
}

/// A node that has a camera.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CameraNode {
    /// Its id.
    pub id: NodeId,
    /// What people call it.
    #[schema(example = "berlin-2")]
    pub name: String,
}

/// What a camera sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StreamAnswer {
    /// The pictures, unless it sends sound alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoFacts>,
    /// The sound, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioFacts>,
}

/// A camera's pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VideoFacts {
    /// `h264` or `h265`.
    #[schema(example = "h264")]
    pub codec: String,
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
}

/// A camera's sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AudioFacts {
    /// `aac`, `g711a` or `g711u`.
    #[schema(example = "aac")]
    pub codec: String,
    /// Samples per second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u16,
}

/// Absolute paths on this server.
#[derive(Debug, Serialize, ToSchema)]
pub struct CameraLinks {
    /// The camera.
    #[serde(rename = "self")]
    pub itself: String,
    /// Its live multivariant playlist (HLS, RFC 8216bis).
    pub hls: String,
    /// What was recorded, to be played (HLS, RFC 8216): ask with `?from&to`.
    pub playback: String,
    /// What is recorded.
    pub recordings: String,
    /// What is missing.
    pub gaps: String,
    /// What is recorded, as a file: with `?from&to`.
    pub export: String,
    /// A picture (JPEG): the latest, or with `?at` that of a moment.
    pub thumbnail: String,
    /// What is recorded and missing, drawn over any range.
    pub timeline: String,
    /// What people noted of its footage.
    pub markers: String,
    /// The account by day.
    pub ledger: String,
    /// What it sends, in numbers.
    pub facts: String,
    /// Its status.
    pub status: String,
    /// The whole address that it publishes to, with its secret key. Only of cameras that publish, only where one camera is asked
    /// for, and only for those who may manage it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "rtmps://eyrie.example.org:1935/live/0192f0c1-2345-7abc-8def-0123456789ab.5f2c…")]
    pub publish: Option<String>,
}

impl CameraLinks {
    /// Those of the camera `id`.
    pub(crate) fn of(id: CameraId) -> Self {
        let itself = format!("/api/v1/cameras/{id}");
        let below = |path: &str| format!("{itself}/{path}");
        Self {
            hls: below("live/index.m3u8"),
            playback: below("playback/index.m3u8"),
            recordings: below("recordings"),
            gaps: below("gaps"),
            export: below("export.mp4"),
            thumbnail: below("thumbnail.jpg"),
            timeline: below("timeline"),
            markers: below("markers"),
            ledger: below("ledger"),
            facts: below("facts"),
            status: below("status"),
            publish: None,
            itself,
        }
    }
}
