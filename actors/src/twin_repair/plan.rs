//! What a node fetches: a pure function of what the index says of a camera.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use eyrie_storage::ledger::joined;
use eyrie_storage::store::SecondCopy;
use eyrie_types::{FragmentEntry, NodeId, SegmentId, SegmentRow, TimeRange, WallTime};

/// A stretch that is lacking and shorter is none: less than the time between two frames of a usual camera.
const SHORTEST_US: i64 = 20_000;
/// Clocks of two nodes may differ by so much: what one lacks by its own clock is fetched with so much on either side.
pub(super) const CLOCKS_APART: Duration = Duration::from_secs(5);

/// What is known of a camera over a range.
#[derive(Debug, Clone)]
pub(super) struct Scene<'a> {
    /// The node that asks what it is to do.
    pub(super) me: NodeId,
    /// The nodes that are to record the camera, its owner first.
    pub(super) placed: &'a [NodeId],
    /// Nodes whose disks are lost: removed from the cell, or dead for too long.
    pub(super) lost: &'a BTreeSet<NodeId>,
    /// Nodes that cannot be asked now.
    pub(super) silent: &'a BTreeSet<NodeId>,
    /// Segments that overlap the range, without what is damaged.
    pub(super) rows: &'a [SegmentRow],
    /// What nodes keep of others' segments.
    pub(super) copies: &'a [SecondCopy],
    /// What was asked for in vain, and is not to be asked for yet: of which segment, from whom.
    pub(super) avoided: &'a BTreeSet<(SegmentId, NodeId)>,
    /// What is looked at.
    pub(super) range: TimeRange,
}

/// What is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Plan {
    /// What this node fetches.
    pub(super) fetches: Vec<Fetch>,
    /// What this node is to fetch, whether anybody has it now or not: sorted, none touching the next.
    pub(super) lacking: Vec<TimeRange>,
    /// The first moment of which one node alone that answers has a copy.
    pub(super) single_since: Option<WallTime>,
}

/// Fragments of one segment, from one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fetch {
    pub(super) segment: SegmentId,
    pub(super) from: NodeId,
    /// What is lacking of it: sorted.
    pub(super) ranges: Vec<TimeRange>,
}

/// Somebody's recording of a stretch, or a copy of it.
struct Source<'a> {
    segment: SegmentId,
    node: NodeId,
    runs: &'a [TimeRange],
}

/// Decides what `scene.me` fetches. A stretch is lacking where fewer than two nodes hold it that are not lost, and this node holds
/// it not; where both nodes of the camera lack it, the owner is first.
pub(super) fn plan(scene: &Scene<'_>) -> Plan {
    let sources = sources(scene);
    let held = held(&sources, scene.range);
    let none = Vec::new();
    let of = |node: &NodeId| held.get(node).unwrap_or(&none);
    let counted: Vec<&Vec<TimeRange>> =
        held.iter().filter(|(node, _)| !scene.lost.contains(node)).map(|(_, runs)| runs).collect();
    let twice = at_least_twice(&counted);
    let can_answer = |node: &NodeId| !scene.lost.contains(node) && !scene.silent.contains(node);
    let answering: Vec<&Vec<TimeRange>> =
        held.iter().filter(|(node, _)| can_answer(node)).map(|(_, runs)| runs).collect();
    let single = without(&union(answering.iter().copied()), &at_least_twice(&answering));
    // Whoever is to have it: a dead node's recordings count until it is given up, but are none to fetch.
    let all = union(counted.iter().copied());
    let mut lacking = without(&without(&all, of(&scene.me)), &twice);
    for before in scene.placed.iter().take_while(|node| **node != scene.me).filter(|node| can_answer(node)) {
        lacking = overlap(&lacking, of(before));
    }
    if !scene.placed.contains(&scene.me) {
        lacking.clear();
    }
    let mut wanted = lacking.clone();
    let mut fetches = Vec::new();
    for source in sources.iter().filter(|source| source.node != scene.me && can_answer(&source.node)) {
        if scene.avoided.contains(&(source.segment, source.node)) {
            continue;
        }
        let ranges = overlap(&wanted, source.runs);
        if !ranges.is_empty() {
            wanted = without(&wanted, source.runs);
            fetches.push(Fetch { segment: source.segment, from: source.node, ranges });
        }
    }
    Plan { fetches, lacking, single_since: single.first().map(|range| range.start) }
}

/// Of `table`, a segment's, what makes `ranges` whole: with slack for clocks, and whole groups of pictures, so that it can be
/// decoded without what is not there. `held` says what the source has, `there` what is here already.
pub(super) fn chosen(
    table: &[FragmentEntry],
    ranges: &[TimeRange],
    held: impl Fn(&FragmentEntry) -> bool,
    there: impl Fn(&FragmentEntry) -> bool,
) -> Vec<FragmentEntry> {
    let near = |entry: &FragmentEntry| {
        let overlaps =
            |range: &TimeRange| entry.end() > range.start - CLOCKS_APART && entry.start < range.end + CLOCKS_APART;
        ranges.iter().any(overlaps)
    };
    let mut chosen = Vec::new();
    for gop in table.chunk_by(|_, next| !next.starts_gop) {
        if gop.iter().any(near) {
            chosen.extend(gop.iter().filter(|entry| held(entry) && !there(entry)).copied());
        }
    }
    chosen
}

/// What was recorded first, then copies, each in order of time.
fn sources<'a>(scene: &Scene<'a>) -> Vec<Source<'a>> {
    let rows =
        scene.rows.iter().map(|row| (row.start, Source { segment: row.segment, node: row.node, runs: &row.runs }));
    let copies = scene.copies.iter();
    let copies = copies.map(|copy| (copy.start, Source { segment: copy.segment, node: copy.node, runs: &copy.runs }));
    let (mut rows, mut copies): (Vec<_>, Vec<_>) = (rows.collect(), copies.collect());
    rows.sort_by_key(|(start, source)| (*start, source.node, source.segment));
    copies.sort_by_key(|(start, source)| (*start, source.node, source.segment));
    rows.into_iter().chain(copies).map(|(_, source)| source).collect()
}

/// What each node holds of `range`.
fn held(sources: &[Source<'_>], range: TimeRange) -> BTreeMap<NodeId, Vec<TimeRange>> {
    let mut held: BTreeMap<NodeId, Vec<TimeRange>> = BTreeMap::new();
    for source in sources {
        held.entry(source.node).or_default().extend(source.runs.iter().filter_map(|run| run.intersect(&range)));
    }
    held.into_iter().map(|(node, runs)| (node, joined(runs, eyrie_storage::ledger::GAP_MIN))).collect()
}

fn union<'a>(of: impl Iterator<Item = &'a Vec<TimeRange>>) -> Vec<TimeRange> {
    joined(of.flatten().copied().collect(), Duration::ZERO)
}

/// What at least two of `of` cover.
fn at_least_twice(of: &[&Vec<TimeRange>]) -> Vec<TimeRange> {
    let mut borders: Vec<(WallTime, i32)> =
        of.iter().flat_map(|runs| runs.iter()).flat_map(|run| [(run.start, 1), (run.end, -1)]).collect();
    borders.sort_unstable();
    let (mut twice, mut depth, mut since) = (Vec::new(), 0, WallTime::EPOCH);
    for (at, step) in borders {
        if depth == 1 && step == 1 {
            since = at;
        }
        if depth == 2 && step == -1 && since < at {
            twice.push(TimeRange { start: since, end: at });
        }
        depth += step;
    }
    joined(twice, Duration::ZERO)
}

/// `ranges` without `gone`, and without what is too short to count.
fn without(ranges: &[TimeRange], gone: &[TimeRange]) -> Vec<TimeRange> {
    let left = ranges.iter().flat_map(|range| range.subtract(gone));
    left.filter(|range| range.end.signed_us_since(range.start) > SHORTEST_US).collect()
}

/// What is in both.
fn overlap(a: &[TimeRange], b: &[TimeRange]) -> Vec<TimeRange> {
    let both = a.iter().flat_map(|a| b.iter().filter_map(|b| a.intersect(b)));
    joined(both.collect(), Duration::ZERO)
}
