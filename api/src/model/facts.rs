use eyrie_actors::{Level, Reason, StreamFacts, Verdict};
use eyrie_storage::facts::{NodePoint, StreamPoint};
use eyrie_types::WallTime;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How well a stream serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictLevel {
    /// Nothing to say.
    Good,
    /// It works, and something could be better.
    Fair,
    /// Somebody should look.
    Poor,
}

/// One thing that is not good, and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerdictReason {
    /// `no_pictures`, `long_gop`, `packet_loss`, `low_fps`, `high_jitter`, `bitrate_collapsed` or `no_sound`.
    #[schema(example = "long_gop")]
    pub code: String,
    /// A sentence with the numbers.
    #[schema(example = "GOP of 8 s: a failover will cost about 9 s")]
    pub text: String,
}

/// A judgement of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerdictAnswer {
    /// The worst of its reasons.
    pub level: VerdictLevel,
    /// None for a good stream.
    pub reasons: Vec<VerdictReason>,
}

impl From<Verdict> for VerdictAnswer {
    fn from(verdict: Verdict) -> Self {
        let level = match verdict.level {
            Level::Good => VerdictLevel::Good,
            Level::Fair => VerdictLevel::Fair,
            Level::Poor => VerdictLevel::Poor,
        };
        let reason = |Reason { code, text }: Reason| VerdictReason { code: code.as_str().to_owned(), text };
        Self { level, reasons: verdict.reasons.into_iter().map(reason).collect() }
    }
}

/// What a camera sends now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FactsAnswer {
    /// Which second it is about; the time of asking when nothing comes.
    pub at: WallTime,
    /// Bits of pictures and sound a second.
    pub bitrate_bps: u32,
    /// Pictures a second.
    pub fps: f64,
    /// Seconds from keyframe to keyframe; `null` while unknown.
    #[schema(required)]
    pub gop_s: Option<f64>,
    /// Interarrival jitter of pictures (RFC 3550 section 6.4.1).
    pub jitter_ms: f64,
    /// RTP packets lost since the node started.
    pub lost_total: u64,
    /// Sign-ins and capabilities that watch it live.
    pub viewers: u16,
    /// How well that serves.
    pub verdict: VerdictAnswer,
}

impl From<StreamFacts> for FactsAnswer {
    fn from(facts: StreamFacts) -> Self {
        let point = FactsPoint::of(facts.at, facts.point);
        Self {
            at: point.at,
            bitrate_bps: point.bitrate_bps,
            fps: point.fps,
            gop_s: point.gop_s,
            jitter_ms: point.jitter_ms,
            lost_total: facts.lost_total,
            viewers: point.viewers,
            verdict: facts.verdict.into(),
        }
    }
}

/// Which history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Its first moment; an hour before `to` unless given.
    pub from: Option<WallTime>,
    /// The first moment after it; now unless given.
    pub to: Option<WallTime>,
    /// Most points in the answer: 1 to 5,000, 1,000 unless given.
    pub points: Option<u32>,
}

/// What a camera sent over one step.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FactsPoint {
    /// When the step begins.
    pub at: WallTime,
    /// Bits of pictures and sound a second.
    pub bitrate_bps: u32,
    /// Pictures a second.
    pub fps: f64,
    /// Seconds from keyframe to keyframe; `null` while unknown.
    #[schema(required)]
    pub gop_s: Option<f64>,
    /// Interarrival jitter of pictures.
    pub jitter_ms: f64,
    /// RTP packets lost in the step.
    pub lost: u32,
    /// The most that watched it live at once.
    pub viewers: u16,
}

impl FactsPoint {
    pub(crate) fn of(at: WallTime, point: StreamPoint) -> Self {
        Self {
            at,
            bitrate_bps: point.bitrate_bps,
            fps: f64::from(point.fps_centi) / 100.0,
            gop_s: (point.gop_centi_s > 0).then(|| f64::from(point.gop_centi_s) / 100.0),
            jitter_ms: f64::from(point.jitter_deci_ms) / 10.0,
            lost: point.lost,
            viewers: point.viewers,
        }
    }
}

/// What a camera sent over a range.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactsHistoryAnswer {
    /// Seconds of a step: 1, 60 or 3,600, or a multiple of 3,600 where even hours are too many.
    pub step_s: u32,
    /// In order. Steps in which nothing came have none.
    pub points: Vec<FactsPoint>,
}

/// How the node did over one step.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NodeHistoryPoint {
    /// When the step begins.
    pub at: WallTime,
    /// Cores it was busy.
    pub cpu_cores: f64,
    /// Resident bytes of the process.
    pub memory_bytes: u64,
    /// Bits a second that its cameras sent.
    pub received_bps: u64,
    /// Bits of recordings a second that became durable.
    pub written_bps: u64,
    /// Cameras that sent.
    pub cameras_online: u32,
    /// The most that watched live at once, all cameras together.
    pub viewers: u32,
    /// The least bytes it might still write in the step, all disks together.
    pub disk_free_bytes: u64,
}

impl NodeHistoryPoint {
    pub(crate) fn of(at: WallTime, point: NodePoint) -> Self {
        Self {
            at,
            cpu_cores: f64::from(point.cpu_milli) / 1000.0,
            memory_bytes: point.memory_bytes,
            received_bps: point.received_bps,
            written_bps: point.written_bps,
            cameras_online: point.cameras_online,
            viewers: point.viewers,
            disk_free_bytes: point.disk_free_bytes,
        }
    }
}

/// How the node did over a range.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeHistoryAnswer {
    /// Seconds of a step: 1, 60 or 3,600, or a multiple of 3,600 where even hours are too many.
    pub step_s: u32,
    /// In order. Steps in which the node did not run have none.
    pub points: Vec<NodeHistoryPoint>,
}
