//! The placements of one camera are never on one node, not even while one moves.

use std::collections::BTreeSet;

use eyrie_cluster::{CameraKey, CellState};

use super::Violation;

pub(super) fn check(state: &CellState) -> Result<(), Violation> {
    let mut seen = BTreeSet::new();
    for (key, placement) in state.placements() {
        for node in placement.nodes() {
            if !seen.insert((CameraKey::from(key), node)) {
                return Err(Violation::new(
                    "twins_apart",
                    format!("{key} is on {node}, as its other slot or other side is"),
                ));
            }
        }
    }
    Ok(())
}
