//! The vocabulary every other crate shares: ids, units, clocks, limits and the plain values that cross crate borders.
//!
//! Nothing here touches a socket, a disk or (but for [`SystemClock`]) a clock, and nothing here depends on another crate of
//! ours.

mod audit;
mod byte_size;
mod camera;
mod certificate_pin;
mod clock;
mod drill;
mod event;
mod gap;
mod id;
mod layout;
mod marker;
mod placement;
mod placement_spec;
mod problem;
mod recording;
mod retention;
mod role;
mod secret;
mod spelling;
mod status;
mod time_range;
mod wall_time;

pub use audit::{Actor, AuditOutcome, AuditRecord};
pub use byte_size::ByteSize;
pub use camera::{
    Camera, CameraSpec, FieldError, FileSource, Labels, RecordingMode, RecordingSpec, RtmpSource, RtspSource,
    RtspTransport, Site, SourceSpec, check_name,
};
pub use certificate_pin::{CertificatePin, CertificatePinError};
pub use clock::{Clock, ManualClock, Monotonic, SystemClock};
pub use drill::{
    DrillAct, DrillAgent, DrillAsked, DrillCannot, DrillDoing, DrillDoingState, DrillFault, DrillFlapping, DrillNow,
    DrillOrder, DrillProgress, DrillRun, DrillRunState, DrillRunner, DrillSeen, DrillVerdict, DrillWay,
};
pub use event::{By, EVENT_VERSION, Event, EventKind};
pub use gap::{Gap, GapCause, Incident};
pub use id::{
    AuditId, CameraId, CellId, DrillRunId, DrillRunnerId, EventId, IdError, KeyId, LayoutId, MarkerId, NodeId,
    RequestId, SegmentId, SessionId, SiteId, TenantId, UserId,
};
pub use layout::{LAYOUT_TILES, Layout, LayoutGrid};
pub use marker::{
    MARKER_LENGTH_MAX, MARKER_NOTE_CHARS_MAX, MARKER_TITLE_CHARS_MAX, Marker, MarkerText, check_category,
};
pub use placement::{Epoch, EpochError, Placement, Slot};
pub use placement_spec::PlacementSpec;
pub use problem::ProblemCode;
pub use recording::{FragmentEntry, Run, SegmentRow, SegmentState, Span, SpanSource};
pub use retention::RetentionSpec;
pub use role::Role;
pub use secret::Secret;
pub use spelling::nearest_word;
pub use status::{CameraState, CameraStatus};
pub use time_range::{TimeRange, TimeRangeError};
pub use wall_time::{WallTime, WallTimeError};
