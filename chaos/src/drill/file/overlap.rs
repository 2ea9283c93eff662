use std::collections::BTreeMap;
use std::time::Duration;

use crate::drill::{Fault, NodeChoice, TimedFault};

/// The moment of a round at which the most is hit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::drill) struct Worst {
    /// How many nodes or cameras.
    pub(in crate::drill) hit: u32,
    /// When in the round.
    pub(super) at: Duration,
    /// The line of the fault that begins then.
    pub(super) line: u64,
}

/// How many nodes of `nodes` are hit at one moment at most. A node that is chosen while the drill runs counts as one that nothing
/// else hits: nobody knows before.
pub(super) fn nodes_at_once(faults: &[TimedFault], nodes: u32) -> Worst {
    worst(faults, |fault| match fault.node() {
        Some(NodeChoice::Named(name)) => (Some(name.clone()), 1),
        _ => (None, fault.nodes_hit(nodes)),
    })
    .capped(nodes)
}

/// The same of nodes that the cell should hold to be down.
pub(in crate::drill) fn nodes_down_at_once(faults: &[TimedFault], nodes: u32) -> Worst {
    worst(faults, |fault| match fault.node() {
        _ if !fault.takes_down() => (None, 0),
        Some(NodeChoice::Named(name)) => (Some(name.clone()), 1),
        _ => (None, fault.nodes_hit(nodes)),
    })
    .capped(nodes)
}

/// How many cameras of `cameras` are hit directly at one moment at most.
pub(super) fn cameras_at_once(faults: &[TimedFault], cameras: u32) -> Worst {
    worst(faults, |fault| match fault {
        Fault::Camera { cameras: choice, .. } => (None, choice.count(cameras)),
        _ => (None, 0),
    })
    .capped(cameras)
}

impl Worst {
    fn capped(self, most: u32) -> Self {
        Self { hit: self.hit.min(most), ..self }
    }
}

/// Goes through the beginnings and ends of all faults in time; `weigh` is how many a fault hits, and the name of the one that is
/// hit where there is one, so that two faults on one node count once. Of a choice, the heaviest counts.
fn worst(faults: &[TimedFault], weigh: impl Fn(&Fault) -> (Option<String>, u32)) -> Worst {
    let mut edges = Vec::new();
    for timed in faults {
        let heaviest = timed.one_of.iter().map(&weigh).max_by_key(|(name, hit)| (*hit, name.is_none()));
        let (name, hit) = heaviest.unwrap_or_default();
        for n in 0..timed.times() {
            let begins = timed.begins(n);
            edges.push((begins, true, hit, name.clone(), timed.line));
            // What happens at one moment hits for as long as anything can be counted.
            edges.push((begins + timed.lasts.max(Duration::from_millis(1)), false, hit, name.clone(), timed.line));
        }
    }
    // An end before a beginning at the same moment: they do not overlap.
    edges.sort_by_key(|(at, begins, ..)| (*at, *begins));
    let (mut worst, mut unnamed) = (Worst::default(), 0u32);
    let mut named: BTreeMap<String, u32> = BTreeMap::new();
    for (at, begins, hit, name, line) in edges {
        match (name, begins) {
            (Some(name), true) => *named.entry(name).or_default() += 1,
            (Some(name), false) => {
                if let Some(count) = named.get_mut(&name) {
                    *count -= 1;
                    if *count == 0 {
                        named.remove(&name);
                    }
                }
            }
            (None, true) => unnamed = unnamed.saturating_add(hit),
            (None, false) => unnamed = unnamed.saturating_sub(hit),
        }
        let now = unnamed.saturating_add(u32::try_from(named.len()).unwrap_or(u32::MAX));
        if now > worst.hit {
            worst = Worst { hit: now, at, line };
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::Again;

    fn kill(at: u64, lasts: u64, node: NodeChoice) -> TimedFault {
        let (at, lasts) = (Duration::from_secs(at), Duration::from_secs(lasts));
        TimedFault { at, lasts, again: None, one_of: vec![Fault::Kill(node)], line: at.as_secs() }
    }

    #[test]
    fn faults_that_overlap_add_up_and_those_that_follow_each_other_do_not() {
        let any = || NodeChoice::Any;
        assert_eq!(nodes_at_once(&[kill(1, 4, any()), kill(5, 4, any())], 9).hit, 1);
        let worst = nodes_at_once(&[kill(1, 5, any()), kill(5, 4, any())], 9);
        assert_eq!(worst, Worst { hit: 2, at: Duration::from_secs(5), line: 5 });
        assert_eq!(
            nodes_at_once(&[kill(1, 5, any()), kill(5, 4, NodeChoice::All)], 3).hit,
            3,
            "no more than there are"
        );
    }

    #[test]
    fn two_faults_on_one_named_node_hit_one_node() {
        let named = |name: &str| NodeChoice::Named(name.into());
        assert_eq!(
            nodes_at_once(&[kill(1, 5, named("n1")), kill(2, 1, named("n1")), kill(4, 1, named("n1"))], 9).hit,
            1
        );
        assert_eq!(nodes_at_once(&[kill(1, 5, named("n1")), kill(2, 1, named("n2"))], 9).hit, 2);
    }

    #[test]
    fn what_comes_again_is_counted_each_time() {
        let every = Duration::from_secs(10);
        let mut first = kill(0, 5, NodeChoice::Any);
        first.again = Some(Again { every, times: 3 });
        assert_eq!(nodes_at_once(&[first.clone(), kill(6, 3, NodeChoice::Any)], 9).hit, 1);
        assert_eq!(nodes_at_once(&[first, kill(24, 3, NodeChoice::Any)], 9).hit, 2, "the third one overlaps");
    }
}
