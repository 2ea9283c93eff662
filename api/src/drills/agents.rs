use std::collections::BTreeMap;

use eyrie_chaos::drill::on_cell::{AgentCan, Agents};
use eyrie_types::{DrillAgent, NodeId, WallTime};

use super::AGENT_SILENT;

/// An agent is heard: it spoke not long ago. Nodes' clocks differ, so one from the future was heard as well.
pub(crate) fn hears(agent: &DrillAgent, now: WallTime) -> bool {
    now.since(agent.heard_at) <= AGENT_SILENT
}

/// What the agents that are heard can do, by the names of their nodes.
pub(crate) fn heard(agents: Vec<DrillAgent>, names: &BTreeMap<NodeId, String>, now: WallTime) -> Agents {
    let heard = agents.into_iter().filter(|agent| hears(agent, now));
    let can = |agent: DrillAgent| AgentCan {
        can: agent.can.into_iter().collect(),
        cannot: agent.cannot.into_iter().map(|cannot| (cannot.word, cannot.why)).collect(),
    };
    heard.filter_map(|agent| Some((names.get(&agent.node)?.clone(), can(agent)))).collect()
}
