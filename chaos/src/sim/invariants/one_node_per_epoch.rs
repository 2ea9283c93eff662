//! An epoch of a placement is used once: by one process of one node. So nothing can be written twice under one name, and no stale
//! owner overwrites what a later one wrote.

use eyrie_cluster::PlacementKey;
use eyrie_types::Epoch;

use super::{Violation, Watch};

impl Watch {
    pub(in super::super) fn started(
        &mut self,
        machine: usize,
        life: u64,
        key: &PlacementKey,
        epoch: Epoch,
    ) -> Result<(), Violation> {
        match self.ran.insert((key.clone(), epoch), (machine, life)) {
            None => Ok(()),
            Some((other, before)) => {
                let what = format!(
                    "n{machine} (life {life}) runs {key} epoch {epoch}, which n{other} (life {before}) has run"
                );
                Err(Violation::new("one_node_per_epoch", what))
            }
        }
    }
}
