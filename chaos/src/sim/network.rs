use std::collections::BTreeSet;

use super::dice::Dice;

/// What lies between the nodes. Directions are cut one by one, so partitions may be asymmetric.
#[derive(Debug, Clone)]
pub(super) struct Network {
    cut: BTreeSet<(usize, usize)>,
    /// Usual delay, in microseconds, before the tail.
    delay_us: u64,
    /// Messages of a thousand that are lost.
    loss: u64,
    /// Messages of a thousand that take up to a second longer, and so are overtaken.
    late: u64,
    calm_delay_us: u64,
}

impl Network {
    pub(super) fn new(dice: &mut Dice) -> Self {
        let delay_us = dice.within(200..3_000);
        Self { cut: BTreeSet::new(), delay_us, loss: 0, late: 0, calm_delay_us: delay_us }
    }

    /// How long a message takes; `None`: it does not arrive.
    pub(super) fn carry(&self, dice: &mut Dice, from: usize, to: usize) -> Option<u64> {
        if self.cut.contains(&(from, to)) || dice.chance(self.loss) {
            return None;
        }
        let tail = if dice.chance(self.late) { dice.within(10_000..1_000_000) } else { 0 };
        Some(dice.within(self.delay_us / 2..self.delay_us * 2) + tail)
    }

    pub(super) fn reaches(&self, from: usize, to: usize) -> bool {
        !self.cut.contains(&(from, to))
    }

    pub(super) fn cut(&mut self, from: usize, to: usize) {
        self.cut.insert((from, to));
    }

    pub(super) fn worsen(&mut self, dice: &mut Dice) {
        self.loss = dice.within(0..80);
        self.late = dice.within(0..60);
        self.delay_us = self.calm_delay_us * dice.within(1..30);
    }

    pub(super) fn heal(&mut self) {
        self.cut.clear();
        self.loss = 0;
        self.late = 0;
        self.delay_us = self.calm_delay_us;
    }
}
