/// How far a frame of sound may be off the sum of those before it, in milliseconds: FLV rounds times to a millisecond.
const SYNC_MS: i64 = 2;

/// Gives frames of sound times in samples, from times in milliseconds: each follows the one before it without a gap or overlap, as
/// they were recorded, unless the publisher's time says that something is missing.
#[derive(Debug, Clone, Copy)]
pub(super) struct SampleClock {
    rate: i64,
    /// When the next frame begins, in samples.
    next: Option<i64>,
}

impl SampleClock {
    pub(super) fn new(rate: u32) -> Self {
        Self { rate: i64::from(rate.max(1)), next: None }
    }

    /// The time of a frame of so many samples, in samples.
    pub(super) fn place(&mut self, ms: i64, samples: i64) -> i64 {
        let told = ms.saturating_mul(self.rate) / 1_000;
        let at = self.next.filter(|next| (told - next).abs() <= self.rate * SYNC_MS / 1_000).unwrap_or(told);
        self.next = Some(at.saturating_add(samples));
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_times_become_even_again_and_a_hole_stays() {
        let mut clock = SampleClock::new(44_100);
        let told = |n: i64| n * 1_024 * 1_000 / 44_100;
        let even = (0..5_000).all(|n| clock.place(told(n), 1_024) == n * 1_024);
        assert!(even, "5,000 frames, rounded down to a millisecond each");
        let after = clock.place(told(5_100), 1_024);
        assert!((after - 5_100 * 1_024).abs() <= 45, "{after}");
        assert_eq!(clock.place(told(5_101), 1_024), after + 1_024);
    }
}
