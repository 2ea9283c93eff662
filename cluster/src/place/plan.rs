use std::fmt;

use crate::{CellCommand, PlacementKey};

/// Why a placement has no node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyUnplaced {
    /// No live node carries the labels, or the camera's other slot has the only one.
    NoNode,
    /// Those that could take it are full.
    NoRoom,
}

/// A placement that has, or keeps, no live node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unplaced {
    /// Which.
    pub key: PlacementKey,
    /// Why.
    pub why: WhyUnplaced,
}

/// What the leader is to propose now, and what cannot be helped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CellPlan {
    /// In the order in which they are to be applied.
    pub commands: Vec<CellCommand>,
    /// Placements that nobody can take.
    pub unplaced: Vec<Unplaced>,
    /// Placements that should move and cannot: their drain does not end.
    pub stuck: Vec<PlacementKey>,
}

impl CellPlan {
    /// Nothing is to be proposed.
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }
}

impl fmt::Display for CellPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.commands.is_empty() && self.unplaced.is_empty() && self.stuck.is_empty() {
            return f.write_str("nothing to do\n");
        }
        self.commands.iter().try_for_each(|command| writeln!(f, "{command}"))?;
        for Unplaced { key, why } in &self.unplaced {
            let why = match why {
                WhyUnplaced::NoNode => "no node may take it",
                WhyUnplaced::NoRoom => "no node has room",
            };
            writeln!(f, "without {key}: {why}")?;
        }
        self.stuck.iter().try_for_each(|key| writeln!(f, "stuck   {key}: nowhere to move"))
    }
}

/// One line, as plans and logs show it; commands that planners do not make are shown as they are debugged.
impl fmt::Display for CellCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetHealth { node, start, health } => write!(f, "health  {node} start {start}: {health:?}"),
            Self::Place { key, node, replaces: None } => write!(f, "place   {key} on {node}"),
            Self::Place { key, node, replaces: Some(epoch) } => {
                write!(f, "place   {key} on {node}, replacing epoch {epoch}")
            }
            Self::BeginMove { key, to, mode, .. } => write!(f, "move    {key} to {to}: {mode:?}"),
            Self::FinishMove { key, next } => write!(f, "finish  {key} at epoch {next}"),
            Self::AbandonMove { key, next } => write!(f, "abandon {key} at epoch {next}"),
            Self::Unplace { key, epoch } => write!(f, "unplace {key} epoch {epoch}"),
            Self::GrantJob { job, node, .. } => write!(f, "job     {job} to {node}"),
            Self::ReleaseJob { job, .. } => write!(f, "job     {job} to nobody"),
            Self::Plan { revision, commands } => write!(f, "plan    of {} for revision {revision}", commands.len()),
            Self::Batch(commands) => write!(f, "batch   of {}", commands.len()),
            other => write!(f, "{other:?}"),
        }
    }
}
