//! Several recordings of one camera, read as one: a pure function.
//!
//! Each incarnation of a placement, (slot, epoch), recorded a track. Owner and twin, or an old owner cut off and the new one,
//! hold the same moments; their clocks may differ by seconds, and either may lack what the other has. One track is shown until it
//! has a hole or ends; then another goes on, from the keyframe on that leaves out nothing and repeats nothing. Whoever goes on is
//! shown until its own hole: a track that comes back takes nothing back.
//!
//! Which moment of one track is which of another is told by content: keyframes of equal hashes, see [`super::alignment`].
//! Without, wall time decides.

use std::ops::Range;

use eyrie_types::{FragmentEntry, NodeId};

use super::alignment::{Alignment, MATCH_TOLERANCE_US, SEARCH_US, SHIFT_MAX_US};

/// Longer than this between two fragments of a track, something may be missing: less than a gap, which is 500 ms, for the other
/// track may have it; more than clocks are slewed by within a fragment.
const HOLE_MIN_US: i64 = 250_000;
/// Ends of GOPs that differ by less end with the same frame: less than the time between two frames of a usual camera.
const SAME_END_US: i64 = 20_000;
/// A track that is still being written is left at its end only for one that goes on for longer: what is durable of it next will
/// be there in a moment, and who asks again shall find the same footage in front.
const OPEN_LAG_US: i64 = 10_000_000;

/// A fragment of a track.
#[derive(Debug, Clone, Copy)]
pub(super) struct TrackFragment {
    /// Which of the segments, as the caller counts them.
    pub(super) segment: usize,
    /// Its entry.
    pub(super) entry: FragmentEntry,
}

impl TrackFragment {
    fn start_us(&self) -> i64 {
        self.entry.start.as_unix_us()
    }

    fn end_us(&self) -> i64 {
        self.entry.end().as_unix_us()
    }

    fn follows(&self, before: &Self) -> bool {
        let broken = self.segment == before.segment && self.entry.number != before.entry.number + 1;
        !broken && self.start_us() - before.end_us() <= HOLE_MIN_US
    }
}

/// What one incarnation of a placement recorded: in order of time, nothing twice, without what is damaged.
#[derive(Debug, Clone)]
pub(super) struct Track {
    /// Who recorded it: two tracks of one node have one clock, and were never recorded at the same time.
    pub(super) node: NodeId,
    /// Its last segment is still being written.
    pub(super) open: bool,
    /// The fragments.
    pub(super) fragments: Vec<TrackFragment>,
}

/// Chooses what is shown of `tracks`: pairs of a track and a fragment of it, in order. One track is shown
/// whole.
pub(super) fn merge(tracks: &[Track]) -> Vec<(usize, usize)> {
    let (indexed, done) = (tracks.iter().map(Indexed::of).collect(), vec![0; tracks.len()]);
    let mut merge = Merge { tracks: indexed, done, shown: Vec::new() };
    let Some((mut at, mut shift)) = merge.first() else { return Vec::new() };
    loop {
        let end = merge.show(at, shift);
        let Some(next) = merge.next(end) else { break };
        // What the next track repeats from a keyframe on is shown there, whole.
        merge.give_way(next.at_us);
        (at, shift) = (next.at, next.shift_us);
    }
    merge.shown.into_iter().map(|shown| (shown.track, shown.fragment)).collect()
}

/// A fragment of a track, by numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct At {
    track: usize,
    fragment: usize,
}

/// A track with what is looked up in it.
struct Indexed<'a> {
    track: &'a Track,
    /// Stretches without a hole, in order.
    runs: Vec<Range<usize>>,
    /// Fragments at which decoding can start, in order.
    keyframes: Vec<usize>,
}

impl<'a> Indexed<'a> {
    fn of(track: &'a Track) -> Self {
        let fragments = &track.fragments;
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (index, fragment) in fragments.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if fragment.follows(&fragments[run.end - 1]) => run.end = index + 1,
                _ => runs.push(index..index + 1),
            }
        }
        let keyframes = (0..fragments.len()).filter(|index| fragments[*index].entry.starts_gop).collect();
        Self { track, runs, keyframes }
    }

    fn start_us(&self, fragment: usize) -> i64 {
        self.track.fragments[fragment].start_us()
    }

    fn end_us(&self, fragment: usize) -> i64 {
        self.track.fragments[fragment].end_us()
    }

    /// The first fragment behind the stretch without a hole that `fragment` lies in.
    fn run_end(&self, fragment: usize) -> usize {
        let run = self.runs.partition_point(|run| run.end <= fragment);
        self.runs[run].end
    }

    /// When the stretch without a hole that `fragment` lies in ends.
    fn run_end_us(&self, fragment: usize) -> i64 {
        self.end_us(self.run_end(fragment) - 1)
    }

    /// The last keyframe that begins no later than `us`, as a position among the keyframes.
    fn last_keyframe(&self, us: i64) -> Option<usize> {
        self.keyframes.partition_point(|fragment| self.start_us(*fragment) <= us).checked_sub(1)
    }
}

/// A fragment that is shown; times are those of the first track.
struct Shown {
    track: usize,
    fragment: usize,
    middle_us: i64,
}

/// Where what is shown ends for now.
#[derive(Debug, Clone, Copy)]
struct End {
    /// The last fragment shown.
    last: At,
    /// How far its track's clock is ahead of the first one's.
    shift_us: i64,
    /// The first moment behind it, of the first track's clock.
    us: i64,
}

/// A way to go on.
#[derive(Debug, Clone, Copy)]
struct Next {
    at: At,
    shift_us: i64,
    /// When it begins, and when the stretch without a hole ends in which it lies; of the first track's clock.
    at_us: i64,
    run_end_us: i64,
}

struct Merge<'a> {
    tracks: Vec<Indexed<'a>>,
    /// The first fragment of each track behind the stretches that were shown: none is shown twice, whatever is thought of its
    /// clock.
    done: Vec<usize>,
    shown: Vec<Shown>,
}

impl Merge<'_> {
    /// The fragment to begin with: the earliest; of those that begin together, the one that goes on for the longest time.
    fn first(&self) -> Option<(At, i64)> {
        let all = (0..self.tracks.len()).filter(|track| !self.tracks[*track].track.fragments.is_empty());
        let nexts: Vec<_> = all.map(|track| self.next_at(At { track, fragment: 0 }, 0)).collect();
        self.earliest(&nexts).map(|next| (next.at, 0))
    }

    /// Shows a stretch without a hole, from `at` on; where it ends.
    fn show(&mut self, at: At, shift_us: i64) -> End {
        let track = &self.tracks[at.track];
        let run_end = track.run_end(at.fragment);
        self.shown.extend((at.fragment..run_end).map(|fragment| {
            let (start, end) = (track.start_us(fragment), track.end_us(fragment));
            Shown { track: at.track, fragment, middle_us: start + (end - start) / 2 - shift_us }
        }));
        self.done[at.track] = run_end;
        let last = At { track: at.track, fragment: run_end - 1 };
        End { last, shift_us, us: track.end_us(run_end - 1) - shift_us }
    }

    /// Takes back what is shown from `us` on. A fragment that reaches over it stays, where less than half of it does.
    fn give_way(&mut self, us: i64) {
        while self.shown.pop_if(|shown| shown.middle_us >= us).is_some() {}
    }

    /// How to go on behind `end`.
    fn next(&self, end: End) -> Option<Next> {
        let End { last, shift_us, us } = end;
        let track = &self.tracks[last.track];
        let own = last.fragment + 1;
        let own = (own < track.track.fragments.len())
            .then(|| self.next_at(At { track: last.track, fragment: own }, shift_us));
        let lag = if track.track.open && own.is_none() { OPEN_LAG_US } else { SAME_END_US };
        let others = (0..self.tracks.len()).filter(|other| *other != last.track);
        let others: Vec<_> =
            others.filter_map(|other| self.enter(other, end)).filter(|next| next.run_end_us > us + lag).collect();
        let covering = others.iter().filter(|next| next.at_us <= us + HOLE_MIN_US);
        // Of equals, the first.
        if let Some(next) = covering.rev().max_by_key(|next| next.run_end_us) {
            return Some(*next);
        }
        // Its own next fragment comes first, so that it stays where another begins no earlier.
        let nexts: Vec<_> = own.into_iter().chain(others).collect();
        self.earliest(&nexts).copied()
    }

    /// The earliest of `nexts`, whose times are wall times: where content tells that another of them was earlier in truth, that
    /// one; and of those that begin together, the one that goes on for the longest time.
    fn earliest<'n>(&self, nexts: &'n [Next]) -> Option<&'n Next> {
        let mut best = nexts.iter().min_by_key(|next| next.at_us)?;
        for next in nexts {
            if next.at.track == best.at.track {
                continue;
            }
            let at_us = self.tracks[best.at.track].start_us(best.at.fragment);
            let ahead = self.shift(best.at.track, next.at.track, at_us);
            // What the clock of the other track is ahead by more than was thought.
            let unknown = ahead.map_or(0, |ahead| ahead - (next.shift_us - best.shift_us));
            let (later, longer) = (next.at_us - unknown - best.at_us, next.run_end_us - unknown - best.run_end_us);
            if later < -HOLE_MIN_US || (later <= HOLE_MIN_US && longer > SAME_END_US) {
                best = next;
            }
        }
        Some(best)
    }

    fn next_at(&self, at: At, shift_us: i64) -> Next {
        let track = &self.tracks[at.track];
        let (at_us, run_end_us) = (track.start_us(at.fragment) - shift_us, track.run_end_us(at.fragment) - shift_us);
        Next { at, shift_us, at_us, run_end_us }
    }

    /// Where `other` goes on behind `end`: at the keyframe that leaves out nothing of it, or at its first one behind.
    fn enter(&self, other: usize, end: End) -> Option<Next> {
        let (from, to) = (&self.tracks[end.last.track], &self.tracks[other]);
        let end_us = from.end_us(end.last.fragment);
        let shift = self.shift(end.last.track, other, end_us);
        let delta = shift.unwrap_or(0);
        let goes_on =
            |fragment: &usize| *fragment >= self.done[other] && to.run_end_us(*fragment) > end_us + delta + SAME_END_US;
        let matched = shift.and_then(|delta| self.same_gop(other, end, delta)).filter(goes_on);
        let near = || to.near(end_us + delta).filter(goes_on);
        let behind = || {
            let first = to.last_keyframe(end_us + delta).map_or(0, |last| last + 1);
            to.keyframes.get(first..)?.iter().copied().find(goes_on)
        };
        let fragment = matched.or_else(near).or_else(behind)?;
        Some(self.next_at(At { track: other, fragment }, end.shift_us + delta))
    }

    /// The keyframe of `other` that begins the GOP which ends at `end`; the next one where it ends there whole.
    fn same_gop(&self, other: usize, end: End, delta: i64) -> Option<usize> {
        let (from, to) = (&self.tracks[end.last.track], &self.tracks[other]);
        let begun = from.keyframes.partition_point(|fragment| *fragment <= end.last.fragment).checked_sub(1)?;
        let begun = from.keyframes[begun];
        let hash = from.track.fragments[begun].entry.keyframe_hash;
        let (start_us, length_us) = (from.start_us(begun), from.end_us(end.last.fragment) - from.start_us(begun));
        let expected = start_us + delta;
        let near = to.keyframes.partition_point(|fragment| to.start_us(*fragment) < expected - MATCH_TOLERANCE_US);
        let near = (near..to.keyframes.len())
            .take_while(|position| to.start_us(to.keyframes[*position]) <= expected + MATCH_TOLERANCE_US)
            .filter(|position| {
                hash != [0; 16] && to.track.fragments[to.keyframes[*position]].entry.keyframe_hash == hash
            });
        let same = near.min_by_key(|position| (to.start_us(to.keyframes[*position]) - expected).abs())?;
        let (this, next) = (to.keyframes[same], to.keyframes.get(same + 1).copied());
        // Lengths are told by the source's own clock, so they are the same on both nodes.
        let whole = next.filter(|next| {
            *next < to.run_end(this) && to.start_us(*next) - to.start_us(this) <= length_us + SAME_END_US
        });
        Some(whole.unwrap_or(this))
    }

    /// How far the clock of `other` is ahead of that of `track` around `us`, as content tells; `None` where it tells nothing.
    fn shift(&self, track: usize, other: usize, us: i64) -> Option<i64> {
        let (from, to) = (&self.tracks[track], &self.tracks[other]);
        if from.track.node == to.track.node || from.keyframes.is_empty() || to.keyframes.is_empty() {
            return None;
        }
        let far = SEARCH_US + SHIFT_MAX_US;
        let near = |track: &Indexed<'_>| {
            track.start_us(0) - far < us && us < track.end_us(track.track.fragments.len() - 1) + far
        };
        if !near(from) || !near(to) {
            return None;
        }
        let keyframe = |indexed: &Indexed<'_>, fragment: usize| {
            let fragment = &indexed.track.fragments[fragment];
            (fragment.start_us(), fragment.entry.keyframe_hash)
        };
        let alignment = Alignment {
            from: from.keyframes.len(),
            from_at: &|position| keyframe(from, from.keyframes[position]),
            from_end_us: from.end_us(from.track.fragments.len() - 1),
            to: to.keyframes.len(),
            to_at: &|position| keyframe(to, to.keyframes[position]),
            to_end_us: to.end_us(to.track.fragments.len() - 1),
        };
        alignment.shift_at(us)
    }
}

impl Indexed<'_> {
    /// The keyframe that begins at `us`, give or take; or the one that begins the GOP in which `us` lies.
    fn near(&self, us: i64) -> Option<usize> {
        let before = self.last_keyframe(us);
        let after = before.map_or(0, |before| before + 1);
        let distance =
            |position: usize| self.keyframes.get(position).map(|fragment| (self.start_us(*fragment) - us).abs());
        let nearest = before
            .into_iter()
            .chain([after])
            .filter(|position| distance(*position).is_some_and(|far| far <= HOLE_MIN_US));
        let nearest = nearest.min_by_key(|position| distance(*position));
        nearest.or(before).map(|position| self.keyframes[position])
    }
}
