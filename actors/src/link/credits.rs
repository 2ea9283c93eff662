use std::collections::VecDeque;

/// Most messages on their way to a peer, of all kinds: two seconds of heartbeats in a cell of 100 nodes, with calls beside them.
pub const CREDIT_MESSAGES_MAX: usize = 1024;
/// Most bytes on their way to a peer: four of the longest messages, or what a slow line carries within the time after which a
/// silent peer counts as gone.
pub const CREDIT_BYTES_MAX: usize = 4 << 20;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    messages: usize,
    bytes: usize,
}

/// What may still be on its way to one peer. All that is said to a peer goes through one queue in order, so the answer to a ping
/// says that everything before the ping has arrived.
#[derive(Debug, Default)]
pub(super) struct Credits {
    /// Said in all, and not known to have arrived.
    out: Tally,
    /// Of that, what was said after the last ping.
    unpinged: Tally,
    /// Of that, what was said before each ping that is not answered yet.
    pinged: VecDeque<(u64, Tally)>,
    pings: u64,
}

impl Credits {
    /// Takes credit for a message of `bytes`; `false` when there is not enough.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        if self.out.messages >= CREDIT_MESSAGES_MAX || self.out.bytes + bytes > CREDIT_BYTES_MAX {
            return false;
        }
        for tally in [&mut self.out, &mut self.unpinged] {
            tally.messages += 1;
            tally.bytes += bytes;
        }
        true
    }

    /// A ping is said now; answers its number.
    pub(super) fn ping(&mut self) -> u64 {
        self.pings += 1;
        self.pinged.push_back((self.pings, std::mem::take(&mut self.unpinged)));
        self.pings
    }

    /// The ping `number` was answered: what was said before it has arrived.
    pub(super) fn pong(&mut self, number: u64) {
        while let Some((_, tally)) = self.pinged.pop_front_if(|(pinged, _)| *pinged <= number) {
            self.out.messages -= tally.messages;
            self.out.bytes -= tally.bytes;
        }
    }

    /// Whether more than half is used, and a ping would tell whether it still must be.
    pub(super) fn is_short(&self) -> bool {
        self.unpinged.messages > CREDIT_MESSAGES_MAX / 2 || self.unpinged.bytes > CREDIT_BYTES_MAX / 2
    }

    #[cfg(test)]
    fn is_full(&self) -> bool {
        self.out == Tally::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_peer_that_answers_nothing_gets_no_more_than_its_credit() {
        let mut credits = Credits::default();
        assert!((0..CREDIT_MESSAGES_MAX).all(|_| credits.take(1)));
        assert!(!credits.take(1) && credits.is_short());
        let mut credits = Credits::default();
        assert!((0..4).all(|_| credits.take(1 << 20)));
        assert!(!credits.take(1));
    }

    #[test]
    fn an_answered_ping_gives_back_what_was_said_before_it_and_no_more() {
        let mut credits = Credits::default();
        assert!(credits.take(CREDIT_BYTES_MAX / 2));
        let first = credits.ping();
        assert!(credits.take(CREDIT_BYTES_MAX / 2));
        assert!(!credits.take(1));
        credits.pong(first);
        assert!(credits.take(CREDIT_BYTES_MAX / 2));
        assert!(!credits.take(1));
        let second = credits.ping();
        credits.pong(second);
        assert!(credits.is_full());
    }

    proptest! {
        #[test]
        fn what_is_out_is_bounded_and_comes_back(steps in prop::collection::vec((0_usize..2_000_000, 0_u8..4), 0..200)) {
            let mut credits = Credits::default();
            let (mut said, mut asked): (Vec<(usize, u64)>, u64) = (Vec::new(), 0);
            for (bytes, kind) in steps {
                match kind {
                    0 => asked = credits.ping(),
                    1 => {
                        let number = asked.saturating_sub(bytes as u64 % 3);
                        credits.pong(number);
                        said.retain(|(_, after)| *after >= number);
                    }
                    _ => if credits.take(bytes) {
                        said.push((bytes, asked));
                    }
                }
                let bytes: usize = said.iter().map(|(bytes, _)| bytes).sum();
                prop_assert!(said.len() <= CREDIT_MESSAGES_MAX && bytes <= CREDIT_BYTES_MAX);
                prop_assert_eq!((credits.out.messages, credits.out.bytes), (said.len(), bytes));
            }
            let last = credits.ping();
            credits.pong(last);
            prop_assert!(credits.is_full());
        }
    }
}
