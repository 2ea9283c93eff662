use std::collections::VecDeque;

use eyrie_storage::facts::{Point, SECONDS_KEPT};

/// Seconds kept.
const SECONDS: i64 = SECONDS_KEPT.as_secs() as i64;

/// The last hour in steps of a second: a ring of at most 3,600 points. Of a camera that is 16 bytes and 8 of time a second:
/// 98,304 bytes at most, with the room a growing ring takes.
#[derive(Debug)]
pub(crate) struct Recent<P> {
    points: VecDeque<(i64, P)>,
}

impl<P> Default for Recent<P> {
    fn default() -> Self {
        Self { points: VecDeque::new() }
    }
}

impl<P: Point> Recent<P> {
    /// Adds the point of `second` (since 1970). One that is there already is kept; a clock that was set back starts over.
    pub(crate) fn push(&mut self, second: i64, point: P) {
        match self.points.back() {
            Some((last, _)) if *last == second => return,
            Some((last, _)) if *last > second => self.points.clear(),
            _ => {}
        }
        while self.points.front().is_some_and(|(first, _)| *first <= second - SECONDS) {
            self.points.pop_front();
        }
        self.points.push_back((second, point));
    }

    /// The points of seconds in `from..to`, in order.
    pub(crate) fn between(&self, from: i64, to: i64) -> Vec<(i64, P)> {
        let (first, last) =
            (self.points.partition_point(|(s, _)| *s < from), self.points.partition_point(|(s, _)| *s < to));
        self.points.range(first.min(last)..last).copied().collect()
    }

    /// All of `from..to` as one point.
    pub(crate) fn merged(&self, from: i64, to: i64) -> Option<P> {
        let points: Vec<P> = self.between(from, to).into_iter().map(|(_, point)| point).collect();
        P::merge(&points)
    }
}

#[cfg(test)]
mod tests {
    use eyrie_storage::facts::StreamPoint;

    use super::*;

    fn lost(lost: u32) -> StreamPoint {
        StreamPoint { lost, ..StreamPoint::default() }
    }

    #[test]
    fn an_hour_is_kept_and_no_more_and_a_clock_set_back_starts_over() {
        let mut recent = Recent::default();
        (0..2 * SECONDS).for_each(|second| recent.push(second, lost(1)));
        assert_eq!(recent.points.len() as i64, SECONDS);
        assert!(recent.points.capacity() * size_of::<(i64, StreamPoint)>() <= 98_304);
        assert_eq!(recent.between(0, i64::MAX).first().map(|(second, _)| *second), Some(SECONDS));
        recent.push(2 * SECONDS - 1, lost(9));
        assert_eq!(recent.merged(2 * SECONDS - 10, 2 * SECONDS).unwrap().lost, 10, "the same second twice counts once");
        recent.push(5, lost(7));
        assert_eq!(recent.between(i64::MIN, i64::MAX), [(5, lost(7))]);
        assert_eq!(recent.between(9, 3), []);
    }
}
