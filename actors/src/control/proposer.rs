//! Proposals, from wherever they are made to the leader, wherever it is.

use std::time::Duration;

use eyrie_cluster::{CellAnswer, CellCommand, Refusal};
use eyrie_types::NodeId;
use serde::{Deserialize, Serialize};

use super::CommandError;
use super::control::Shared;
use crate::link::{LinkAnswer, LinkError, LinkRequest};
use crate::raft::ProposeError;

/// What became of a proposal that was applied: where in the log it stands, and what the state machine said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Applied {
    pub(super) index: u64,
    pub(super) answer: Result<CellAnswer, Refusal>,
}

/// The same on its way back to a peer. Variants are only ever added at the end.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Outcome {
    /// It was applied, or refused by the state machine.
    Applied(Applied),
    /// No leader is known there.
    NoLeader,
    /// It did not get done, for a reason in words.
    Failed(String),
}

impl Outcome {
    pub(super) fn of(result: Result<Applied, CommandError>) -> Self {
        match result {
            Ok(applied) => Self::Applied(applied),
            Err(CommandError::NoLeader) => Self::NoLeader,
            Err(error) => Self::Failed(error.to_string()),
        }
    }

    fn into_result(self) -> Result<Applied, CommandError> {
        match self {
            Self::Applied(applied) => Ok(applied),
            Self::NoLeader => Err(CommandError::NoLeader),
            Self::Failed(reason) => Err(CommandError::Elsewhere(reason)),
        }
    }
}

pub(super) fn outcome_to_bytes(outcome: &Outcome) -> Vec<u8> {
    // Plain values, into a growing vector: nothing in it can fail to encode.
    postcard::to_stdvec(outcome).unwrap_or_default()
}

impl Shared {
    /// Gets `command` applied, within `within`. `from` is the peer that asked, to whom it is not sent back.
    ///
    /// # Errors
    /// [`CommandError`]; that the state machine refused is an answer, not an error.
    pub(super) async fn propose_here_or_forward(
        &self,
        command: CellCommand,
        from: Option<NodeId>,
        within: Duration,
    ) -> Result<Applied, CommandError> {
        let leader = match self.raft.propose(command.clone(), within).await {
            Ok(agreed) => return Ok(Applied { index: agreed.index, answer: agreed.outcome }),
            Err(ProposeError::NotLeader { leader }) => leader.map(|(_, peer)| peer.node),
            Err(ProposeError::TooSlow(within)) => return Err(CommandError::Deadline(within)),
            Err(error) => return Err(CommandError::Raft(error.to_string())),
        };
        match leader {
            Some(leader) if leader != self.me && Some(leader) != from => self.forward(leader, &command, within).await,
            _ => Err(CommandError::NoLeader),
        }
    }

    /// Asks `node` to get `command` applied.
    ///
    /// # Errors
    /// [`CommandError`].
    pub(super) async fn forward(
        &self,
        node: NodeId,
        command: &CellCommand,
        within: Duration,
    ) -> Result<Applied, CommandError> {
        let Some(link) = self.link() else { return Err(CommandError::NoLeader) };
        let bytes = command.encode().map_err(|error| CommandError::Raft(error.to_string()))?;
        match link.call(node, LinkRequest::Propose(bytes), within).await {
            Ok(LinkAnswer::Proposed(bytes)) => {
                let outcome = postcard::take_from_bytes::<Outcome>(&bytes);
                outcome.map_err(|error| CommandError::Raft(error.to_string()))?.0.into_result()
            }
            Ok(LinkAnswer::Refused(reason)) => Err(CommandError::Elsewhere(reason)),
            Ok(_) => Err(CommandError::Raft("the leader answered something else".to_owned())),
            Err(LinkError::Deadline { within, .. }) => Err(CommandError::Deadline(within)),
            Err(_) => Err(CommandError::NoLeader),
        }
    }
}
