//! How far one track's clock is ahead of another's, told by keyframes of equal hashes.
//!
//! A keyframe's hash covers its coded picture, so two nodes that recorded the same moment have the same hash for it, whatever their
//! clocks say. But a camera that looks at a wall, or plays a loop, sends equal keyframes at different moments. So a hash counts for
//! itself only where none comes twice in either track, within half a minute; where pictures repeat, it counts only where both
//! tracks recorded at that wall time, and then the nearest is the same moment. Nothing is concluded from repeating pictures of
//! tracks that only follow one another.

use std::collections::BTreeSet;
use std::time::Duration;

/// Most that two nodes' clocks are thought to be apart.
pub(super) const SHIFT_MAX_US: i64 = 5_000_000;
/// How far from the moment in question keyframes are compared: clocks are slewed by 500 ppm at most, which is 30 ms in a minute.
pub(super) const SEARCH: Duration = Duration::from_secs(30);
pub(super) const SEARCH_US: i64 = SEARCH.as_micros() as i64;
/// Keyframes compared before that moment, and as many behind it: of a camera that sends keyframes alone, a few seconds tell enough.
const KEYFRAMES_MAX: usize = 64;
/// The hash of a keyframe that nobody knows.
const UNKNOWN: [u8; 16] = [0; 16];
/// Pairs of keyframes that are asked: the nearest ones, of which the middle answer is taken.
const PAIRS_MAX: usize = 9;
/// Times of one keyframe in two tracks, set right by their shift, differ by no more.
pub(super) const MATCH_TOLERANCE_US: i64 = 250_000;

/// The keyframes of two tracks: each by its position, as its time in microseconds and its hash, in order of time.
pub(super) struct Alignment<'a> {
    pub(super) from: usize,
    pub(super) from_at: &'a dyn Fn(usize) -> (i64, [u8; 16]),
    pub(super) from_end_us: i64,
    pub(super) to: usize,
    pub(super) to_at: &'a dyn Fn(usize) -> (i64, [u8; 16]),
    pub(super) to_end_us: i64,
}

impl Alignment<'_> {
    /// How far the second track's clock is ahead around `us` of the first one's clock; `None` where content tells nothing.
    pub(super) fn shift_at(&self, us: i64) -> Option<i64> {
        let near = around(self.from, self.from_at, us);
        let repeats =
            repeats(near.clone().map(self.from_at)) || repeats(around(self.to, self.to_at, us).map(self.to_at));
        let mut pairs = Vec::new();
        for (at, hash) in near.map(self.from_at).filter(|(_, hash)| *hash != UNKNOWN) {
            let Some(shift) = nearest(self.to, self.to_at, at, hash) else { continue };
            let mutual = || nearest(self.from, self.from_at, at + shift, hash) == Some(-shift);
            if !repeats || (mutual() && self.both_recorded(at, at + shift)) {
                pairs.push((at, shift));
            }
        }
        if repeats
            && let Some(least) = pairs.iter().map(|(_, shift): &(i64, i64)| *shift).min_by_key(|shift| shift.abs())
        {
            // What one track lacks makes its neighbours look like the other's at a greater distance.
            pairs.retain(|(_, shift)| (shift - least).abs() <= MATCH_TOLERANCE_US);
        }
        pairs.sort_by_key(|(at, shift)| ((at - us).abs(), shift.abs()));
        pairs.truncate(PAIRS_MAX);
        pairs.sort_by_key(|(_, shift)| *shift);
        pairs.get(pairs.len() / 2).map(|(_, shift)| *shift)
    }

    /// Whether, as wall time goes, both tracks recorded at the time of the one keyframe and at that of the other.
    fn both_recorded(&self, from_us: i64, to_us: i64) -> bool {
        let starts = (self.from_at)(0).0.max((self.to_at)(0).0);
        let ends = self.from_end_us.min(self.to_end_us);
        (starts..ends).contains(&from_us) && (starts..ends).contains(&to_us)
    }
}

/// The positions of keyframes that begin within `first_us..=last_us`.
fn between(
    count: usize,
    keyframe: &dyn Fn(usize) -> (i64, [u8; 16]),
    first_us: i64,
    last_us: i64,
) -> std::ops::Range<usize> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if keyframe(middle).0 < first_us { low = middle + 1 } else { high = middle }
    }
    let end = (low..count).find(|position| keyframe(*position).0 > last_us).unwrap_or(count);
    low..end
}

/// The positions of the keyframes nearest to `us`.
fn around(count: usize, keyframe: &dyn Fn(usize) -> (i64, [u8; 16]), us: i64) -> std::ops::Range<usize> {
    let near = between(count, keyframe, us - SEARCH_US, us + SEARCH_US);
    let middle = between(count, keyframe, us, us).start;
    near.start.max(middle.saturating_sub(KEYFRAMES_MAX))..near.end.min(middle + KEYFRAMES_MAX)
}

/// Whether a hash comes twice.
fn repeats(keyframes: impl Iterator<Item = (i64, [u8; 16])>) -> bool {
    let mut seen = BTreeSet::new();
    keyframes.map(|(_, hash)| hash).any(|hash| hash != UNKNOWN && !seen.insert(hash))
}

/// How much later than `us` the nearest keyframe of `hash` begins; `None` where none is near.
fn nearest(count: usize, keyframe: &dyn Fn(usize) -> (i64, [u8; 16]), us: i64, hash: [u8; 16]) -> Option<i64> {
    let near = between(count, keyframe, us - SHIFT_MAX_US, us + SHIFT_MAX_US).map(keyframe);
    let shifts = near.filter(|(_, other)| *other == hash).map(|(at, _)| at - us);
    shifts.min_by_key(|shift| (shift.abs(), *shift))
}
