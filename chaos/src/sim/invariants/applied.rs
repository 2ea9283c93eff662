use eyrie_cluster::{CellAnswer, CellCommand, CellState, Health, Refusal};

use super::{Violation, Watch};

impl Watch {
    /// Checks one command that was applied: everything that can be said of a step of the state.
    pub(in super::super) fn applied(
        &mut self,
        now: u64,
        last_fault: u64,
        before: &CellState,
        command: &CellCommand,
        answer: &Result<CellAnswer, Refusal>,
        after: &CellState,
    ) -> Result<(), Violation> {
        if answer.is_err() {
            self.refused += 1;
            return super::stale_commands::refusal_changes_nothing(before, after);
        }
        match command {
            CellCommand::BeginMove { .. } => self.moves += 1,
            CellCommand::Place { replaces: Some(_), .. } => self.takeovers += 1,
            CellCommand::SetHealth { health: Health::Dead, .. } if *answer == Ok(CellAnswer::Done) => self.deaths += 1,
            _ => {}
        }
        self.epochs_grow(answer, command)?;
        super::generations_grow::check(before, after)?;
        super::stale_commands::check(before, command)?;
        super::twins_apart::check(after)?;
        super::capacity::check(before, command)?;
        super::needless_moves::check(before, command)?;
        super::sound_verdicts::check(now, last_fault, command, answer)?;
        super::max_sessions::check(before, command, after)
    }
}
