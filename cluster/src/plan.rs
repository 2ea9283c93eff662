use std::fmt;

use eyrie_types::Epoch;

use crate::PlacementKey;

/// Why a placement is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The camera is no longer in the directory, or no longer this node's.
    Removed,
    /// The camera's spec switched it off.
    Disabled,
    /// Another incarnation of the placement takes over.
    Superseded,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Removed => "removed",
            Self::Disabled => "disabled",
            Self::Superseded => "superseded",
        })
    }
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Stop an incarnation.
    Stop {
        /// Which placement.
        key: PlacementKey,
        /// Which incarnation.
        epoch: Epoch,
        /// Why.
        reason: StopReason,
    },
    /// Hand a running incarnation its new spec.
    Update {
        /// Which placement.
        key: PlacementKey,
        /// Which incarnation.
        epoch: Epoch,
        /// The revision it has.
        from: u64,
        /// The revision it should have.
        to: u64,
    },
    /// Start a new incarnation.
    Start {
        /// Which placement.
        key: PlacementKey,
        /// Which incarnation.
        epoch: Epoch,
        /// The revision of the camera's spec.
        revision: u64,
    },
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stop { key, epoch, reason } => write!(f, "stop   {key} epoch {epoch}: {reason}"),
            Self::Update { key, epoch, from, to } => {
                write!(f, "update {key} epoch {epoch}: revision {from} -> {to}")
            }
            Self::Start { key, epoch, revision } => write!(f, "start  {key} epoch {epoch}: revision {revision}"),
        }
    }
}

/// What to do, in this order: stops first, for they free what starts need; updates next, for they are cheap; starts last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The steps.
    pub commands: Vec<Command>,
}

impl Plan {
    /// Nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing to do\n");
        }
        self.commands.iter().try_for_each(|command| writeln!(f, "{command}"))
    }
}
