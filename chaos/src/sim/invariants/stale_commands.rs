//! What was decided on an earlier state has no effect: a refused command changes nothing, and one that is applied named the
//! present start, epoch or revision.

use eyrie_cluster::{CellCommand, CellState};

use super::Violation;

pub(super) fn refusal_changes_nothing(before: &CellState, after: &CellState) -> Result<(), Violation> {
    let same = before.placements() == after.placements()
        && before.members() == after.members()
        && before.cameras() == after.cameras()
        && before.generation() == after.generation()
        && before.counter() == after.counter();
    if same { Ok(()) } else { Err(Violation::new("stale_commands", "a refused command has changed the state")) }
}

pub(super) fn check(before: &CellState, command: &CellCommand) -> Result<(), Violation> {
    let start = |node, given| before.member(node).is_some_and(|member| member.start == given);
    let first = |key| before.placement(key).map(|placement| placement.grant.first);
    let next = |key| before.placement(key).and_then(|placement| placement.next).map(|next| next.grant.first);
    let fits = match command {
        CellCommand::SetHealth { node, start: given, .. } | CellCommand::SetDrain { node, start: given, .. } => {
            start(*node, *given)
        }
        CellCommand::Join { node, member } => before.member(*node).is_none_or(|known| known.start <= member.start),
        CellCommand::Place { key, replaces, .. } => first(key) == *replaces,
        CellCommand::BeginMove { key, epoch, .. }
        | CellCommand::Unplace { key, epoch }
        | CellCommand::Renew { key, epoch, .. } => first(key) == Some(*epoch),
        // A repeated end of a move finds it ended.
        CellCommand::FinishMove { key, next: given } => next(key) == Some(*given) || first(key) == Some(*given),
        CellCommand::AbandonMove { key, next: given } => next(key) == Some(*given),
        CellCommand::PutCamera { key, needs } => {
            !before.was_removed(key) && before.camera(key).is_none_or(|known| known.revision <= needs.revision)
        }
        _ => true,
    };
    if fits { Ok(()) } else { Err(Violation::new("stale_commands", format!("{command} was decided on another state"))) }
}
