use std::collections::{BTreeMap, BTreeSet};

use super::{acts_of, cannot_cut};
use crate::drill::{Abilities, CellFacts, Drill, Fault, FaultKind, Measure, NodeChoice, Plan, Refusal, plan};

/// What agents can do to nodes, and what can be measured of a cell through its API.
pub const ABILITIES: Abilities = {
    use FaultKind as K;
    const FAULTS: &[K] = &[K::Kill, K::Pause, K::Stop, K::RollingRestart, K::RestartAll, K::CpuPressure, K::Partition];
    const MEASURES: &[Measure] = &[
        Measure::GapLongest,
        Measure::GapLongestTwinned,
        Measure::GapLongestUntouched,
        Measure::GapP95,
        Measure::GapP99,
        Measure::UnitsDoubled,
        Measure::LiveOutage,
        Measure::PlaybackSuccess,
        Measure::PlaybackP99,
        Measure::ApiSuccess,
        Measure::ApiP99,
        Measure::FalseReassignments,
    ];
    Abilities { faults: FAULTS, measures: MEASURES }
};

/// The agents that are heard, by the name of their node.
pub type Agents = BTreeMap<String, AgentCan>;

/// What an agent can do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentCan {
    /// The words of that.
    pub can: BTreeSet<String>,
    /// By the words of what it cannot: why not.
    pub cannot: BTreeMap<String, String>,
}

/// Whether `drill` may be run on `cell` by these agents, and what it would do.
///
/// # Errors
/// With every reason against it.
pub fn plan_on_cell(drill: &Drill, cell: &CellFacts, agents: &Agents) -> Result<Plan, Vec<Refusal>> {
    let mut planned = plan::plan(drill, cell, &ABILITIES);
    for timed in &drill.faults {
        for (fault, why) in timed.one_of.iter().filter_map(|fault| Some((fault, cannot_cut(fault)?))) {
            let refusal = Refusal::NoAgentCan { line: timed.line, what: fault.to_string(), why };
            planned = Err([planned.err().unwrap_or_default(), vec![refusal]].concat());
        }
    }
    let missing = drill.faults.iter().flat_map(|timed| {
        timed.one_of.iter().filter_map(|fault| {
            let nodes = without(fault, cell, agents);
            let (line, what) = (timed.line, fault.to_string());
            (!nodes.is_empty()).then_some(Refusal::NoAgent { line, what, nodes })
        })
    });
    let mut missing: Vec<_> = missing.collect();
    match planned {
        Ok(plan) if missing.is_empty() => Ok(plan),
        Ok(_) => Err(missing),
        // Of another cell, and of what no agent can do, nothing more is said.
        Err(refusals)
            if refusals.iter().any(|why| why.is_unsupported() || matches!(why, Refusal::WrongCell { .. })) =>
        {
            Err(refusals)
        }
        Err(mut refusals) => {
            refusals.append(&mut missing);
            Err(refusals)
        }
    }
}

/// The nodes that `fault` may hit and whose agent cannot do it, or is not there.
fn without(fault: &Fault, cell: &CellFacts, agents: &Agents) -> Vec<String> {
    let Some(act) = acts_of(fault) else { return Vec::new() };
    let may_hit = |name: &String| !matches!(fault.node(), Some(NodeChoice::Named(wanted)) if wanted != name);
    let can = |name: &String| agents.get(name).is_some_and(|agent| agent.can.contains(act.word()));
    let named = |name: String| match agents.get(&name).and_then(|agent| agent.cannot.get(act.word())) {
        Some(why) => format!("{name} ({why})"),
        None => name,
    };
    let names = cell.nodes.iter().map(|node| node.name.clone());
    names.filter(|name| may_hit(name) && !can(name)).map(named).collect()
}

#[cfg(test)]
mod tests {
    use eyrie_types::CellId;

    use super::*;
    use crate::drill::file::read_drill;
    use crate::drill::on_cell::adapt;
    use crate::drill::{CATALOGUE, CameraFacts, NodeFacts};

    fn cell(id: CellId) -> CellFacts {
        let node = |n: u32| NodeFacts { name: format!("n{n}"), up: true, leader: n == 0, voter: true, draining: false };
        let camera =
            |n: u32| CameraFacts { name: format!("c{n}"), nodes: vec![format!("n{}", n % 3)], recording: true };
        CellFacts {
            cell: Some(id),
            nodes: (0..3).map(node).collect(),
            cameras: (0..3).map(camera).collect(),
            ..CellFacts::default()
        }
    }

    fn agents(nodes: &[&str], can: &[&str]) -> Agents {
        let can = can.iter().map(|word| (*word).to_owned()).collect();
        let can = AgentCan { can, cannot: BTreeMap::new() };
        nodes.iter().map(|node| ((*node).to_owned(), can.clone())).collect()
    }

    fn drill(name: &str, id: CellId) -> Drill {
        let (_, text) = CATALOGUE.iter().find(|(known, _)| *known == name).unwrap();
        adapt(read_drill(text).unwrap(), id).unwrap().drill
    }

    #[test]
    fn every_node_that_may_be_hit_needs_an_agent_that_can() {
        let id = CellId::random();
        let drill = drill("kill-a-node", id);
        let all = agents(&["n0", "n1", "n2"], &["kill", "pause"]);
        assert!(plan_on_cell(&drill, &cell(id), &all).is_ok());
        for (agents, lacking) in [
            (agents(&["n0", "n2"], &["kill"]), vec!["n1"]),
            (agents(&["n0", "n1", "n2"], &["pause"]), vec!["n0", "n1", "n2"]),
            (Agents::new(), vec!["n0", "n1", "n2"]),
        ] {
            let refusals = plan_on_cell(&drill, &cell(id), &agents).unwrap_err();
            let [Refusal::NoAgent { nodes, .. }] = refusals.as_slice() else { panic!("{refusals:?}") };
            assert_eq!(*nodes, lacking);
        }
        let mut lacking = all;
        let why = "nft is not installed there".to_owned();
        lacking.entry("n1".to_owned()).or_default().cannot = [("kill".to_owned(), why)].into();
        lacking.entry("n1".to_owned()).or_default().can.clear();
        let refused = plan_on_cell(&drill, &cell(id), &lacking).unwrap_err();
        assert!(refused.iter().any(|why| why.to_string().contains("n1 (nft is not installed there)")), "{refused:?}");
    }

    #[test]
    fn a_node_is_cut_off_from_its_peers_and_from_nothing_else() {
        let id = CellId::random();
        let all = agents(&["n0", "n1", "n2"], &["partition"]);
        for name in ["partition-a-node", "partition-one-way", "flapping-partition"] {
            assert!(plan_on_cell(&drill(name, id), &cell(id), &all).is_ok(), "{name}");
        }
        let (_, text) = CATALOGUE.iter().find(|(known, _)| *known == "partition-a-node").unwrap();
        let text = text.replace("from: peers", "from: store");
        let from_store = adapt(read_drill(&text).unwrap(), id).unwrap().drill;
        let refused = plan_on_cell(&from_store, &cell(id), &all).unwrap_err();
        assert!(refused.iter().all(Refusal::is_unsupported) && refused.len() == 1, "{refused:?}");
    }

    #[test]
    fn another_cell_a_sick_one_and_what_no_agent_can_do_are_refused() {
        let id = CellId::random();
        let all = agents(&["n0", "n1", "n2"], &["kill", "pause", "stop", "cpu_pressure"]);
        let refused = |name: &str, cell: &CellFacts| plan_on_cell(&drill(name, id), cell, &all).unwrap_err();
        let wrong = refused("kill-a-node", &cell(CellId::random()));
        assert!(matches!(wrong.as_slice(), [Refusal::WrongCell { .. }]), "{wrong:?}");
        let sick = CellFacts { unplaced: 1, ..cell(id) };
        assert!(matches!(refused("kill-a-node", &sick).as_slice(), [Refusal::Degraded { .. }]));
        let busy = CellFacts { running: Some("other".to_owned()), ..cell(id) };
        assert!(matches!(refused("kill-a-node", &busy).as_slice(), [Refusal::AlreadyRunning { .. }]));
        let cannot = refused("disk-full", &cell(id));
        assert!(cannot.iter().any(Refusal::is_unsupported), "{cannot:?}");
        for name in ["pause-a-node", "stop-a-node", "rolling-restart", "restart-all", "kill-the-leader", "busy-cores"] {
            assert!(plan_on_cell(&drill(name, id), &cell(id), &all).is_ok(), "{name}");
        }
    }
}
