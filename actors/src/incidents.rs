use std::sync::Arc;

use eyrie_types::{GapCause, Incident, Placement, WallTime};

use crate::index_writer::IndexWriter;

/// One source of trouble of one camera: at most one incident of it is open at a time.
#[derive(Debug)]
pub(crate) struct Trouble {
    placement: Placement,
    index: Arc<IndexWriter>,
    open: Option<Incident>,
}

impl Trouble {
    pub(crate) fn new(placement: Placement, index: Arc<IndexWriter>) -> Self {
        Self { placement, index, open: None }
    }

    /// The open incident's cause.
    pub(crate) fn cause(&self) -> Option<GapCause> {
        self.open.map(|incident| incident.cause)
    }

    /// What is wrong from `at` on; `None` when nothing is. Saying the same again changes nothing.
    pub(crate) fn set(&mut self, cause: Option<GapCause>, at: WallTime) {
        if self.cause() == cause {
            return;
        }
        if let Some(open) = self.open.take() {
            self.index.put_incident(&self.placement, Incident { end: Some(at.max(open.start)), ..open });
        }
        if let Some(cause) = cause {
            let Placement { slot, epoch, .. } = self.placement;
            let incident = Incident { slot, epoch, cause, start: at, end: None };
            metrics::counter!("eyrie_camera_incidents_total", "cause" => cause.as_str()).increment(1);
            self.index.put_incident(&self.placement, incident);
            self.open = Some(incident);
        }
    }

    /// Something that is over already: from `start` to `end`.
    pub(crate) fn note(&self, cause: GapCause, start: WallTime, end: WallTime) {
        let Placement { slot, epoch, .. } = self.placement;
        metrics::counter!("eyrie_camera_incidents_total", "cause" => cause.as_str()).increment(1);
        self.index.put_incident(&self.placement, Incident { slot, epoch, cause, start, end: Some(end.max(start)) });
    }
}
