use eyrie_types::CellId;

use crate::drill::{FaultKind, Measure};

/// Why a drill is not begun. Nothing was done to the cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The addresses lead to another cell.
    #[error(
        "this is not the cell of the drill file: it expects {expected}, and found {}; \
         correct target.api.addresses, or target.api.cell if this is the one you mean",
        found.map_or_else(|| "a node that is in no cell".to_owned(), |cell| cell.to_string())
    )]
    WrongCell {
        /// By the file.
        expected: CellId,
        /// By the node that was asked.
        found: Option<CellId>,
    },
    /// It is not in its steady state: a drill would make a bad day worse, and would prove nothing.
    #[error("the cell is not in its steady state ({}); heal it first: `eyrie cluster status`", why.join("; "))]
    Degraded {
        /// What is wrong.
        why: Vec<String>,
    },
    /// Another drill is being run on it.
    #[error("drill {drill} is being run on this cell; wait for it, or stop it")]
    AlreadyRunning {
        /// Its name.
        drill: String,
    },
    /// The target has no way to do some of its faults.
    #[error("not supported by this target: {}; it can do {}", words(wanted), words(supported))]
    Unsupported {
        /// Those it would need.
        wanted: Vec<FaultKind>,
        /// Those it has.
        supported: Vec<FaultKind>,
    },
    /// The target has no way to measure some of its bounds.
    #[error("not supported by this target: bounds of {}; it measures {}", fields(wanted), fields(supported))]
    Unmeasured {
        /// Those it would need.
        wanted: Vec<Measure>,
        /// Those it has.
        supported: Vec<Measure>,
    },
    /// No agent can do a fault of this kind in this way.
    #[error("line {line}: not supported by this target: {what}: {why}")]
    NoAgentCan {
        /// The line of the fault.
        line: u64,
        /// The fault.
        what: String,
        /// Why not.
        why: &'static str,
    },
    /// No agent stands beside some of the nodes that a fault may hit, or it cannot do that.
    #[error(
        "line {line}: {what} may hit {}, where no agent is heard that can do that; start one beside each node: \
         `eyrie drill agent --help`",
        nodes.join(", ")
    )]
    NoAgent {
        /// The line of the fault.
        line: u64,
        /// The fault.
        what: String,
        /// The names of the nodes, and why their agents cannot where they say so.
        nodes: Vec<String>,
    },
    /// Nothing of what it measures can be measured on a cell of real cameras.
    #[error("this drill measures nothing on a cell that exists: the numbers it goes by are those of simulated cameras")]
    NothingMeasured,
    /// Here and now it would touch more than the file allows.
    #[error(
        "line {line}: {what} would touch {hit}, and the blast radius is {radius}; lower the fault, or raise the radius"
    )]
    BlastRadius {
        /// The line of the fault.
        line: u64,
        /// The fault.
        what: String,
        /// What it would touch.
        hit: String,
        /// What it may.
        radius: String,
    },
    /// A fault names something that the cell does not have.
    #[error("line {line}: {what}: {why}")]
    NotThere {
        /// The line of the fault.
        line: u64,
        /// The fault.
        what: String,
        /// What is not there.
        why: String,
    },
}

impl Refusal {
    /// The target cannot; the cell would have let it.
    pub const fn is_unsupported(&self) -> bool {
        matches!(
            self,
            Self::Unsupported { .. } | Self::Unmeasured { .. } | Self::NoAgentCan { .. } | Self::NothingMeasured
        )
    }
}

fn words(kinds: &[FaultKind]) -> String {
    listed(kinds.iter().map(|kind| kind.as_str()).collect())
}

fn fields(measures: &[Measure]) -> String {
    listed(measures.iter().map(|measure| measure.field()).collect())
}

fn listed(words: Vec<&str>) -> String {
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}
