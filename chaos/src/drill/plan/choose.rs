use crate::drill::{CameraChoice, CellFacts, NodeChoice, NodeFacts};
use crate::sim::Dice;

/// The nodes of `choice`, by name, as the cell is now. Of several that would do, one that has cameras: killing one that has only
/// just come back and holds nothing proves nothing.
///
/// # Errors
/// With what is not there, for people.
pub fn choose_nodes(choice: &NodeChoice, cell: &CellFacts, dice: &mut Dice) -> Result<Vec<String>, String> {
    let up = |wanted: fn(&NodeFacts) -> bool| {
        cell.nodes.iter().filter(|node| node.up && wanted(node)).map(|node| node.name.clone()).collect::<Vec<_>>()
    };
    let one = match choice {
        NodeChoice::All => return Ok(cell.nodes.iter().map(|node| node.name.clone()).collect()),
        NodeChoice::Any => any(&up(|_| true), cell, dice).ok_or_else(|| "no node is up".to_owned()),
        NodeChoice::Leader => up(|node| node.leader).pop().ok_or_else(|| "no leader is known".to_owned()),
        NodeChoice::Follower => {
            any(&up(|node| !node.leader), cell, dice).ok_or_else(|| "no node but the leader is up".to_owned())
        }
        NodeChoice::Named(name) => {
            let found = cell.nodes.iter().find(|node| node.name == *name);
            found.map(|node| node.name.clone()).ok_or_else(|| format!("there is no node {name:?}"))
        }
        NodeChoice::OwnerOf(name) => {
            let camera = cell.cameras.iter().find(|camera| camera.name == *name);
            let camera = camera.ok_or_else(|| format!("there is no camera {name:?}"))?;
            camera.nodes.first().cloned().ok_or_else(|| format!("camera {name:?} has no node"))
        }
    };
    one.map(|name| vec![name])
}

fn any(of: &[String], cell: &CellFacts, dice: &mut Dice) -> Option<String> {
    let holds = |node: &&String| cell.cameras.iter().any(|camera| camera.nodes.contains(node));
    let holding: Vec<_> = of.iter().filter(holds).cloned().collect();
    dice.pick(if holding.is_empty() { of } else { &holding }).cloned()
}

/// The cameras of `choice`, by name, sorted.
///
/// # Errors
/// With what is not there, for people.
pub fn choose_cameras(choice: &CameraChoice, cell: &CellFacts, dice: &mut Dice) -> Result<Vec<String>, String> {
    let mut all: Vec<String> = cell.cameras.iter().map(|camera| camera.name.clone()).collect();
    all.sort();
    if let CameraChoice::Named(names) = choice {
        let missing = names.iter().find(|name| !all.contains(name));
        return missing.map_or_else(|| Ok(names.clone()), |name| Err(format!("there is no camera {name:?}")));
    }
    let count = choice.count(u32::try_from(all.len()).unwrap_or(u32::MAX));
    if count as usize > all.len() {
        return Err(format!("there are {} cameras, not {count}", all.len()));
    }
    // The first steps of a shuffle (Fisher and Yates).
    let count = count as usize;
    for i in 0..count {
        let other = dice.within(i as u64..all.len() as u64);
        all.swap(i, usize::try_from(other).unwrap_or(i));
    }
    all.truncate(count);
    all.sort();
    Ok(all)
}
