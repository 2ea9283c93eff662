use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::{Clock, Monotonic};

/// Requests to the sign-in routes that an address may make at once.
const BURST: f64 = 120.0;
/// And each second from then on.
const PER_SECOND: f64 = 4.0;
/// Failed sign-ins from one address that cost no pause: many people may sit behind one address.
const FREE_FAILURES: u32 = 20;
/// The longest pause of an address.
const PAUSE_MAX: Duration = Duration::from_secs(15 * 60);
/// Addresses remembered; beyond it the one seen longest ago is forgotten.
const ADDRESSES_MAX: usize = 10_000;

/// What one address did lately.
struct Address {
    tokens: f64,
    refilled: Monotonic,
    failures: u32,
    locked_until: Monotonic,
}

/// Rate limit and growing pauses for each address at the sign-in routes. The pauses of user names are the store's, for they
/// must outlast a restart; an address is cheap to change, so memory is enough for it.
#[derive(Default)]
pub(crate) struct Attempts {
    addresses: Mutex<HashMap<IpAddr, Address>>,
}

/// One host may hold a whole IPv6 /64 (RFC 6177), so that is what is counted.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

impl Attempts {
    /// Takes one request of `address`.
    ///
    /// # Errors
    /// How long to wait before the next one.
    pub(crate) fn take(&self, address: IpAddr, clock: &dyn Clock) -> Result<(), Duration> {
        let now = clock.monotonic();
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entry(&mut addresses, counted(address), now);
        if entry.locked_until > now {
            return Err(entry.locked_until.since(now));
        }
        entry.tokens = (entry.tokens + now.since(entry.refilled).as_secs_f64() * PER_SECOND).min(BURST);
        entry.refilled = now;
        if entry.tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - entry.tokens) / PER_SECOND));
        }
        entry.tokens -= 1.0;
        Ok(())
    }

    /// A sign-in from `address` failed: beyond the free ones, each doubles the pause.
    pub(crate) fn failed(&self, address: IpAddr, clock: &dyn Clock) {
        let now = clock.monotonic();
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entry(&mut addresses, counted(address), now);
        entry.failures = entry.failures.saturating_add(1);
        if let Some(doublings) = entry.failures.checked_sub(FREE_FAILURES + 1) {
            let factor = 1u32.checked_shl(doublings).unwrap_or(u32::MAX);
            entry.locked_until = now + Duration::from_secs(1).saturating_mul(factor).min(PAUSE_MAX);
        }
    }

    /// A sign-in from `address` succeeded.
    pub(crate) fn succeeded(&self, address: IpAddr) {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = addresses.get_mut(&counted(address)) {
            entry.failures = 0;
        }
    }
}

fn entry(addresses: &mut HashMap<IpAddr, Address>, address: IpAddr, now: Monotonic) -> &mut Address {
    if addresses.len() >= ADDRESSES_MAX && !addresses.contains_key(&address) {
        // Rare and short: 10,000 comparisons, only while somebody comes from more addresses than that.
        if let Some(oldest) = addresses.iter().min_by_key(|(_, entry)| entry.refilled).map(|(address, _)| *address) {
            addresses.remove(&oldest);
            metrics::counter!("eyrie_auth_addresses_forgotten_total").increment(1);
        }
    }
    addresses.entry(address).or_insert_with(|| Address { tokens: BURST, refilled: now, failures: 0, locked_until: now })
}

#[cfg(test)]
mod tests {
    use super::*;
    use eyrie_types::{ManualClock, WallTime};

    #[test]
    fn failures_beyond_the_free_ones_double_the_pause() {
        let (attempts, clock) = (Attempts::default(), ManualClock::at(WallTime::EPOCH));
        let address = "192.0.2.1".parse().unwrap();
        for _ in 0..FREE_FAILURES {
            attempts.failed(address, &clock);
        }
        assert_eq!(attempts.take(address, &clock), Ok(()));
        attempts.failed(address, &clock);
        assert_eq!(attempts.take(address, &clock), Err(Duration::from_secs(1)));
        attempts.failed(address, &clock);
        assert_eq!(attempts.take(address, &clock), Err(Duration::from_secs(2)));
        clock.advance(Duration::from_secs(2));
        assert_eq!(attempts.take(address, &clock), Ok(()));
        assert_eq!(attempts.take("192.0.2.2".parse().unwrap(), &clock), Ok(()), "others are not disturbed");
    }

    #[test]
    fn a_burst_is_allowed_and_then_a_rate() {
        let (attempts, clock) = (Attempts::default(), ManualClock::at(WallTime::EPOCH));
        let address = "2001:db8::1".parse().unwrap();
        while attempts.take(address, &clock).is_ok() {}
        assert!(attempts.take("2001:db8::2".parse().unwrap(), &clock).is_err(), "the same /64");
        clock.advance(Duration::from_millis(250));
        assert_eq!(attempts.take(address, &clock), Ok(()));
    }
}
