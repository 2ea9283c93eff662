use eyrie_types::CellId;

/// A cell at one moment, as it tells by its API: what a drill is planned on, and what "steady" is judged by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellFacts {
    /// Which it is; `None` where the node that was asked is in none.
    pub cell: Option<CellId>,
    /// The node that was asked knows no leader that lives.
    pub stale: bool,
    /// Its nodes.
    pub nodes: Vec<NodeFacts>,
    /// Its enabled cameras.
    pub cameras: Vec<CameraFacts>,
    /// Placements on their way to another node.
    pub moving: u64,
    /// Enabled cameras that no live node has.
    pub unplaced: u64,
    /// Placements that no node says it records, where nodes tell how many they are and not which.
    pub not_recorded: u64,
    /// Cameras that want a twin and have one node.
    pub without_twin: u64,
    /// The drill that is being run on it already, by name.
    pub running: Option<String>,
}

/// A node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeFacts {
    /// Its name.
    pub name: String,
    /// The cell hears it.
    pub up: bool,
    /// Its placements are moving away.
    pub draining: bool,
    /// It leads.
    pub leader: bool,
    /// It has a vote.
    pub voter: bool,
}

/// A camera.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CameraFacts {
    /// Its name.
    pub name: String,
    /// The names of its nodes, the owner first.
    pub nodes: Vec<String>,
    /// At least one of them records it.
    pub recording: bool,
}

impl CellFacts {
    /// Why it is not in its steady state; empty when it is.
    pub fn unsteady(&self) -> Vec<String> {
        let mut why = Vec::new();
        if self.stale {
            why.push("no leader is known".to_owned());
        }
        let mut named = |what: &str, of: Vec<&str>| {
            if !of.is_empty() {
                why.push(format!("{what}: {}", several(&of)));
            }
        };
        let nodes =
            |wrong: fn(&&NodeFacts) -> bool| self.nodes.iter().filter(wrong).map(|node| node.name.as_str()).collect();
        named("nodes not up", nodes(|node| !node.up));
        named("nodes draining", nodes(|node| node.draining));
        let silent = self.cameras.iter().filter(|camera| !camera.recording);
        named("cameras not recording", silent.map(|camera| camera.name.as_str()).collect());
        for (what, count) in [
            ("placements moving", self.moving),
            ("cameras without a live node", self.unplaced),
            ("placements that are not recorded", self.not_recorded),
            ("cameras without their twin", self.without_twin),
        ] {
            if count > 0 {
                why.push(format!("{what}: {count}"));
            }
        }
        why
    }

    /// How many cameras are touched when `nodes` are, and `cameras` are directly.
    pub fn touched(&self, nodes: &[String], cameras: &[String]) -> u64 {
        let hit = |camera: &&CameraFacts| {
            cameras.contains(&camera.name) || camera.nodes.iter().any(|node| nodes.contains(node))
        };
        self.cameras.iter().filter(hit).count() as u64
    }
}

/// The first of some names, and how many more there are.
fn several(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
