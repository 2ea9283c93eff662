use super::planner::Planner;
use crate::CellCommand;

impl Planner<'_> {
    /// Every job of the settings has a worker: the live node with the fewest. One that drains or starts anew is replaced; a live
    /// worker gives its job back by itself, so that two never do one.
    pub(super) fn assign_jobs(&mut self) {
        let state = self.state;
        let has = |node| state.jobs().values().filter(move |grant| grant.node == node).count();
        let mut counts: Vec<_> =
            self.loads.iter().filter(|(_, load)| load.takes).map(|(node, _)| (has(node), node)).collect();
        for job in &state.settings().jobs {
            let grant = state.jobs().get(job);
            let held = grant.is_some_and(|grant| {
                self.lives(grant.node) && state.member(grant.node).is_some_and(|member| member.start == grant.start)
            });
            let Some(least) = counts.iter_mut().min().filter(|_| !held) else { continue };
            least.0 += 1;
            let node = least.1;
            let Some(member) = state.member(node) else { continue };
            let replaces = grant.map(|grant| grant.epoch);
            self.plan.commands.push(CellCommand::GrantJob { job: job.clone(), node, start: member.start, replaces });
        }
    }
}
