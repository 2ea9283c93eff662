use std::time::Duration;

/// When a stream's access units are due: number `n` at `phase + n / fps` after the server's start, for all sessions alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub(crate) fps: u32,
    pub(crate) phase: Duration,
}

impl Schedule {
    /// The schedule of the `index`th stream: phases are spread over the interval, so that a thousand cameras do not all send
    /// at the same instant. Multiples of the golden ratio fill it evenly for any number of streams.
    pub(crate) fn spread(fps: u32, index: usize) -> Self {
        const GOLDEN: u64 = 0x9e37_79b9;
        let fraction = (index as u64).wrapping_mul(GOLDEN) & 0xffff_ffff;
        let interval_us = 1_000_000 / u64::from(fps);
        Self { fps, phase: Duration::from_micros((interval_us * fraction) >> 32) }
    }

    /// When unit `number` is due.
    pub(crate) fn due(&self, number: u64) -> Duration {
        self.phase + Duration::from_micros(number * 1_000_000 / u64::from(self.fps))
    }

    /// The first unit due after `now`.
    pub(crate) fn next(&self, now: Duration) -> u64 {
        let Some(since) = now.checked_sub(self.phase) else { return 0 };
        let guess = since.as_micros() as u64 * u64::from(self.fps) / 1_000_000;
        if self.due(guess) > now {
            guess
        } else if self.due(guess + 1) > now {
            guess + 1
        } else {
            guess + 2
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_unit_is_the_first_after_now() {
        for (fps, index) in [(25, 0), (30, 7), (60, 1_000), (1, 3)] {
            let schedule = Schedule::spread(fps, index);
            assert!(schedule.phase < Duration::from_micros(1_000_000 / u64::from(fps)));
            assert_eq!(schedule.next(schedule.due(0)), 1);
            for number in 1..500 {
                let due = schedule.due(number);
                assert_eq!(schedule.next(due), number + 1, "{fps} {number}");
                assert_eq!(schedule.next(due.saturating_sub(Duration::from_nanos(1))), number, "{fps} {number}");
            }
        }
    }
}
