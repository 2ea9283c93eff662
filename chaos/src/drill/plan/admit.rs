use std::collections::BTreeSet;

use crate::drill::file::plural;
use crate::drill::{BlastRadius, CellFacts, Shared};

/// What is touched at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// Nodes, by name.
    pub nodes: BTreeSet<String>,
    /// Cameras that are touched directly, by name.
    pub cameras: BTreeSet<String>,
    /// What all nodes share.
    pub shared: BTreeSet<Shared>,
}

impl Hits {
    /// These and those.
    pub fn with(&self, other: &Self) -> Self {
        Self {
            nodes: self.nodes.union(&other.nodes).cloned().collect(),
            cameras: self.cameras.union(&other.cameras).cloned().collect(),
            shared: self.shared.union(&other.shared).copied().collect(),
        }
    }
}

/// Whether `all` (what is touched already and what a fault would touch, together) stays within `radius`. Asked before each fault,
/// with the cell as it is then: whose cameras were where when the drill was planned is no longer true after the first of them.
///
/// # Errors
/// With what would be touched, for people.
pub fn admit(radius: &BlastRadius, all: &Hits, cell: &CellFacts) -> Result<(), String> {
    let named = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    if all.nodes.len() as u64 > u64::from(radius.nodes) {
        return Err(format!("{} ({})", plural(all.nodes.len() as u64, "node"), named(&all.nodes)));
    }
    let nodes: Vec<_> = all.nodes.iter().cloned().collect();
    let cameras: Vec<_> = all.cameras.iter().cloned().collect();
    let (touched, of) = (cell.touched(&nodes, &cameras), cell.cameras.len() as u64);
    if touched > radius.cameras.of(of) {
        return Err(format!("{touched} of {of} cameras"));
    }
    match all.shared.difference(&radius.shared).next() {
        Some(shared) => Err(format!("the {}", shared.as_str())),
        None => Ok(()),
    }
}
