//! The set of voters changes by one at a time and is never made smaller than the cell asks for, as far as the leader has followed
//! it, unless a voter is no longer a member, or has lost its log and goes by another number.

use eyrie_cluster::{CellState, VoterChange, voters_wanted};

use super::super::raft::Config;
use super::{Violation, Watch};

impl Watch {
    pub(in super::super) fn voters_changed(
        &mut self,
        state: &CellState,
        before: &Config,
        after: &Config,
        change: VoterChange,
    ) -> Result<(), Violation> {
        let voters =
            |config: &Config| config.iter().filter(|(_, member)| member.voter).map(|(id, _)| *id).collect::<Vec<_>>();
        let (old, new) = (voters(before), voters(after));
        let bad = |what: String| Err(Violation::new("voters_rule", format!("{change:?}: {what}")));
        let differ =
            old.iter().filter(|id| !new.contains(id)).count() + new.iter().filter(|id| !old.contains(id)).count();
        if differ > 1 {
            return bad(format!("{differ} voters change at once"));
        }
        let wanted = voters_wanted(state.members().len());
        if let VoterChange::Demote { .. } = change
            && new.len() < wanted
        {
            return bad(format!("{} voters remain of {wanted}", new.len()));
        }
        if let VoterChange::Remove { raft } = change
            && state.members().values().any(|member| member.raft == raft)
        {
            return bad("it is a member still".to_owned());
        }
        Ok(())
    }
}
