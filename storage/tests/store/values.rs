//! Values the tests share.

use eyrie_storage::ledger::SpecChange;
use eyrie_storage::store::{CameraUpdate, PasswordChange, PasswordHash, Session, User};
use eyrie_types::{
    Camera, CameraId, CameraSpec, Epoch, Labels, Marker, MarkerId, MarkerText, NodeId, Placement, RecordingMode,
    RecordingSpec, Role, RtspSource, SegmentId, SegmentRow, SegmentState, SessionId, Slot, SourceSpec, TenantId,
    TimeRange, UserId, WallTime,
};

/// 2026-01-01T00:00:00Z and `ms` milliseconds.
pub(crate) fn at(ms: i64) -> WallTime {
    WallTime::from_unix_us(1_767_225_600_000_000 + ms * 1000)
}

pub(crate) fn range(start: i64, end: i64) -> TimeRange {
    TimeRange::new(at(start), at(end)).unwrap()
}

pub(crate) fn home() -> TenantId {
    TenantId::default_tenant()
}

pub(crate) fn other() -> TenantId {
    "acme".parse().unwrap()
}

pub(crate) fn epoch(counter: u32) -> Epoch {
    Epoch::new(0, counter).unwrap()
}

pub(crate) fn spec(name: &str) -> CameraSpec {
    CameraSpec {
        name: name.to_owned(),
        enabled: true,
        labels: Labels::default(),
        site: None,
        source: SourceSpec::Rtsp(RtspSource {
            url: "rtsp://10.0.0.1/a".to_owned(),
            username: None,
            password: None,
            transport: Default::default(),
            certificate_sha256: None,
        }),
        recording: RecordingSpec::default(),
        placement: Default::default(),
    }
}

pub(crate) fn camera(name: &str) -> Camera {
    let (created_at, updated_at) = (at(0), at(0));
    Camera { id: CameraId::generate(), tenant: home(), revision: 1, created_at, updated_at, spec: spec(name) }
}

pub(crate) fn change(ms: i64, enabled: bool, mode: RecordingMode) -> SpecChange {
    SpecChange { at: at(ms), enabled, mode }
}

pub(crate) fn user(name: &str, role: Role) -> User {
    User {
        id: UserId::generate(),
        tenant: home(),
        username: name.to_owned(),
        role,
        password_hash: PasswordHash::new("$argon2id$v=19$…"),
        created_at: at(0),
        updated_at: at(0),
    }
}

/// A session that began at `ms` and runs for a day.
pub(crate) fn session(user: &User, ms: i64) -> Session {
    Session {
        id: SessionId::generate(),
        tenant: home(),
        user: user.id,
        created_at: at(ms),
        rotated_at: at(ms),
        expires_at: at(ms + 86_400_000),
    }
}

/// An open segment with one run.
pub(crate) fn segment(camera: CameraId, node: NodeId, start: i64, end: i64) -> SegmentRow {
    SegmentRow {
        placement: Placement { tenant: home(), camera, slot: Slot::OWNER, epoch: epoch(1) },
        segment: SegmentId::generate(),
        node,
        state: SegmentState::Open,
        start: at(start),
        end: at(end),
        runs: vec![range(start, end)],
        fragments: ((end - start) / 1000) as u32,
        bytes: 1000,
        key: None,
        merkle_root: None,
    }
}

/// A change to `spec` that leaves the password.
pub(crate) fn update_to(expected: Option<u64>, spec: CameraSpec) -> CameraUpdate {
    CameraUpdate { expected, spec, password: PasswordChange::Keep }
}

/// What Ann says happened `start_ms` milliseconds into the year.
pub(crate) fn marker(camera: CameraId, start_ms: i64, title: &str) -> Marker {
    let (category, title) = ("delivery".to_owned(), title.to_owned());
    Marker {
        id: MarkerId::generate(),
        camera,
        text: MarkerText { start: at(start_ms), end: None, category, title, note: None },
        author: "ann".to_owned(),
        author_id: UserId::generate(),
        created_at: at(0),
        updated_at: at(0),
    }
}
