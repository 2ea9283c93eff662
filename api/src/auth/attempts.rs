use std::net::IpAddr;
use std::time::Duration;

use eyrie_storage::shared::{RateLimit, SharedState};
use eyrie_types::TenantId;

/// What an address may do at the sign-in routes. Many people may sit behind one, so it takes many failures to earn a pause.
/// The pauses of user names are the store's, for they must outlast a restart; an address is cheap to change, so shared state,
/// which may be lost, is enough for it.
const SIGN_IN: RateLimit = RateLimit {
    kind: "sign_in",
    burst: 120,
    per_second: 4,
    free_failures: 20,
    pause_max: Duration::from_secs(15 * 60),
    kept: Duration::from_secs(24 * 3600),
    subjects_max: 10_000,
};

/// Rate limit and growing pauses for each address at the sign-in routes, on all nodes together.
pub(crate) struct Attempts(SharedState);

/// One host may hold a whole IPv6 /64 (RFC 6177), so that is what is counted.
fn counted(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()).to_string(),
        v4 => v4.to_string(),
    }
}

impl Attempts {
    pub(crate) fn new(shared: SharedState) -> Self {
        Self(shared)
    }

    /// Takes one request of `address`.
    ///
    /// # Errors
    /// How long to wait before the next one.
    pub(crate) async fn take(&self, address: IpAddr) -> Result<(), Duration> {
        self.0.take(&SIGN_IN, &everybody(), &counted(address)).await
    }

    /// A sign-in from `address` failed: beyond the free ones, each doubles the pause.
    pub(crate) async fn failed(&self, address: IpAddr) {
        self.0.failed(&SIGN_IN, &everybody(), &counted(address)).await;
    }

    /// A sign-in from `address` succeeded.
    pub(crate) async fn succeeded(&self, address: IpAddr) {
        self.0.succeeded(&SIGN_IN, &everybody(), &counted(address)).await;
    }
}

/// Before somebody has signed in, an address belongs to no tenant: it is counted once for all.
fn everybody() -> TenantId {
    TenantId::default_tenant()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use eyrie_storage::shared::MemoryCell;
    use eyrie_types::{ManualClock, NodeId, WallTime};

    fn attempts() -> (Attempts, ManualClock) {
        let clock = ManualClock::at(WallTime::EPOCH);
        let shared = SharedState::in_memory(NodeId::random(), MemoryCell::default(), Arc::new(clock.clone()));
        (Attempts::new(shared), clock)
    }

    #[tokio::test]
    async fn failures_beyond_the_free_ones_double_the_pause() {
        let (attempts, clock) = attempts();
        let address = "192.0.2.1".parse().unwrap();
        for _ in 0..20 {
            attempts.failed(address).await;
        }
        assert_eq!(attempts.take(address).await, Ok(()));
        attempts.failed(address).await;
        assert_eq!(attempts.take(address).await, Err(Duration::from_secs(1)));
        attempts.failed(address).await;
        assert_eq!(attempts.take(address).await, Err(Duration::from_secs(2)));
        clock.advance(Duration::from_secs(2));
        assert_eq!(attempts.take(address).await, Ok(()));
        assert_eq!(attempts.take("192.0.2.2".parse().unwrap()).await, Ok(()), "others are not disturbed");
    }

    #[tokio::test]
    async fn a_burst_is_allowed_and_then_a_rate() {
        let (attempts, clock) = attempts();
        let address = "2001:db8::1".parse().unwrap();
        let mut burst = 0;
        while attempts.take(address).await.is_ok() {
            burst += 1;
        }
        assert_eq!(burst, 120);
        assert!(attempts.take("2001:db8::2".parse().unwrap()).await.is_err(), "the same /64");
        clock.advance(Duration::from_millis(250));
        assert_eq!(attempts.take(address).await, Ok(()));
    }
}
