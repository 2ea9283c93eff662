//! Where nothing has gone wrong for a while, nobody is declared dead.

use eyrie_cluster::{CellAnswer, CellCommand, Health, Refusal};

use super::Violation;

/// The longest fault but for crashes ends within 15 s; this is after all of them, with what they left in the air.
const QUIET_US: u64 = 10_000_000;

pub(super) fn check(
    now: u64,
    last_fault: u64,
    command: &CellCommand,
    answer: &Result<CellAnswer, Refusal>,
) -> Result<(), Violation> {
    let dead =
        matches!(command, CellCommand::SetHealth { health: Health::Dead, .. }) && *answer == Ok(CellAnswer::Done);
    if dead && now > last_fault + QUIET_US {
        return Err(Violation::new("sound_verdicts", format!("{command}, though all is well")));
    }
    Ok(())
}
