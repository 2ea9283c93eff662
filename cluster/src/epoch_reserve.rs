use std::collections::BTreeSet;

use eyrie_types::Epoch;

/// Epochs held in advance of need: one to go on with when a placement has to be restarted while the store does not answer,
/// and one more, so that a second restart in the same outage still finds one.
pub const EPOCH_SPARES: usize = 2;

/// The epochs a node may give to incarnations of its placements by itself, beside those the cell gives each placement.
///
/// Each comes from the cell's counter, which only rises, so none is ever given twice. Within
/// one run an epoch may serve many cameras, for what is written is keyed by camera and epoch together; it must not serve the
/// same camera twice, for a new incarnation numbers its footage from the start again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EpochReserve {
    held: BTreeSet<Epoch>,
}

impl EpochReserve {
    /// Adds an epoch that the cell gave to this node.
    pub fn add(&mut self, epoch: Epoch) {
        self.held.insert(epoch);
    }

    /// The epoch for the next incarnation of a placement whose last one had `last`: the lowest held one after it. `None`
    /// while none is held; the placement then waits for the store.
    pub fn after(&self, last: Option<Epoch>) -> Option<Epoch> {
        self.held.iter().copied().find(|epoch| last.is_none_or(|last| *epoch > last))
    }

    /// How many more epochs to ask the counter for, given the highest epoch in use.
    pub fn wanted(&self, highest_in_use: Option<Epoch>) -> usize {
        let spare = self.held.iter().filter(|epoch| highest_in_use.is_none_or(|used| **epoch > used)).count();
        EPOCH_SPARES.saturating_sub(spare)
    }

    /// Forgets epochs below `lowest_last`: every placement has passed them.
    pub fn forget_below(&mut self, lowest_last: Epoch) {
        self.held = self.held.split_off(&lowest_last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(counter: u32) -> Epoch {
        Epoch::new(0, counter).unwrap()
    }

    #[test]
    fn cameras_share_an_epoch_but_no_camera_gets_one_twice() {
        let mut reserve = EpochReserve::default();
        reserve.add(epoch(7));
        assert_eq!(reserve.after(None), Some(epoch(7)));
        assert_eq!(reserve.after(Some(epoch(7))), None, "a restart needs a later epoch");
        reserve.add(epoch(8));
        assert_eq!(reserve.after(Some(epoch(7))), Some(epoch(8)));
        assert_eq!(reserve.after(None), Some(epoch(7)), "another camera has not used it yet");
    }

    #[test]
    fn asks_for_spares_beyond_the_highest_in_use() {
        let mut reserve = EpochReserve::default();
        reserve.add(epoch(1));
        assert_eq!(reserve.wanted(Some(epoch(1))), EPOCH_SPARES);
        reserve.add(epoch(2));
        reserve.add(epoch(3));
        assert_eq!(reserve.wanted(Some(epoch(1))), 0);
        assert_eq!(reserve.wanted(Some(epoch(2))), 1);
        reserve.forget_below(epoch(3));
        assert_eq!(reserve.after(None), Some(epoch(3)));
    }
}
