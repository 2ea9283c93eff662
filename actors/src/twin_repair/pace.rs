use std::time::Duration;

/// Holds work to a rate: whoever has moved bytes waits until they are paid for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    bytes_per_s: u64,
}

/// The longest wait for one thing, whatever its size: a rate that is raised takes effect soon.
const WAIT_MAX: Duration = Duration::from_secs(60);

impl Pace {
    pub(super) fn new(bytes_per_s: u64) -> Self {
        Self { bytes_per_s: bytes_per_s.max(1) }
    }

    /// How long `bytes` take.
    fn cost(self, bytes: u64) -> Duration {
        let us = u128::from(bytes) * 1_000_000 / u128::from(self.bytes_per_s);
        Duration::from_micros(u64::try_from(us).unwrap_or(u64::MAX)).min(WAIT_MAX)
    }

    /// Waits for as long as `bytes` take.
    pub(super) async fn spend(self, bytes: u64) {
        tokio::time::sleep(self.cost(bytes)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_time_and_never_for_ever() {
        let pace = Pace::new(8 << 20);
        assert_eq!(pace.cost(4 << 20), Duration::from_millis(500));
        assert_eq!(Pace::new(0).cost(u64::MAX), WAIT_MAX);
    }
}
