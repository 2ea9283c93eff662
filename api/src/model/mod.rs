//! The shapes of requests and answers. Inputs refuse unknown fields; answers never hold a secret.

mod auth;
mod bulk;
mod camera;
mod camera_patch;
mod cluster;
mod drill;
mod facts;
mod feed;
mod footage;
mod layout;
mod ledger;
mod list;
mod live;
mod marker;
mod node;
mod pictures;
mod playback;
mod site;
mod user;

pub use auth::{LoginInput, Me, PasswordChange, RefreshInput, TokenAnswer};
pub use bulk::{BulkAction, BulkAnswer, BulkInput, BulkResult};
pub use camera::{AudioFacts, CameraAnswer, CameraLinks, CameraNode, SourceAnswer, StreamAnswer, VideoFacts};
pub use camera_patch::{CameraPatch, PlacementPatch, RecordingPatch, RetentionPatch, SourcePatch};
pub use cluster::{
    ClusterAnswer, ClusterJob, ClusterNode, DrainInput, NodeHealth, NodeLoss, PlacementAnswer, PlacementPage,
    PlacementQuery, SurvivalAnswer, ZoneLoss,
};
pub use drill::{
    AgentAnswer, AgentBeat, AgentDoing, AgentPeer, AgentRun, AgentsAnswer, CarriedAnswer, CarryInput, CatalogueAnswer,
    CatalogueDrill, DrillPlanAnswer, DrillRunsAnswer, DrillWanted, NodeAgent, ReportForm, RunnerAnswer, RunnerBeat,
    RunnerEnd,
};
pub use facts::{
    FactsAnswer, FactsHistoryAnswer, FactsPoint, HistoryQuery, NodeHistoryAnswer, NodeHistoryPoint, VerdictAnswer,
    VerdictLevel, VerdictReason,
};
pub use feed::{ClientMessage, FeedMessage, TicketAnswer};
pub use footage::{ExportQuery, GapsAnswer, RangeQuery, RecordingsAnswer};
pub use layout::LayoutsAnswer;
pub use ledger::{
    LedgerAccount, LedgerAnswer, LedgerDay, LedgerQuery, SloAnswer, TimelineAnswer, TimelineItem, TimelineKind,
    TimelineQuery,
};
pub use list::{
    AuditPage, AuditQuery, CameraPage, CameraQuery, LabelCount, LabelsAnswer, PageQuery, SitePage, UserPage,
};
pub use live::{CapabilityAnswer, CapabilityInput, CapabilityKind, LiveQuery};
pub use marker::{MarkerInput, MarkerPage, MarkerPatch, MarkersQuery, TimelineMarker};
pub use node::{CameraCounts, DiskAnswer, MemoryAnswer, NodeAnswer, NodeRecordings, WhenFullAnswer};
pub use pictures::{LatestQuery, SpriteQuery, ThumbnailQuery};
pub use playback::PlaybackQuery;
pub use site::{SiteInput, SitePatch};
pub use user::{UserAnswer, UserInput, UserPatch};
