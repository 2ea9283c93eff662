use std::time::Duration;

use eyrie_storage::disk::{Disk, DiskHealth};
use eyrie_types::{ByteSize, Monotonic};

/// How far ahead room is made: what is written in this time fits when nothing is deleted meanwhile. A busy disk takes up to 5 s to
/// delete a large file, and rounds are some seconds apart.
const AHEAD: Duration = Duration::from_secs(60);
/// The least and the most room to keep free, in hundredths of what a disk may take: a small disk is not to be emptied for a burst.
const ROOM_PERCENT: (u64, u64) = (1, 20);
/// How much of a newly measured rate counts: a burst of a few seconds does not empty a disk, a new load is known in half a minute.
const NEW_SHARE: f64 = 0.2;

/// Foresees how fast a disk fills.
#[derive(Debug, Default)]
pub(super) struct FillRate {
    last: Option<(Monotonic, u64)>,
    bytes_per_s: f64,
}

impl FillRate {
    /// Takes note that `free` bytes are free at `at`, after `deleted` bytes were made free since the last time.
    pub(super) fn measured(&mut self, at: Monotonic, free: u64, deleted: u64) {
        if let Some((then, before)) = self.last {
            let seconds = at.since(then).as_secs_f64();
            if seconds > 0.0 {
                let filled = (before.saturating_add(deleted)).saturating_sub(free) as f64 / seconds;
                self.bytes_per_s += (filled - self.bytes_per_s) * NEW_SHARE;
            }
        }
        self.last = Some((at, free));
    }

    pub(super) fn bytes_per_s(&self) -> f64 {
        self.bytes_per_s
    }
}

/// Bytes to make free on a disk, of which `reserve` must always stay free: none while there is room for some time, then twice of
/// that room, so that not each round has to delete something.
pub(super) fn needed(health: &DiskHealth, reserve: ByteSize, bytes_per_s: f64) -> u64 {
    let usable = health.total_bytes.saturating_sub(reserve.as_u64());
    // A file system that does not tell its size is not to be emptied.
    if usable == 0 {
        return 0;
    }
    let (least, most) = (usable / 100 * ROOM_PERCENT.0, usable / 100 * ROOM_PERCENT.1);
    let ahead = ((bytes_per_s * AHEAD.as_secs_f64()) as u64).clamp(least, most.max(least));
    let low = reserve.as_u64().saturating_add(ahead);
    if health.free_bytes >= low { 0 } else { low.saturating_add(ahead).saturating_sub(health.free_bytes) }
}

/// Days until a disk has no room left but the reserve, at this rate; `None` while it does not fill.
pub(super) fn days_left(disk: &Disk, health: &DiskHealth, bytes_per_s: f64) -> Option<f64> {
    let room = health.free_bytes.saturating_sub(disk.config().reserve.as_u64());
    (bytes_per_s > 1.0).then(|| room as f64 / bytes_per_s / 86_400.0)
}

#[cfg(test)]
mod tests {
    use eyrie_storage::disk::DiskState;
    use eyrie_types::WallTime;

    use super::*;

    fn disk(total: u64, free: u64) -> DiskHealth {
        let (state, since) = (DiskState::Ok, WallTime::EPOCH);
        DiskHealth { free_bytes: free << 20, total_bytes: total << 20, state, since, last_error: None }
    }

    fn mib(health: &DiskHealth, mib_per_s: f64) -> u64 {
        needed(health, ByteSize::mib(256), mib_per_s * 1048576.0) >> 20
    }

    #[test]
    fn room_is_made_for_a_minute_within_bounds_and_twice_of_it_at_once() {
        // 1 MiB a second: 60 MiB ahead.
        assert_eq!(mib(&disk(10_256, 400), 1.0), 0);
        assert_eq!(mib(&disk(10_256, 300), 1.0), 256 + 100 + 100 - 300, "a hundredth of the disk is more");
        assert_eq!(mib(&disk(1_256, 300), 1.0), 256 + 60 + 60 - 300);
        assert_eq!(mib(&disk(356, 260), 100.0), 256 + 20 + 20 - 260, "never more than a fifth");
        assert_eq!(mib(&disk(0, 0), 100.0), 0, "it did not tell its size");
        assert_eq!(mib(&disk(200, 0), 100.0), 0, "nothing of it may be used");
    }

    #[test]
    fn a_steady_load_is_known_in_half_a_minute_whatever_is_deleted_meanwhile() {
        let mut rate = FillRate::default();
        let mut free = 1_000_000u64;
        for second in (0..40).step_by(2) {
            let deleted = if second % 10 == 0 { 50_000 } else { 0 };
            free = free + deleted - 2_000;
            rate.measured(Monotonic::from_start(Duration::from_secs(second)), free, deleted);
        }
        assert!((950.0..=1_000.0).contains(&rate.bytes_per_s()), "{}", rate.bytes_per_s());
    }
}
