use eyrie_types::{
    CellId, DrillAgent, DrillCannot, DrillDoing, DrillOrder, DrillProgress, DrillRun, DrillRunId, DrillRunnerId,
    DrillVerdict,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The drills that come with this release.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogueAnswer {
    /// By name.
    pub items: Vec<CatalogueDrill>,
}

/// A drill of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogueDrill {
    /// Its name.
    #[schema(example = "kill-a-node")]
    pub name: String,
    /// What is believed to hold.
    pub hypothesis: String,
    /// What it may touch at one moment, in words.
    pub blast_radius: String,
    /// Its faults, in words.
    pub faults: Vec<String>,
    /// What of it is left out on a cell that exists, in words.
    pub left_out: Vec<String>,
    /// Why it can be run on no cell that exists; empty where it can.
    pub unsupported: Vec<String>,
}

/// Which drill.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillWanted {
    /// The name of one of the catalogue; or `file`.
    #[serde(default)]
    pub drill: Option<String>,
    /// The text of a drill file, at most 64 KiB; or `drill`.
    #[serde(default)]
    pub file: Option<String>,
    /// The cell that is meant; any other refuses it. May be left out where the file names it.
    #[serde(default)]
    pub cell: Option<CellId>,
    /// Of all choices; by chance when left out.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Who carries it; when left out, one of the agents does. Of no matter to a plan.
    #[serde(default)]
    pub runner: Option<CarryInput>,
}

/// Who carries a run.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CarryInput {
    /// The process, by an id of its own making.
    pub id: DrillRunnerId,
    /// What people call it, at most 120 characters.
    pub name: String,
}

/// What a drill would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct DrillPlanAnswer {
    /// Its name.
    pub drill: String,
    /// What is believed to hold.
    pub hypothesis: String,
    /// What it may touch at one moment, in words.
    pub blast_radius: String,
    /// What it would do, a line each. Empty where it is refused.
    pub lines: Vec<String>,
    /// What whoever runs it should know.
    pub warnings: Vec<String>,
    /// What of the file is left out on a cell that exists.
    pub left_out: Vec<String>,
    /// Why it would be refused now; empty where it would not.
    pub refusals: Vec<String>,
}

/// Runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct DrillRunsAnswer {
    /// The last 200, the latest first.
    pub items: Vec<DrillRun>,
}

/// A run that was taken to be carried.
#[derive(Debug, Serialize, ToSchema)]
pub struct CarriedAnswer {
    /// The run.
    pub run: DrillRun,
    /// The drill's file.
    pub file: String,
}

/// What whoever carries a run says of it, again and again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunnerBeat {
    /// Who.
    pub runner: DrillRunnerId,
    /// The faults that are to be in force now, at most 256.
    pub orders: Vec<DrillOrder>,
    /// How far it has come.
    pub progress: DrillProgress,
}

/// What whoever carries a run has to know.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunnerAnswer {
    /// Why the run is to be broken off, if it is.
    #[schema(required)]
    pub abort: Option<String>,
    /// What became of the orders of this run.
    pub doing: Vec<AgentDoing>,
}

/// What became of an order of a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentDoing {
    /// Whose agent says so.
    pub node: eyrie_types::NodeId,
    /// What.
    #[serde(flatten)]
    pub doing: DrillDoing,
}

/// The end of a run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunnerEnd {
    /// Who carried it.
    pub runner: DrillRunnerId,
    /// What it says of its hypothesis.
    pub verdict: DrillVerdict,
    /// The report, as `eyrie drill run --report` writes it in JSON; at most 1 MiB.
    pub report: Value,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportForm {
    /// For people: one page that loads nothing.
    Html,
    /// For programs.
    Json,
    /// For CI.
    Junit,
}

/// What an agent says of itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentBeat {
    /// The process, by an id of its own making.
    pub runner: DrillRunnerId,
    /// The words of what it can do, at most 16.
    pub can: Vec<String>,
    /// What it cannot do on its machine, and why; at most 16.
    #[serde(default)]
    pub cannot: Vec<DrillCannot>,
    /// Its release.
    pub version: String,
    /// The orders it knows of, at most 64.
    pub doing: Vec<DrillDoing>,
}

/// What an agent has to know.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentAnswer {
    /// What the cell calls its node.
    pub name: String,
    /// The run that is being carried; `null` while there is none: whatever an agent does ends then.
    #[schema(required)]
    pub run: Option<AgentRun>,
    /// A run that nobody carries yet.
    #[schema(required)]
    pub waiting: Option<DrillRunId>,
    /// Every node of the cell, its own too: whom it may be told to cut its node off from, and where they are.
    pub peers: Vec<AgentPeer>,
    /// Milliseconds until the agent should ask again.
    pub again_ms: u64,
}

/// A node, as an agent has to know it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentPeer {
    /// Which.
    pub node: eyrie_types::NodeId,
    /// What the cell calls it.
    pub name: String,
    /// Where other nodes reach it: host and port.
    #[schema(example = "10.0.0.2:7443")]
    pub address: String,
}

/// A run, as an agent needs it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentRun {
    /// Which.
    pub id: DrillRunId,
    /// The drill's name.
    pub drill: String,
    /// The orders for the agent's node.
    pub orders: Vec<DrillOrder>,
    /// When no node has answered for so long, in milliseconds, the agent ends every fault by itself.
    pub dead_man_ms: u64,
}

/// The agents of the cell.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentsAnswer {
    /// The cell, as a drill of it has to name it; `null` while this node is in none.
    #[schema(required)]
    pub cell: Option<CellId>,
    /// Every node with its agent, by name.
    pub items: Vec<NodeAgent>,
}

/// A node and its agent.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeAgent {
    /// The node's name.
    pub name: String,
    /// The node.
    pub node: eyrie_types::NodeId,
    /// Its agent is heard.
    pub heard: bool,
    /// What the agent last said; `null` where none was ever heard.
    #[schema(required)]
    pub agent: Option<DrillAgent>,
}
