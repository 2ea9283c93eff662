use std::collections::BTreeSet;

use super::limits::{DRILL_MAX, ROUND_FAULTS_MAX};
use super::located::Located;
use super::mistake::Mistakes;
use super::overlap::{cameras_at_once, nodes_at_once, nodes_down_at_once};
use super::{duration_text, plural};
use crate::drill::{
    CameraChoice, CameraLimit, CutOff, Drill, Fault, LocalStore, LocalTarget, NodeChoice, Probe, Shared, Target,
};

/// Looks at a drill as a whole: times that cannot be, and faults that go beyond what the file itself allows.
pub(super) fn check(drill: &Drill, root: &Located, mistakes: &Mistakes) {
    let whole = Whole { drill, root, mistakes };
    whole.times();
    whole.radius();
    whole.shared();
    if let Target::Local(local) = &drill.target {
        whole.local(local);
    }
}

struct Whole<'a> {
    drill: &'a Drill,
    root: &'a Located,
    mistakes: &'a Mistakes,
}

impl Whole<'_> {
    fn wrong(&self, path: &[&str], text: impl Into<String>) {
        self.mistakes.add(self.root.line_of(path), path.join("."), text);
    }

    fn times(&self) {
        let drill = self.drill;
        if drill.settle.held > drill.settle.within {
            let (held, within) = (duration_text(drill.settle.held), duration_text(drill.settle.within));
            self.wrong(&["settle"], format!("the steady state cannot hold for {held} within {within}; raise `within`"));
        }
        let count: u64 = drill.faults.iter().map(|fault| u64::from(fault.times())).sum();
        if count > ROUND_FAULTS_MAX {
            self.wrong(&["faults"], format!("{count} faults in a round are too many; the limit is {ROUND_FAULTS_MAX}"));
        }
        for timed in &drill.faults {
            if timed.ends() > DRILL_MAX {
                let text = format!("ends {} after the round began; the limit is 24h", duration_text(timed.ends()));
                self.mistakes.add(timed.line, "faults", text);
            }
            for fault in &timed.one_of {
                if let Fault::Partition { flapping: Some((cut, whole)), .. } = fault
                    && *cut + *whole > timed.lasts
                {
                    let text = "is over before it has flapped once; make `for` longer than `cut` and `whole` together";
                    self.mistakes.add(timed.line, "faults", text);
                }
            }
        }
        let (needs, longest) = (drill.longest(), drill.guardrails.longest);
        if needs > longest {
            let (needs, longest) = (duration_text(needs), duration_text(longest));
            let text = format!(
                "{} may take {needs} (settle.within, the faults, recover), and the guardrail breaks off after {longest}; raise it or \
                 shorten them",
                plural(u64::from(drill.repeat), "round")
            );
            self.wrong(&["guardrails", "longest"], text);
        }
    }

    fn radius(&self) {
        let drill = self.drill;
        let radius = &drill.blast_radius;
        // How many nodes another cell has is known when it is asked: there, `all` is one more than is allowed.
        let (nodes, cameras) = match &drill.target {
            Target::Local(local) => (local.nodes, local.cameras),
            Target::Api(_) => (radius.nodes.saturating_add(1), u32::MAX),
        };
        let worst = nodes_at_once(&drill.faults, nodes);
        let named = |hit: u32| match drill.target {
            Target::Local(_) => plural(u64::from(hit), "node"),
            Target::Api(_) => format!("more than {}", plural(u64::from(radius.nodes), "node")),
        };
        if worst.hit > radius.nodes {
            let text = format!(
                "at {} of a round {} may be hit at once, and the blast radius is {}; let the faults follow each other, or raise it",
                duration_text(worst.at),
                named(worst.hit),
                radius.nodes
            );
            self.mistakes.add(worst.line, "faults", text);
        }
        let worst = nodes_down_at_once(&drill.faults, nodes);
        if let Some(down) = drill.guardrails.nodes_down
            && worst.hit > down
        {
            let text = format!(
                "at {} of a round {} may be down at once, and the guardrail breaks off when more than {down} are: the blast radius is \
                 over its guardrail; take fewer nodes down, or raise guardrails.nodes_down",
                duration_text(worst.at),
                named(worst.hit)
            );
            self.mistakes.add(worst.line, "faults", text);
        }
        let worst = cameras_at_once(&drill.faults, cameras);
        let allowed = match radius.cameras {
            CameraLimit::Share(_) if matches!(drill.target, Target::Api(_)) => return,
            limit => limit.of(u64::from(cameras)),
        };
        if u64::from(worst.hit) > allowed {
            let text = format!(
                "{} may be hit at once, and the blast radius is {}; choose fewer, or raise it",
                plural(u64::from(worst.hit), "camera"),
                radius.cameras
            );
            self.mistakes.add(worst.line, "faults", text);
        }
    }

    fn shared(&self) {
        for timed in &self.drill.faults {
            for fault in &timed.one_of {
                let Some(shared) = fault.shared() else { continue };
                if !self.drill.blast_radius.shared.contains(&shared) {
                    let word = shared.as_str();
                    let text = format!(
                        "{} touches the {word}, which all nodes share; allow it by `blast_radius: {{shared: [{word}]}}`",
                        fault.kind()
                    );
                    self.mistakes.add(timed.line, "faults", text);
                }
            }
        }
    }

    fn local(&self, local: &LocalTarget) {
        let target = |name| ["target", "local", name];
        if local.twins > local.cameras {
            self.wrong(&target("twins"), format!("{} of {} cameras cannot have twins", local.twins, local.cameras));
        }
        if local.twins > 0 && local.nodes < 2 {
            self.wrong(&target("twins"), "a twin needs a second node; raise `nodes`");
        }
        match (local.store, local.nodes) {
            (LocalStore::Sqlite, 2..) => {
                self.wrong(&target("store"), "SQLite serves one node alone; write `store: cassandra`");
            }
            (LocalStore::Cassandra, 1) => {
                self.wrong(&target("store"), "one node keeps its own store; write `store: sqlite`")
            }
            _ => {}
        }
        if self.drill.blast_radius.nodes > local.nodes {
            let text = format!("the cell has {}; lower it", plural(u64::from(local.nodes), "node"));
            self.wrong(&["blast_radius", "nodes"], text);
        }
        let bounds_twins = |probe: &Probe| matches!(probe, Probe::RecordedGap(gap) if gap.twinned.is_some());
        if local.twins == 0 && self.drill.probes.iter().any(bounds_twins) {
            let text = "no camera has a twin; give some by `target: {local: {twins: 2}}`, or leave the bound out";
            self.wrong(&["probes", "recorded_gap", "twinned"], text);
        }
        let names: BTreeSet<_> = (0..local.nodes).map(|i| format!("n{i}")).collect();
        let cameras: BTreeSet<_> = (0..local.cameras).map(|i| format!("cam{i}")).collect();
        for timed in &self.drill.faults {
            for fault in &timed.one_of {
                for text in beyond(fault, local, &names, &cameras) {
                    self.mistakes.add(timed.line, "faults", format!("{}: {text}", fault.kind()));
                }
            }
        }
    }
}

/// What `fault` names that the local cell does not have.
fn beyond(fault: &Fault, local: &LocalTarget, nodes: &BTreeSet<String>, cameras: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    match fault.node() {
        Some(NodeChoice::Named(name)) if !nodes.contains(name) => {
            found.push(format!("there is no node {name:?}; the nodes are n0 to n{}", local.nodes - 1));
        }
        Some(NodeChoice::OwnerOf(name)) if !cameras.contains(name) => {
            found.push(format!("there is no camera {name:?}; the cameras are cam0 to cam{}", local.cameras - 1));
        }
        Some(NodeChoice::Follower) if local.nodes < 2 => {
            found.push("one node alone leads; write `node: any`".to_owned())
        }
        _ => {}
    }
    match fault {
        Fault::Partition { from: CutOff::Peers, .. } if local.nodes < 2 => {
            found.push("there are no other nodes to be cut off from; raise `nodes`".to_owned());
        }
        Fault::Partition { from: CutOff::Store, .. } if local.store == LocalStore::Sqlite => {
            found.push("the store is a file of the node".to_owned());
        }
        Fault::Camera { cameras: CameraChoice::Count(n), .. } if *n > local.cameras => {
            found.push(format!("there are {} cameras, not {n}", local.cameras));
        }
        Fault::Camera { cameras: CameraChoice::Named(names), .. } => {
            let unknown = names.iter().filter(|name| !cameras.contains(*name));
            let last = local.cameras - 1;
            found.extend(unknown.map(|name| format!("there is no camera {name:?}; the cameras are cam0 to cam{last}")));
        }
        _ => {}
    }
    match fault.shared() {
        Some(Shared::Store) if local.store == LocalStore::Sqlite => {
            found.push("the store is a file of the node; use three nodes and `store: cassandra`".to_owned());
        }
        Some(Shared::Redis) if !local.redis => {
            found.push("the cell has no Redis; write `target: {local: {redis: true}}`".to_owned());
        }
        _ => {}
    }
    found
}
