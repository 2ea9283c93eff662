use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use eyrie_types::ByteSize;

/// What each ring may always hold, however full the node is: one second of 8 Mbit/s. A camera that is admitted can hence be
/// recorded whatever the readers of other cameras pin.
pub const RING_RESERVED: ByteSize = ByteSize::mib(1);

/// Why a camera is not admitted: its ring's reserve does not fit the node's limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the node's limit for frames in memory ({limit}) has no room for another camera: {used_bytes} bytes are taken")]
pub struct RingBudgetFull {
    /// Bytes reserved or held beyond the reserves.
    pub used_bytes: u64,
    /// The node's limit.
    pub limit: ByteSize,
}

/// The node's limit over all its rings, in bytes: the sum over rings of the larger of [`RING_RESERVED`] and what is charged.
#[derive(Debug)]
pub struct RingBudget {
    limit_bytes: u64,
    used_bytes: AtomicU64,
}

impl RingBudget {
    /// A budget of `limit` (the node gives a quarter of its memory).
    pub fn new(limit: ByteSize) -> Arc<Self> {
        Arc::new(Self { limit_bytes: limit.as_u64(), used_bytes: AtomicU64::new(0) })
    }

    /// Asks whether another camera fits. Ask before [`crate::GopRing::new`], which takes the reserve in any case.
    ///
    /// # Errors
    /// When the reserve of one more ring would pass the limit.
    pub fn admit(&self) -> Result<(), RingBudgetFull> {
        let used_bytes = self.used_bytes();
        if used_bytes.saturating_add(RING_RESERVED.as_u64()) > self.limit_bytes {
            return Err(RingBudgetFull { used_bytes, limit: self.limit() });
        }
        Ok(())
    }

    /// The limit.
    pub fn limit(&self) -> ByteSize {
        ByteSize::bytes(self.limit_bytes)
    }

    /// Bytes reserved by rings, or charged beyond their reserves.
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// Takes `bytes` if they fit. They are added before the check, so two takers at the limit may both be refused, and
    /// neither passes it.
    fn take(&self, bytes: u64) -> bool {
        let before = self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        before.saturating_add(bytes) <= self.limit_bytes
    }

    fn give_back(&self, bytes: u64) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// One ring's account with the budget. It lives as long as the ring or any byte charged to it.
///
/// Each change of `charged_bytes` moves the budget by exactly the change of the part beyond the reserve, computed from the
/// value its own atomic step replaced; so the sum is right whatever the order of threads.
#[derive(Debug)]
pub(super) struct RingAccount {
    budget: Arc<RingBudget>,
    charged_bytes: AtomicU64,
}

const fn beyond_reserve(bytes: u64) -> u64 {
    bytes.saturating_sub(RING_RESERVED.as_u64())
}

impl RingAccount {
    /// Opens an account and takes its reserve.
    pub(super) fn open(budget: Arc<RingBudget>) -> Arc<Self> {
        budget.take(RING_RESERVED.as_u64());
        Arc::new(Self { budget, charged_bytes: AtomicU64::new(0) })
    }

    /// Bytes charged and not yet released: what the ring holds and what readers hold of it.
    pub(super) fn charged_bytes(&self) -> u64 {
        self.charged_bytes.load(Ordering::Relaxed)
    }

    /// Charges `bytes`, unless the node's limit refuses.
    pub(super) fn charge(self: &Arc<Self>, bytes: u64) -> Option<Charge> {
        let before = self.charged_bytes.fetch_add(bytes, Ordering::Relaxed);
        let beyond = beyond_reserve(before.saturating_add(bytes)) - beyond_reserve(before);
        let charge = Charge { account: Arc::clone(self), bytes };
        // A refused charge is dropped here, which gives back what was added.
        (beyond == 0 || self.budget.take(beyond)).then_some(charge)
    }
}

impl Drop for RingAccount {
    fn drop(&mut self) {
        self.budget.give_back(RING_RESERVED.as_u64());
    }
}

/// Bytes charged to an account; dropping it gives them back.
#[derive(Debug)]
pub(super) struct Charge {
    account: Arc<RingAccount>,
    bytes: u64,
}

impl Drop for Charge {
    fn drop(&mut self) {
        let before = self.account.charged_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        let beyond = beyond_reserve(before) - beyond_reserve(before.saturating_sub(self.bytes));
        if beyond > 0 {
            self.account.budget.give_back(beyond);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_within_its_reserve_is_never_refused() {
        let budget = RingBudget::new(ByteSize::mib(3));
        let (greedy, modest) = (RingAccount::open(Arc::clone(&budget)), RingAccount::open(Arc::clone(&budget)));
        let held = greedy.charge(ByteSize::mib(2).as_u64());
        assert!(held.is_some());
        assert!(greedy.charge(1).is_none(), "the node's limit is reached");
        assert!(modest.charge(RING_RESERVED.as_u64()).is_some());
        assert_eq!(budget.admit().map_err(|full| full.used_bytes), Err(ByteSize::mib(3).as_u64()));
    }

    #[test]
    fn everything_taken_is_given_back() {
        let budget = RingBudget::new(ByteSize::mib(4));
        let account = RingAccount::open(Arc::clone(&budget));
        let charges: Vec<_> = (0..40).filter_map(|_| account.charge(100_000)).collect();
        assert!(charges.len() < 42 && account.charged_bytes() <= ByteSize::mib(4).as_u64());
        drop(account);
        assert!(budget.used_bytes() > 0, "bytes still held stay counted after the ring is gone");
        drop(charges);
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn threads_charging_and_releasing_leave_the_sum_exact() {
        let budget = RingBudget::new(ByteSize::mib(2));
        let account = RingAccount::open(Arc::clone(&budget));
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let account = &account;
                scope.spawn(move || {
                    for i in 0..2_000 {
                        let held: Vec<_> = (0..4).map(|j| account.charge(150_000 + thread * 1_000 + i + j)).collect();
                        drop(held);
                    }
                });
            }
        });
        assert_eq!((account.charged_bytes(), budget.used_bytes()), (0, RING_RESERVED.as_u64()));
    }
}
