use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use eyrie_types::{RequestId, WallTime};

/// Makes correlation ids: of the time (UUID version 7) and of a count that a secret of this process scatters, so that those of
/// two nodes differ and none tells how many came before it. Unlike other ids they name nothing that lasts, so no request asks
/// the system for randomness.
#[derive(Debug, Default)]
pub(crate) struct RequestIds {
    secret: RandomState,
    count: AtomicU64,
}

impl RequestIds {
    /// The id of a request at `now`.
    pub(crate) fn next(&self, now: WallTime) -> RequestId {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut scattered = [0; 10];
        scattered[..8].copy_from_slice(&self.secret.hash_one(count).to_be_bytes());
        scattered[8..].copy_from_slice(&(self.secret.hash_one(!count) as u16).to_be_bytes());
        let ms = u64::try_from(now.as_unix_us() / 1000).unwrap_or(0);
        RequestId::from_uuid(uuid::Builder::from_unix_timestamp_millis(ms, &scattered).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_of_one_moment_differ_within_a_process_and_between_two() {
        let (one, other) = (RequestIds::default(), RequestIds::default());
        let now = WallTime::from_unix_us(1_767_225_600_000_000);
        let ids: HashSet<_> = (0..10_000).flat_map(|_| [one.next(now), other.next(now)]).collect();
        assert_eq!(ids.len(), 20_000);
        assert!(ids.iter().all(|id| id.as_uuid().get_version_num() == 7));
    }
}
