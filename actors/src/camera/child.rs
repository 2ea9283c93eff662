use eyrie_types::Monotonic;
use ractor::{ActorCell, ActorId};

use crate::backoff::Backoff;

/// Which child of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChildKind {
    /// Source to ring.
    Ingest,
    /// Ring to disk.
    Recording,
    /// Ring to viewers.
    Live,
}

impl ChildKind {
    /// Its name in logs, metrics and statuses.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Recording => "recorder",
            Self::Live => "live packager",
        }
    }
}

/// A child's place in its camera: whether it is wanted, who fills it now, and how it fared.
#[derive(Debug)]
pub(crate) struct ChildSlot {
    pub(crate) kind: ChildKind,
    pub(crate) wanted: bool,
    pub(crate) cell: Option<ActorCell>,
    pub(crate) backoff: Backoff,
    pub(crate) started: Monotonic,
}

impl ChildSlot {
    pub(crate) fn new(kind: ChildKind) -> Self {
        Self { kind, wanted: false, cell: None, backoff: Backoff::restart(), started: Monotonic::default() }
    }

    /// Whether `id` fills it.
    pub(crate) fn is(&self, id: ActorId) -> bool {
        self.cell.as_ref().is_some_and(|cell| cell.get_id() == id)
    }
}
