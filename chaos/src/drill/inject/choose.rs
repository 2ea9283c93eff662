use std::sync::Arc;

use crate::drill::local::{LocalCell, name};
use crate::drill::{DrillError, NodeChoice};
use crate::sim::Dice;

/// The nodes a fault is done to. Of several that would do, one that records something: to kill a node that has only just come back
/// and holds nothing proves nothing.
pub(super) async fn nodes(
    choice: &NodeChoice,
    cell: &Arc<LocalCell>,
    dice: &mut Dice,
) -> Result<Vec<usize>, DrillError> {
    let up: Vec<_> = (0..cell.len()).filter(|node| cell.is_sound(*node)).collect();
    let view = cell.view(0).await?;
    let nobody = |why: &str| DrillError::Refused(format!("no node to choose: {why}"));
    let leader = || view.leader().ok_or_else(|| nobody("nobody leads"));
    let any = |of: Vec<usize>, dice: &mut Dice| {
        let holds = |node: &usize| view.nodes.iter().any(|seen| seen.number() == Some(*node) && seen.placements > 0);
        let holding: Vec<_> = of.iter().copied().filter(holds).collect();
        let of = if holding.is_empty() { of } else { holding };
        let at = dice.within(0..of.len().max(1) as u64) as usize;
        of.get(at).map(|node| vec![*node]).ok_or_else(|| nobody("none is up"))
    };
    match choice {
        NodeChoice::Any => any(up, dice),
        NodeChoice::Leader => Ok(vec![leader()?]),
        NodeChoice::Follower => {
            let leader = leader()?;
            any(up.into_iter().filter(|node| *node != leader).collect(), dice)
        }
        NodeChoice::All => Ok((0..cell.len()).collect()),
        NodeChoice::Named(wanted) => {
            let found = (0..cell.len()).find(|node| name(*node) == *wanted);
            found.map(|node| vec![node]).ok_or_else(|| nobody(&format!("none is called {wanted}")))
        }
        NodeChoice::OwnerOf(camera) => {
            let number: Option<usize> = camera.strip_prefix("cam").and_then(|number| number.parse().ok());
            let id = number.and_then(|number| cell.ids().get(number).cloned());
            let placements = cell.placements(0).await?;
            let placed = placements.iter().find(|placed| Some(&placed.camera) == id.as_ref() && placed.slot == 0);
            let owner = placed.and_then(|placed| view.number(&placed.node));
            owner.map(|node| vec![node]).ok_or_else(|| nobody(&format!("none has camera {camera}")))
        }
    }
}
