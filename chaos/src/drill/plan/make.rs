use std::collections::BTreeSet;
use std::fmt;

use super::line::{fault_line, guard_line, round_line};
use super::{Abilities, CellFacts, Hits, Refusal, admit};
use crate::drill::file::{duration_text, nodes_down_at_once, plural};
use crate::drill::{CameraChoice, Drill, Fault, NodeChoice, Target, TimedFault};

/// What a drill is going to do to a cell that may be drilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its lines: what a dry run prints and a report keeps.
    pub lines: Vec<String>,
    /// What whoever runs it should know, and the file allows.
    pub warnings: Vec<String>,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        self.warnings.iter().try_for_each(|warning| writeln!(f, "mind: {warning}"))
    }
}

/// Whether `drill` may be run on `cell` by a target with these abilities, and what it would do.
///
/// A local cell is made for the drill: its `cell` is empty until then, so that only what can be known before is looked at.
///
/// # Errors
/// With every reason against it.
pub fn plan(drill: &Drill, cell: &CellFacts, can: &Abilities) -> Result<Plan, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let wanted: BTreeSet<_> = drill.faults.iter().flat_map(|timed| &timed.one_of).map(Fault::kind).collect();
    let wanted: Vec<_> = wanted.into_iter().filter(|kind| !can.faults.contains(kind)).collect();
    if !wanted.is_empty() {
        refusals.push(Refusal::Unsupported { wanted, supported: can.faults.to_vec() });
    }
    let wanted: BTreeSet<_> = drill.bounds().iter().map(|bound| bound.measure).collect();
    let wanted: Vec<_> = wanted.into_iter().filter(|measure| !can.measures.contains(measure)).collect();
    if !wanted.is_empty() {
        refusals.push(Refusal::Unmeasured { wanted, supported: can.measures.to_vec() });
    }
    if let Target::Api(api) = &drill.target
        && cell.cell != Some(api.cell)
    {
        refusals.push(Refusal::WrongCell { expected: api.cell, found: cell.cell });
        // What another cell is like is nobody's business here.
        return Err(refusals);
    }
    if let Some(running) = &cell.running {
        refusals.push(Refusal::AlreadyRunning { drill: running.clone() });
    }
    let not_made = matches!(drill.target, Target::Local(_)) && cell.nodes.is_empty();
    if !not_made {
        let why = cell.unsteady();
        if !why.is_empty() {
            refusals.push(Refusal::Degraded { why });
        }
        for timed in &drill.faults {
            refusals.extend(timed.one_of.iter().filter_map(|fault| beyond(drill, timed, fault, cell)));
        }
    }
    if refusals.is_empty() { Ok(Plan { lines: lines(drill), warnings: warnings(drill, cell) }) } else { Err(refusals) }
}

fn lines(drill: &Drill) -> Vec<String> {
    let mut lines = vec![
        format!("drill {} on {}", drill.name, drill.target),
        format!("hypothesis: {}", drill.hypothesis),
        round_line(drill),
    ];
    lines.extend(drill.faults.iter().map(|timed| format!("  {}", fault_line(timed))));
    lines.push(format!("may touch {}", drill.blast_radius));
    lines.push(guard_line(&drill.guardrails));
    lines.push(format!("a fault ends by itself when the runner is silent for {}", duration_text(drill.dead_man)));
    lines.push("holds when".to_owned());
    lines.extend(drill.bounds().iter().map(|bound| format!("  {bound}")));
    lines
}

/// Why `fault` alone is too much for the cell as it is, in the worst choice; or names what is not there.
fn beyond(drill: &Drill, timed: &TimedFault, fault: &Fault, cell: &CellFacts) -> Option<Refusal> {
    let (line, what) = (timed.line, fault.to_string());
    match worst_hits(fault, cell) {
        Err(why) => Some(Refusal::NotThere { line, what, why }),
        Ok(choices) => choices.iter().find_map(|hits| {
            let hit = admit(&drill.blast_radius, hits, cell).err()?;
            Some(Refusal::BlastRadius { line, what: what.clone(), hit, radius: drill.blast_radius.to_string() })
        }),
    }
}

/// Each thing that `fault` may turn out to touch.
fn worst_hits(fault: &Fault, cell: &CellFacts) -> Result<Vec<Hits>, String> {
    let all: BTreeSet<String> = cell.nodes.iter().map(|node| node.name.clone()).collect();
    let shared = fault.shared().into_iter().collect();
    let each = |nodes: BTreeSet<String>| nodes.into_iter().map(|node| Hits { nodes: [node].into(), ..Hits::default() });
    if let Fault::Camera { cameras, .. } = fault {
        // Which ones they will be is not known; how many is all that counts.
        let named: BTreeSet<String> = match cameras {
            CameraChoice::Named(names) => names.iter().cloned().collect(),
            choice => {
                let count = choice.count(u32::try_from(cell.cameras.len()).unwrap_or(u32::MAX)) as usize;
                if count > cell.cameras.len() {
                    return Err(format!("there are {} cameras, not {count}", cell.cameras.len()));
                }
                cell.cameras.iter().take(count).map(|camera| camera.name.clone()).collect()
            }
        };
        let there = |name: &&String| cell.cameras.iter().any(|camera| camera.name == **name);
        return match named.iter().find(|name| !there(name)) {
            Some(name) => Err(format!("there is no camera {name:?}")),
            None => Ok(vec![Hits { cameras: named, ..Hits::default() }]),
        };
    }
    match (fault, fault.node()) {
        (Fault::RollingRestart(_), _) => Ok(each(all).collect()),
        (Fault::RestartAll(_), _) | (_, Some(NodeChoice::All)) => Ok(vec![Hits { nodes: all, ..Hits::default() }]),
        (_, None) => Ok(vec![Hits { shared, ..Hits::default() }]),
        (_, Some(NodeChoice::Named(name))) if !all.contains(name) => Err(format!("there is no node {name:?}")),
        (_, Some(NodeChoice::Named(name))) => Ok(each([name.clone()].into()).collect()),
        (_, Some(NodeChoice::OwnerOf(name))) if !cell.cameras.iter().any(|camera| camera.name == *name) => {
            Err(format!("there is no camera {name:?}"))
        }
        // Who owns and who leads may have changed by then.
        (_, Some(_)) => Ok(each(all).collect()),
    }
}

fn warnings(drill: &Drill, cell: &CellFacts) -> Vec<String> {
    let (nodes, voters) = match &drill.target {
        Target::Local(local) => (local.nodes, if local.nodes < 3 { 1 } else { 3 + 2 * u32::from(local.nodes >= 5) }),
        Target::Api(_) => {
            let voters = cell.nodes.iter().filter(|node| node.voter).count();
            (u32::try_from(cell.nodes.len()).unwrap_or(u32::MAX), u32::try_from(voters).unwrap_or(u32::MAX))
        }
    };
    let down = nodes_down_at_once(&drill.faults, nodes).hit;
    if down > 0 && 2 * down >= voters {
        return vec![format!(
            "{} may be down at once, and the cell decides by a majority of {}: it may be without a leader",
            plural(u64::from(down), "node"),
            plural(u64::from(voters), "voter")
        )];
    }
    Vec::new()
}
