use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use eyrie_types::NodeId;

use super::loads::{Loads, NodeLoad, placed};
use crate::{CameraNeeds, CellState};

/// The N+1 verdict: which losses the rest could not take over in full.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survival {
    /// Nodes whose loss would leave this many placements without room.
    pub nodes: BTreeMap<NodeId, usize>,
    /// Zones likewise; none when all nodes share one zone.
    pub zones: BTreeMap<String, usize>,
}

impl Survival {
    /// Losing any one node still fits.
    pub fn any_node(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Losing any one zone still fits.
    pub fn any_zone(&self) -> bool {
        self.zones.is_empty()
    }
}

/// Would losing any one node, or any one zone, still fit? Places what would be lost with the rest, on paper: the heavy and the
/// choosy first, each on the emptiest node that may have it.
///
/// Each placement costs a step in a heap of nodes, so 10,000 cameras on 100 nodes take some milliseconds (docs/benchmarks.md).
pub fn survival(state: &CellState) -> Survival {
    let paper = Paper::of(state);
    let live: Vec<usize> = (0..paper.nodes.len()).filter(|n| paper.nodes[*n].1.takes).collect();
    let nodes = live.iter().map(|n| (paper.nodes[*n].0, paper.lost(&[*n]))).filter(|(_, lost)| *lost > 0).collect();
    let mut zones: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    live.iter().for_each(|n| zones.entry(&paper.nodes[*n].1.member.zone).or_default().push(*n));
    if zones.len() < 2 {
        return Survival { nodes, zones: BTreeMap::new() };
    }
    let zones = zones.into_iter().map(|(zone, gone)| (zone.to_owned(), paper.lost(&gone)));
    Survival { nodes, zones: zones.filter(|(_, lost)| *lost > 0).collect() }
}

/// The cell on paper. Nodes go by their place in it.
struct Paper<'a> {
    nodes: Vec<(NodeId, NodeLoad<'a>)>,
    /// What each node owns, in the order in which it would be placed anew.
    held: Vec<Vec<Held<'a>>>,
}

/// A placement of an enabled camera.
struct Held<'a> {
    needs: &'a CameraNeeds,
    /// The nodes that hold another slot of its camera.
    siblings: Vec<usize>,
}

impl Held<'_> {
    /// What ranks it among those that are placed anew; equals fit the same nodes.
    fn rank(&self) -> (Reverse<u32>, Reverse<usize>, &BTreeSet<String>) {
        (Reverse(self.needs.load()), Reverse(self.needs.labels.len()), &self.needs.labels)
    }
}

impl<'a> Paper<'a> {
    fn of(state: &'a CellState) -> Self {
        let nodes: Vec<_> = Loads::of(state, &BTreeSet::new()).into_nodes().collect();
        // In the order of their ids.
        let place = |node: NodeId| nodes.binary_search_by_key(&node, |(known, _)| *known).ok();
        let mut held: Vec<Vec<Held<'a>>> = nodes.iter().map(|_| Vec::new()).collect();
        let all: Vec<_> = placed(state).filter(|(.., needs)| needs.enabled).collect();
        for slots in all.chunk_by(|a, b| (&a.0.tenant, a.0.camera) == (&b.0.tenant, b.0.camera)) {
            for (key, placement, needs) in slots {
                let others = slots.iter().filter(|(other, ..)| other.slot != key.slot);
                let siblings = others.flat_map(|(_, placement, _)| placement.nodes()).filter_map(place).collect();
                let owner = place(placement.node).and_then(|n| held.get_mut(n));
                owner.into_iter().for_each(|list| list.push(Held { needs, siblings: Vec::clone(&siblings) }));
            }
        }
        held.iter_mut().for_each(|list| list.sort_by(|a, b| a.rank().cmp(&b.rank())));
        Self { nodes, held }
    }

    /// How many placements of the nodes `gone` find no room on the others.
    fn lost(&self, gone: &[usize]) -> usize {
        let mut homeless: Vec<_> = gone.iter().flat_map(|n| &self.held[*n]).collect();
        homeless.sort_by(|a, b| a.rank().cmp(&b.rank()));
        let mut nodes: Vec<_> = self.nodes.iter().map(|(_, load)| load.clone()).collect();
        gone.iter().for_each(|n| nodes[*n].takes = false);
        homeless.chunk_by(|a, b| a.rank() == b.rank()).map(|alike| lost_of(alike, &mut nodes)).sum()
    }
}

/// How many of placements that fit the same nodes find no room on `nodes`; the others are put there.
fn lost_of(alike: &[&Held<'_>], nodes: &mut [NodeLoad<'_>]) -> usize {
    let Some(first) = alike.first() else { return 0 };
    let weight = u64::from(first.needs.load());
    let open = |load: &NodeLoad<'_>| load.takes && load.fits(weight) && load.allows(first.needs);
    let open = nodes.iter().enumerate().filter(|(_, load)| open(load));
    let mut emptiest: BinaryHeap<_> = open.map(|(n, load)| Reverse((load.share(weight), n))).collect();
    let (mut lost, mut passed_over) = (0, Vec::new());
    for one in alike {
        let found = loop {
            match emptiest.pop() {
                Some(Reverse((_, n))) if !one.siblings.contains(&n) => break Some(n),
                Some(sibling) => passed_over.push(sibling),
                None => break None,
            }
        };
        emptiest.extend(passed_over.drain(..));
        let Some(n) = found else {
            lost += 1;
            continue;
        };
        nodes[n].used += weight;
        // One that is full is not looked at again.
        if nodes[n].fits(weight) {
            emptiest.push(Reverse((nodes[n].share(weight), n)));
        }
    }
    lost
}
