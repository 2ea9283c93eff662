use std::fmt;

use eyrie_types::Epoch;
use serde::{Deserialize, Serialize};

/// Epochs of one grant: the first for the incarnation that is asked for, the others for its restarts on the same node while
/// nobody can be asked. A node asks for the next grant when half are spent. 2³² / 16 grants fit a generation; then the generation
/// rises by itself.
pub const EPOCHS_PER_GRANT: u16 = 16;

/// A run of epochs given to one node for one placement, once: no other node ever gets any of them for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EpochGrant {
    /// The first epoch; names the grant in commands that compare and set.
    pub first: Epoch,
    /// How many there are, `first` included; at least 1, never past the end of `first`'s generation.
    pub count: u16,
}

impl EpochGrant {
    /// The last epoch.
    pub fn last(&self) -> Epoch {
        let last = self.first.as_u64() + u64::from(self.count.saturating_sub(1));
        // Grants do not cross generations, so the sum is an epoch; a hostile one reads as its first.
        Epoch::from_u64(last).unwrap_or(self.first)
    }

    /// Whether `epoch` is one of them.
    pub fn contains(&self, epoch: Epoch) -> bool {
        (self.first..=self.last()).contains(&epoch)
    }

    /// The lowest of them after `spent`; `None` when all are spent.
    pub fn after(&self, spent: Option<Epoch>) -> Option<Epoch> {
        let next = match spent {
            Some(spent) if spent >= self.first => Epoch::from_u64(spent.as_u64() + 1)?,
            _ => self.first,
        };
        self.contains(next).then_some(next)
    }

    /// How many are left after `spent`.
    pub fn left(&self, spent: Option<Epoch>) -> u16 {
        let next = self.after(spent).map(Epoch::as_u64);
        next.map_or(0, |next| (self.last().as_u64() + 1 - next) as u16)
    }
}

impl fmt::Display for EpochGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.first, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_of_a_grant_are_spent_in_order_and_end() {
        let first = Epoch::new(1, 7).unwrap();
        let grant = EpochGrant { first, count: 2 };
        let second = Epoch::new(1, 8).unwrap();
        assert_eq!(grant.after(None), Some(first));
        assert_eq!(
            grant.after(Some(Epoch::new(0, 99).unwrap())),
            Some(first),
            "what an earlier grant spent does not count"
        );
        assert_eq!(grant.after(Some(first)), Some(second));
        assert_eq!(grant.after(Some(second)), None);
        assert_eq!((grant.left(None), grant.left(Some(first)), grant.left(Some(second))), (2, 1, 0));
    }
}
