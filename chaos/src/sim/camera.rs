use super::dice::Dice;

/// A camera as the network sees it: it allows so many sessions, and is silent at times.
#[derive(Debug, Clone, Default)]
pub(super) struct SimCamera {
    /// Sessions of processes that died without saying goodbye, until when.
    lingering: Vec<u64>,
    /// Unreachable until then.
    pub(super) silent_until: u64,
    /// Since when nobody records it.
    pub(super) gap_since: Option<u64>,
}

impl SimCamera {
    pub(super) fn linger(&mut self, now: u64, dice: &mut Dice) {
        if dice.chance(300) {
            self.lingering.push(now + dice.within(0..2_000_000));
        }
    }

    /// Whether it takes one session more beside `open` ones.
    pub(super) fn takes(&mut self, now: u64, open: usize, max: u16) -> bool {
        self.lingering.retain(|until| now < *until);
        now >= self.silent_until && open + self.lingering.len() < usize::from(max)
    }
}
