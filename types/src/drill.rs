//! Drills of a cell that exists, as its nodes, its agents and whoever runs them tell each other. What a drill *is* stands in the
//! crate `chaos`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CellId, DrillRunId, DrillRunnerId, NodeId, WallTime};

/// A run of a drill, from the moment somebody asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrillRun {
    /// Its id; later ones sort later.
    pub id: DrillRunId,
    /// What was asked for.
    pub asked: DrillAsked,
    /// How it stands.
    pub now: DrillNow,
}

/// What was asked for; it does not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrillAsked {
    /// The drill's name.
    #[schema(example = "kill-a-node")]
    pub drill: String,
    /// What is believed to hold.
    pub hypothesis: String,
    /// The cell it is run on: no other will do.
    pub cell: CellId,
    /// Of all choices.
    pub seed: u64,
    /// What it may touch at one moment, in words.
    #[schema(example = "at most 1 node and all cameras")]
    pub blast_radius: String,
    /// What it is going to do, in words: the lines of a dry run.
    pub plan: Vec<String>,
    /// How long its runner may be silent, in milliseconds, before agents end every fault by themselves.
    pub dead_man_ms: u64,
    /// Who asked for it.
    pub by: String,
    /// When.
    pub at: WallTime,
}

/// How a run stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrillNow {
    /// Where it is between being asked for and being over.
    pub state: DrillRunState,
    /// Who carries it; `null` until somebody does.
    #[schema(required)]
    pub runner: Option<DrillRunner>,
    /// Why it is to be broken off, from the moment somebody said so; agents end its faults then.
    #[schema(required)]
    pub abort: Option<String>,
    /// Faults that are to be in force on nodes now.
    pub orders: Vec<DrillOrder>,
    /// How far it has come, as its runner last said.
    pub progress: DrillProgress,
    /// When it was over.
    #[schema(required)]
    pub ended_at: Option<WallTime>,
    /// What it says of its hypothesis, once it is over.
    #[schema(required)]
    pub verdict: Option<DrillVerdict>,
}

/// Where a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DrillRunState {
    /// No agent has taken it yet.
    #[default]
    Waiting,
    /// Somebody carries it.
    Running,
    /// It is over.
    Ended,
}

/// Who carries a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrillRunner {
    /// The process.
    pub id: DrillRunnerId,
    /// What people call it, such as `the agent of n1`.
    pub name: String,
    /// When it was last heard, by the clock of the node that heard it.
    pub heard_at: WallTime,
}

/// A fault that is to be in force on one node. Its agent ends it when it is no longer among the orders, when it has lasted as long
/// as it may, when the run is aborted or its runner silent, and when no node answers the agent any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillOrder {
    /// Its number within the run.
    pub number: u32,
    /// Where.
    pub node: NodeId,
    /// What.
    pub act: DrillAct,
    /// For how long at most, in milliseconds, from its beginning.
    pub lasts_ms: u64,
}

/// What an agent can do to its node: a closed list, so that whoever may drill can do this and nothing else to a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DrillAct {
    /// SIGKILL; started again at the end.
    Kill,
    /// SIGSTOP; SIGCONT at the end.
    Pause,
    /// SIGTERM; started again at the end.
    Stop,
    /// Processes beside it want its machine's cores.
    CpuPressure {
        /// How much of all cores, in hundredths of a percent.
        share: u16,
    },
    /// Packets between it and other nodes of its cell are lost on its machine: those of the nodes' own connections, and no others.
    Partition {
        /// In which direction.
        way: DrillWay,
        /// The nodes it is cut off from. Agents learn from the cell who is a member and where, not from an order.
        from: Vec<NodeId>,
        /// On and off; throughout when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flapping: Option<DrillFlapping>,
    },
}

/// In which direction packets are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DrillWay {
    /// Both.
    Both,
    /// The node hears nobody.
    In,
    /// Nobody hears the node.
    Out,
}

/// How a partition comes and goes, beginning with the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillFlapping {
    /// Milliseconds in which packets are lost.
    pub cut_ms: u64,
    /// Milliseconds in which they are not.
    pub whole_ms: u64,
}

impl DrillAct {
    /// Every word.
    pub const WORDS: [&str; 5] = ["kill", "pause", "stop", "cpu_pressure", "partition"];

    /// Its word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Pause => "pause",
            Self::Stop => "stop",
            Self::CpuPressure { .. } => "cpu_pressure",
            Self::Partition { .. } => "partition",
        }
    }
}

/// The process beside a node that does faults to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrillAgent {
    /// The node it stands beside.
    pub node: NodeId,
    /// The process.
    pub runner: DrillRunnerId,
    /// The words of what it can do: `kill`, `pause`, `stop`, `cpu_pressure`, `partition`.
    pub can: Vec<String>,
    /// What it cannot do there, and why.
    #[serde(default)]
    #[schema(required)]
    pub cannot: Vec<DrillCannot>,
    /// Its release.
    pub version: String,
    /// The orders it knows of, in force and over.
    pub doing: Vec<DrillDoing>,
    /// When it was last heard, by the clock of the node that heard it.
    pub heard_at: WallTime,
}

/// What an agent cannot do on its machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillCannot {
    /// The word.
    pub word: String,
    /// Why not, and what would help.
    pub why: String,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillDoing {
    /// Of which run.
    pub run: DrillRunId,
    /// The order's number.
    pub number: u32,
    /// How it stands.
    pub state: DrillDoingState,
    /// Since when, by the agent's clock.
    pub at: WallTime,
    /// Why it failed, or ended before its time; empty otherwise.
    pub why: String,
}

/// How an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DrillDoingState {
    /// The fault is in force.
    Begun,
    /// It is over, and what it changed is as it was.
    Ended,
    /// It could not be begun, or not be ended; the agent goes on trying to end it.
    Failed,
}

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillProgress {
    /// What it does now, in words.
    pub doing: String,
    /// The round, counted from 1; 0 before the first.
    pub round: u32,
    /// Of how many.
    pub rounds: u32,
    /// The faults of this round, by their beginning.
    pub faults: Vec<DrillFault>,
    /// The cell, as the runner last saw it; `null` while it cannot.
    #[schema(required)]
    pub seen: Option<DrillSeen>,
    /// What happened, the latest last, in words.
    pub lines: Vec<String>,
}

/// A fault of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillFault {
    /// What it does, in words.
    pub what: String,
    /// The names of the nodes it is done to; empty until they are chosen.
    pub hit: Vec<String>,
    /// Milliseconds from the beginning of the round to its beginning: planned, and once it has begun, true.
    pub begins_ms: u64,
    /// And to its end.
    pub ends_ms: u64,
    /// It has begun.
    pub begun: bool,
    /// It is over.
    pub over: bool,
}

/// A cell, as the runner of a drill sees it: what guardrails are held against.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillSeen {
    /// When, in milliseconds from the beginning of the run.
    pub at_ms: u64,
    /// From the beginning of the round, once it has begun.
    #[schema(required)]
    pub round_ms: Option<u64>,
    /// Nodes that the cell does not hear.
    pub nodes_down: u32,
    /// How many may be down; `null` without such a guardrail.
    #[schema(required)]
    pub nodes_down_max: Option<u32>,
    /// Placements that are to be recorded.
    pub placements: u64,
    /// Those of them that no node says it records.
    pub not_recording: u64,
    /// API calls that the runner made.
    pub api_calls: u64,
    /// Those of them that succeeded.
    pub api_succeeded: u64,
}

/// What a run says of its hypothesis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillVerdict {
    /// `passed`, `failed`, `aborted`, `refused` or `unsupported`.
    pub outcome: String,
    /// Why; empty when it passed.
    pub reasons: Vec<String>,
    /// The longest gap of any camera, in milliseconds; `null` when none was measured.
    #[schema(required)]
    pub worst_gap_ms: Option<u64>,
}
