//! Of one camera, nobody answers live as its owner while the node answers that it was taken from. (In a planned move both may,
//! for as long as one lags in applying the end of it: both record, and their URLs differ.)

use eyrie_cluster::{CameraKey, CellState};

use super::Violation;

/// `live`: machines that answer live, by placement; two or more of one camera.
pub(in super::super) fn check(
    state: &CellState,
    camera: &CameraKey,
    live: &[eyrie_types::NodeId],
) -> Result<(), Violation> {
    let taken = state.placements_of(camera).filter_map(|(_, placement)| Some((placement.node, placement.taken_from?)));
    for (owner, from) in taken {
        if live.contains(&owner) && live.contains(&from) {
            let what = format!("{owner} answers live for {camera}, and {from}, from which it was taken");
            return Err(Violation::new("one_live_owner", what));
        }
    }
    Ok(())
}
