use eyrie_actors::control::CommandError;
use eyrie_cluster::Refusal;
use eyrie_types::ProblemCode;

use crate::Problem;
use crate::store_problem::sentence;

/// Seconds after which a cell without a leader is worth asking again: an election takes less than one once voters are back.
const LEADERLESS_RETRY_S: u32 = 2;

/// What clients hear of the cell's errors.
impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match &error {
            CommandError::NoLeader => {
                Self::new(ProblemCode::NoQuorum, sentence(&error)).retry_after(LEADERLESS_RETRY_S)
            }
            CommandError::Deadline(_) => {
                let detail =
                    format!("{} Look at the cell before you ask again: it may have been done.", sentence(&error));
                Self::new(ProblemCode::Unavailable, detail).retry_after(LEADERLESS_RETRY_S)
            }
            CommandError::Refused(Refusal::UnknownNode(_)) => Self::not_found("node in the cell"),
            CommandError::Refused(refusal) => Self::new(ProblemCode::CellRefused, sentence(refusal)),
            CommandError::Raft(reason) | CommandError::Elsewhere(reason) => {
                tracing::error!(%reason, "the cell's log met a fault");
                Self::new(ProblemCode::Internal, "The node met a fault of its own.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use eyrie_types::NodeId;

    use super::*;

    #[test]
    fn each_error_says_whether_to_come_back_and_what_to_do() {
        let node = NodeId::generate();
        let refused = |refusal| CommandError::Refused(refusal);
        for (error, code, status, retry, says) in [
            (CommandError::NoLeader, ProblemCode::NoQuorum, 503, true, "being recorded goes on"),
            (CommandError::Deadline(Duration::from_secs(4)), ProblemCode::Unavailable, 503, true, "may have been done"),
            (refused(Refusal::UnknownNode(node)), ProblemCode::NotFound, 404, false, "no such node"),
            (refused(Refusal::StillAlive(node)), ProblemCode::CellRefused, 409, false, "stop it first"),
            (refused(Refusal::LastNode(node)), ProblemCode::CellRefused, 409, false, "last member"),
            (CommandError::Raft("secret path".to_owned()), ProblemCode::Internal, 500, false, "a fault of its own"),
        ] {
            let problem = Problem::from(error);
            assert_eq!((problem.code, problem.status), (code, status), "{problem:?}");
            assert_eq!(problem.retry_after_s.is_some(), retry, "{problem:?}");
            assert!(problem.detail.contains(says) && !problem.detail.contains("secret"), "{problem:?}");
        }
    }
}
