//! Neither the generation nor, within it, the counter ever falls.

use eyrie_cluster::CellState;

use super::Violation;

pub(super) fn check(before: &CellState, after: &CellState) -> Result<(), Violation> {
    let (old, new) = ((before.generation(), before.counter()), (after.generation(), after.counter()));
    if new >= old { Ok(()) } else { Err(Violation::new("generations_grow", format!("{old:?} became {new:?}"))) }
}
