use std::sync::Arc;

use super::gop_ring::Keeper;
use super::state::PushOutcome;
use super::unit::RingUnit;
use crate::AccessUnit;

/// The one that fills a ring. Dropped, it makes room for the next writer ([`crate::GopRing::writer`]); readers keep waiting.
#[derive(Debug)]
pub struct RingWriter {
    keeper: Arc<Keeper>,
    /// Units on their way out, freed after the lock is; kept for its memory.
    evicted: Vec<Arc<RingUnit>>,
}

impl RingWriter {
    pub(super) fn new(keeper: Arc<Keeper>) -> Self {
        Self { keeper, evicted: Vec::new() }
    }

    /// Stores `unit` and wakes the readers it makes due. Never waits for a reader.
    pub fn push(&mut self, unit: AccessUnit) -> PushOutcome {
        let shared = &self.keeper.0;
        let mut state = shared.lock();
        let outcome = state.push(unit, &mut self.evicted);
        shared.wake(state);
        self.evicted.clear();
        outcome
    }

    /// The sequence for this writer's next [`crate::Stream`]: one above the last stream the ring has seen.
    pub fn next_stream_sequence(&self) -> u64 {
        self.keeper.0.lock().next_stream_sequence()
    }
}

impl Drop for RingWriter {
    fn drop(&mut self) {
        self.keeper.0.lock().release_writer();
    }
}
