use std::time::Duration;

use eyrie_types::{ByteSize, GapCause, Monotonic, WallTime};

use super::DiskError;
use crate::segment::chain;

/// A round of syncing, or a wait for room in the queue, that takes longer makes the disk a slow one: five times the interval,
/// and the most that a power cut may cost.
pub(super) const SLOW_AFTER: Duration = Duration::from_secs(5);

/// What a recordings directory is fit for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskState {
    /// It takes what it is given.
    Ok,
    /// It has no room left but the reserve.
    Full,
    /// It is mounted, or has turned, read-only.
    ReadOnly,
    /// It takes writes, but not in time.
    Slow,
    /// It answers with errors.
    Failing,
}

/// The state of a recordings directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskHealth {
    /// Bytes free for us on its file system.
    pub free_bytes: u64,
    /// Bytes of the file system.
    pub total_bytes: u64,
    /// What it is fit for.
    pub state: DiskState,
    /// Since when.
    pub since: WallTime,
    /// The last error, however long ago, in words for a person.
    pub last_error: Option<String>,
}

/// Keeps [`DiskHealth`]: facts in, state out.
pub(super) struct HealthKeeper {
    health: DiskHealth,
    reserve: ByteSize,
    round_began: Option<Monotonic>,
}

impl HealthKeeper {
    pub(super) fn new(now: WallTime, reserve: ByteSize) -> Self {
        let state = DiskState::Ok;
        let health = DiskHealth { free_bytes: 0, total_bytes: 0, state, since: now, last_error: None };
        Self { health, reserve, round_began: None }
    }

    pub(super) fn failed(&mut self, now: WallTime, error: &DiskError) {
        let state = match error.cause() {
            GapCause::DiskFull => DiskState::Full,
            GapCause::DiskReadOnly => DiskState::ReadOnly,
            GapCause::DiskSlow => DiskState::Slow,
            GapCause::DiskError => DiskState::Failing,
            // A value refused or a disk shut down tells nothing of the disk.
            _ => return,
        };
        self.health.last_error = Some(chain(error));
        self.enter(now, state);
    }

    pub(super) fn measured(&mut self, free_bytes: u64, total_bytes: u64) {
        (self.health.free_bytes, self.health.total_bytes) = (free_bytes, total_bytes);
    }

    pub(super) fn round_began(&mut self, at: Monotonic) {
        self.round_began = Some(at);
    }

    /// A round is over that made something durable (`synced`) and met no error (`sound`).
    pub(super) fn round_ended(&mut self, now: WallTime, took: Duration, synced: bool, sound: bool) {
        self.round_began = None;
        if took >= SLOW_AFTER {
            self.enter(now, DiskState::Slow);
        } else if synced && sound && self.has_room() {
            self.enter(now, DiskState::Ok);
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.health.free_bytes >= self.reserve.as_u64()
    }

    pub(super) fn free(&self) -> ByteSize {
        ByteSize::bytes(self.health.free_bytes)
    }

    /// The health as of now: a round that hangs counts before it ends.
    pub(super) fn report(&mut self, now: WallTime, at: Monotonic) -> DiskHealth {
        if self.round_began.is_some_and(|began| at.since(began) >= SLOW_AFTER) {
            self.enter(now, DiskState::Slow);
        }
        self.health.clone()
    }

    fn enter(&mut self, now: WallTime, state: DiskState) {
        if self.health.state != state {
            self.health.state = state;
            self.health.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> (WallTime, Monotonic) {
        let wall = WallTime::from_unix_us(secs as i64 * 1_000_000);
        (wall, Monotonic::from_start(Duration::from_secs(secs)))
    }

    fn keeper() -> HealthKeeper {
        let mut keeper = HealthKeeper::new(at(1).0, ByteSize::bytes(10));
        keeper.measured(100, 1000);
        keeper
    }

    #[test]
    fn a_round_that_hangs_makes_a_slow_disk_before_it_ends() {
        let mut keeper = keeper();
        keeper.round_began(at(10).1);
        assert_eq!(keeper.report(at(14).0, at(14).1).state, DiskState::Ok);
        let slow = keeper.report(at(15).0, at(15).1);
        assert_eq!((slow.state, slow.since), (DiskState::Slow, at(15).0));
        keeper.round_ended(at(30).0, Duration::from_secs(20), true, true);
        assert_eq!(keeper.report(at(31).0, at(31).1).since, at(15).0, "still the same slowness");
        keeper.round_began(at(32).1);
        keeper.round_ended(at(32).0, Duration::from_millis(5), true, true);
        assert_eq!(keeper.report(at(33).0, at(33).1).state, DiskState::Ok);
    }

    #[test]
    fn a_full_disk_is_well_again_only_when_it_has_room_and_synced_something() {
        let mut keeper = keeper();
        let full = DiskError::io("write", std::path::Path::new("x"))(rustix::io::Errno::NOSPC.into());
        keeper.failed(at(2).0, &full);
        let state = |keeper: &mut HealthKeeper| keeper.report(at(9).0, at(9).1).state;
        keeper.round_ended(at(3).0, Duration::ZERO, false, true);
        assert_eq!(state(&mut keeper), DiskState::Full);
        keeper.measured(9, 1000);
        keeper.round_ended(at(4).0, Duration::ZERO, true, true);
        assert_eq!(state(&mut keeper), DiskState::Full);
        keeper.measured(500, 1000);
        keeper.round_ended(at(5).0, Duration::ZERO, true, true);
        assert_eq!(state(&mut keeper), DiskState::Ok);
        assert!(keeper.report(at(9).0, at(9).1).last_error.is_some_and(|text| text.contains("No space left")));
    }
}
