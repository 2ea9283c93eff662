use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// No codec carried here reorders over more pictures (H.264 clause A.3.1, H.265 clause A.4.2).
const REORDER_DEPTH_MAX: usize = 16;

/// Makes decoding times for a track that has only presentation times, in decoding order: the n-th decoding time is the
/// (n − depth)-th presentation time in rising order. It needs no look ahead, so it adds no delay.
///
/// Times rise by at least one tick. They never pass the presentation time, unless the depth was too small: then it grows, and
/// only the unit that told so is off.
#[derive(Debug, Clone)]
pub struct DtsEstimator {
    depth: usize,
    interval: i64,
    waiting: BinaryHeap<Reverse<i64>>,
    first: Option<i64>,
    last: Option<i64>,
}

impl DtsEstimator {
    /// For a stream of `reorder_depth`; `interval` is about one frame, in ticks, by which the first pictures are decoded before
    /// the first is shown.
    pub fn new(reorder_depth: u8, interval: i64) -> Self {
        let depth = usize::from(reorder_depth).min(REORDER_DEPTH_MAX);
        Self { depth, interval: interval.max(1), waiting: BinaryHeap::new(), first: None, last: None }
    }

    /// The depth now: as given, or larger where the stream showed that it must be.
    pub fn reorder_depth(&self) -> u8 {
        self.depth as u8
    }

    /// The decoding time of the next unit in decoding order.
    pub fn push(&mut self, pts: i64) -> i64 {
        let first = *self.first.get_or_insert(pts);
        self.waiting.push(Reverse(pts));
        let estimate = if self.waiting.len() > self.depth {
            self.waiting.pop().map_or(pts, |Reverse(least)| least)
        } else {
            // Before the first picture is shown, time runs up to it frame by frame.
            let missing = (self.depth + 1 - self.waiting.len()) as i64;
            first.saturating_sub(missing.saturating_mul(self.interval))
        };
        let rising = self.last.map_or(estimate, |last| estimate.max(last.saturating_add(1)));
        if rising > pts && self.depth < REORDER_DEPTH_MAX {
            self.depth += 1;
        }
        self.last = Some(rising);
        rising
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: i64 = 3_600;

    fn dts(depth: u8, order: &[i64]) -> Vec<(i64, i64)> {
        let mut estimator = DtsEstimator::new(depth, FRAME);
        order.iter().map(|&shown| (shown * FRAME, estimator.push(shown * FRAME))).collect()
    }

    fn assert_sound(times: &[(i64, i64)]) {
        assert!(times.windows(2).all(|w| w[0].1 < w[1].1), "decoding times rise: {times:?}");
        assert!(times.iter().all(|(pts, dts)| dts <= pts), "nothing is shown before it is decoded: {times:?}");
    }

    #[test]
    fn real_pyramids_decode_in_time() {
        // Decoding orders as encoders emit them: IBP, one level of pyramid, two levels.
        let patterns: [(u8, &[i64]); 3] = [(1, &[2, 1]), (2, &[4, 2, 1, 3]), (3, &[8, 4, 2, 1, 3, 6, 5, 7])];
        for (depth, gop) in patterns {
            let period = gop.len() as i64;
            let order: Vec<i64> =
                [0].into_iter().chain((0..20).flat_map(|n| gop.iter().map(move |s| s + n * period))).collect();
            let times = dts(depth, &order);
            assert_sound(&times);
            let steps: Vec<i64> = times.windows(2).map(|w| w[1].1 - w[0].1).collect();
            assert!(steps.iter().all(|&step| step == FRAME), "one frame apart: {steps:?}");
        }
    }

    #[test]
    fn without_b_frames_decoding_is_presentation() {
        assert!(dts(0, &[0, 1, 2, 3, 7]).iter().all(|(pts, dts)| pts == dts));
    }

    #[test]
    fn a_depth_too_large_does_no_harm() {
        assert_sound(&dts(4, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    }

    #[test]
    fn a_depth_too_small_grows_until_times_are_sound() {
        let order: Vec<i64> = [0].into_iter().chain((0..20).flat_map(|n| [4, 2, 1, 3].map(|s| s + n * 4))).collect();
        let times = dts(0, &order);
        assert!(times.windows(2).all(|w| w[0].1 < w[1].1));
        assert_sound(&times[20..]);
    }
}
