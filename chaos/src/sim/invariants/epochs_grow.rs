//! Each grant of a placement begins after everything that was ever granted of it, whoever had it.

use eyrie_cluster::{CellAnswer, CellCommand, Refusal};

use super::{Violation, Watch};

impl Watch {
    pub(super) fn epochs_grow(
        &mut self,
        answer: &Result<CellAnswer, Refusal>,
        command: &CellCommand,
    ) -> Result<(), Violation> {
        let (CellCommand::Place { key, .. } | CellCommand::BeginMove { key, .. } | CellCommand::Renew { key, .. }) =
            command
        else {
            return Ok(());
        };
        let Ok(CellAnswer::Granted(grant)) = answer else { return Ok(()) };
        let highest = self.granted.insert(key.clone(), grant.last());
        match highest {
            Some(highest) if highest >= grant.first => {
                Err(Violation::new("epochs_grow", format!("{key} gets {grant} after {highest}")))
            }
            _ => Ok(()),
        }
    }
}
