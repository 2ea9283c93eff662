use std::time::Duration;

use super::Order;
use crate::drill::DiskCalls;
use crate::sim::Dice;

/// How the disk misbehaves now.
#[derive(Debug)]
pub(super) struct Faults {
    /// Bytes that are left, where that is not what the disk below says.
    room: Option<u64>,
    slow: Duration,
    errors: Option<(DiskCalls, u32)>,
    dice: Dice,
}

/// The least that a new name takes.
const NAME_BYTES: u64 = 4096;

impl Faults {
    /// None; the seed chooses which calls fail later.
    pub(super) fn none(seed: u64) -> Self {
        Self { room: None, slow: Duration::ZERO, errors: None, dice: Dice::new(seed) }
    }

    /// From now on.
    pub(super) fn set(&mut self, order: Order) {
        match order {
            Order::Room(room) => self.room = room,
            Order::SlowMs(ms) => self.slow = Duration::from_millis(ms),
            Order::Errors(errors) => self.errors = errors,
            // Not of this sort.
            Order::Lose { .. } => {}
        }
    }

    /// Whether this call fails with EIO.
    pub(super) fn fails(&mut self, call: DiskCalls) -> bool {
        match self.errors {
            Some((calls, one_in)) if calls == call => self.dice.within(0..u64::from(one_in.max(1))) == 0,
            _ => false,
        }
    }

    /// How much longer a sync takes.
    pub(super) fn slow(&self) -> Duration {
        self.slow
    }

    /// What is left, where that is not what the disk below says.
    pub(super) fn room(&self) -> Option<u64> {
        self.room
    }

    /// Takes up to `bytes` of what is left; answers how many.
    pub(super) fn take(&mut self, bytes: u64) -> u64 {
        let Some(room) = &mut self.room else { return bytes };
        let taken = bytes.min(*room);
        *room -= taken;
        taken
    }

    /// Gives some back.
    pub(super) fn give(&mut self, bytes: u64) {
        if let Some(room) = &mut self.room {
            *room = room.saturating_add(bytes);
        }
    }

    /// Whether there is room for another name.
    pub(super) fn has_room_for_a_name(&self) -> bool {
        self.room.is_none_or(|room| room >= NAME_BYTES)
    }
}
