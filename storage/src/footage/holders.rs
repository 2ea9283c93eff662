//! Who holds a segment or a fragment of it: its recorder, and nodes that fetched a copy after a loss. They are asked one after
//! another until one has it whole.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{NodeId, SegmentId, SegmentRow};

use super::{Footage, FootageError};
use crate::store::SecondCopy;

/// Segments of which it is remembered who has copies.
pub(super) const COPIES_KNOWN_MAX: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");
/// How long: a copy that is made or deleted meanwhile is one more to ask, or one that says that it has no such file.
const COPIES_FOR: Duration = Duration::from_secs(2);

/// Somebody who holds a segment, or a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Holder {
    /// Which node.
    pub(super) node: NodeId,
    /// A second copy, not what was recorded there.
    pub(super) copy: bool,
}

impl Holder {
    /// Who recorded `row`.
    pub(super) fn recorder(row: &SegmentRow) -> Self {
        Self { node: row.node, copy: false }
    }
}

/// How far the asking has come.
#[derive(Default)]
pub(super) struct Asking {
    recorder_asked: bool,
    rest: Option<VecDeque<Holder>>,
    error: Option<FootageError>,
}

impl Asking {
    /// Takes note that the last holder did not have it.
    ///
    /// # Errors
    /// `error` itself, where nobody else has anything better.
    pub(super) fn failed(&mut self, error: FootageError) -> Result<(), FootageError> {
        match error {
            FootageError::Store(_) | FootageError::KeyGone(_) | FootageError::Panicked => Err(error),
            // What a silent node may have is out of reach, whatever became of the rest.
            error if self.error.is_none() || error.is_silence() => {
                self.error = Some(error);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Why nobody had it.
    pub(super) fn end(self, segment: SegmentId) -> FootageError {
        self.error.unwrap_or(FootageError::Lost(segment))
    }
}

impl Footage {
    /// The next to be asked for fragment `number` of `row`, or for what its file begins with; `None` when all were. What lies on
    /// this node comes first.
    pub(super) async fn next_holder(
        &self,
        row: &SegmentRow,
        number: Option<u32>,
        asking: &mut Asking,
    ) -> Result<Option<Holder>, FootageError> {
        if row.node == self.node && !asking.recorder_asked {
            asking.recorder_asked = true;
            return Ok(Some(Holder::recorder(row)));
        }
        if asking.rest.is_none() {
            let copies = match self.copies(row).await {
                Ok(copies) => copies,
                Err(error) => return Err(asking.error.take().unwrap_or(error)),
            };
            let has = |copy: &&SecondCopy| number.is_none_or(|number| copy.holds(number));
            let (mut rest, mut far) = (VecDeque::new(), VecDeque::new());
            for copy in copies.iter().filter(has) {
                let holder = Holder { node: copy.node, copy: true };
                if copy.node == self.node { rest.push_back(holder) } else { far.push_back(holder) }
            }
            if !asking.recorder_asked {
                rest.push_back(Holder::recorder(row));
            }
            rest.append(&mut far);
            asking.rest = Some(rest);
        }
        Ok(asking.rest.as_mut().and_then(VecDeque::pop_front))
    }

    /// The copies of a segment, as of a moment ago.
    pub(super) async fn copies(&self, row: &SegmentRow) -> Result<Arc<[SecondCopy]>, FootageError> {
        let now = self.clock.monotonic();
        if let Some((at, copies)) = self.copies_known.get(&row.segment)
            && now.since(at) < COPIES_FOR
        {
            return Ok(copies);
        }
        let copies: Arc<[SecondCopy]> =
            self.store.second_copies_of(&row.placement, row.start, row.segment).await?.into();
        self.copies_known.put(row.segment, (now, Arc::clone(&copies)));
        Ok(copies)
    }
}
