use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, VoteRequest, VoteResponse};
use serde::{Deserialize, Serialize};

use super::disk::SEALED_BYTES_MAX;
use super::types::{CellTypes, LogId, SnapshotMeta, Vote};

/// Largest frame: a snapshot. Only peers that have proved the cell's secret can make this node read one.
pub(super) const FRAME_BYTES_MAX: usize = SEALED_BYTES_MAX + (1 << 20);

/// A request with its number, which the answer repeats.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RequestFrame {
    /// Unique within the connection.
    pub(super) number: u64,
    /// The Raft id it is meant for: a node that has lost its log is another.
    pub(super) to: u64,
    /// The Raft id of the sender.
    pub(super) from: u64,
    pub(super) body: RaftRequest,
}

/// What one member asks of another. Variants are only ever added, at the end: their order is the wire format.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum RaftRequest {
    /// Take these entries, or just the heartbeat.
    Append(AppendEntriesRequest<CellTypes>),
    /// Vote for me. `handover`: the leader wants it so.
    Vote { request: VoteRequest<u64>, handover: bool },
    /// Would you vote for me? Have you no leader either?
    PreVote { last: Option<LogId> },
    /// The leader is there, whatever its disk does.
    Alive { vote: Vote },
    /// Take this state.
    Snapshot { vote: Vote, meta: SnapshotMeta, state: Vec<u8> },
    /// Stand for election now: the leader hands over.
    Stand,
    /// Are you there? Keeps a connection at hand between voters that say nothing else to each other until they need a leader.
    Ping,
}

/// An answer with the number of its request.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AnswerFrame {
    pub(super) number: u64,
    pub(super) body: RaftAnswer,
}

/// What came of a request. Variants are only ever added, at the end.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum RaftAnswer {
    Append(AppendEntriesResponse<u64>),
    Vote(VoteResponse<u64>),
    PreVote {
        granted: bool,
    },
    Snapshot(SnapshotResponse<u64>),
    Done,
    /// The node has lost its log since, and has another Raft id.
    AnotherId {
        raft: u64,
    },
    /// It did not work.
    Failed(String),
}

/// The bytes of a message.
pub(super) fn encode(message: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(message).expect("plain values always encode")
}

/// Reads a message; `None` when it is none of this release's.
pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}

#[cfg(test)]
mod tests {
    use openraft::{CommittedLeaderId, Entry, EntryPayload, Membership, StoredMembership};

    use super::*;
    use crate::raft::RaftPeer;
    use eyrie_cluster::CellCommand;

    fn id(index: u64) -> LogId {
        LogId::new(CommittedLeaderId::new(2, 9), index)
    }

    fn peer() -> RaftPeer {
        RaftPeer { node: "01920000-0000-7000-8000-00000000000a".parse().unwrap(), address: "a:1".to_owned() }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The bytes of protocol 1. They are openraft's too, which is pinned: a change of either is a change of the protocol.
    #[test]
    fn golden_bytes_of_each_request() {
        let membership = Membership::new(vec![[9].into()], std::collections::BTreeMap::from([(9, peer())]));
        let command = CellCommand::SetCellVersion { version: 3 };
        let entries = vec![
            Entry { log_id: id(4), payload: EntryPayload::Blank },
            Entry { log_id: id(5), payload: EntryPayload::Normal(command) },
            Entry { log_id: id(6), payload: EntryPayload::Membership(membership.clone()) },
        ];
        let append = AppendEntriesRequest {
            vote: Vote::new_committed(2, 9),
            prev_log_id: Some(id(3)),
            entries,
            leader_commit: None,
        };
        let last_membership = StoredMembership::new(Some(id(6)), membership);
        let meta = SnapshotMeta { last_log_id: Some(id(6)), last_membership, snapshot_id: "s".to_owned() };
        let bodies = [
            (RaftRequest::Append(append), GOLDEN_APPEND),
            (
                RaftRequest::Vote { request: VoteRequest::new(Vote::new(3, 8), Some(id(4))), handover: true },
                "010308000102090401",
            ),
            (RaftRequest::PreVote { last: None }, "0200"),
            (RaftRequest::Alive { vote: Vote::new_committed(2, 9) }, "03020901"),
            (RaftRequest::Snapshot { vote: Vote::new_committed(2, 9), meta, state: vec![1, 2] }, GOLDEN_SNAPSHOT),
            (RaftRequest::Stand, "05"),
            (RaftRequest::Ping, "06"),
        ];
        for (body, golden) in bodies {
            let bytes = encode(&RequestFrame { number: 7, to: 1, from: 2, body });
            assert_eq!(hex(&bytes), format!("070102{golden}"));
            let back: RequestFrame = decode(&bytes).unwrap();
            assert_eq!(encode(&back), bytes);
        }
    }

    const GOLDEN_APPEND: &str =
        "00020901010209030302090400020905011203020906020101090109100192000000007000800000000000000a03613a3100";
    const GOLDEN_SNAPSHOT: &str =
        "0402090101020906010209060101090109100192000000007000800000000000000a03613a310173020102";

    #[test]
    fn golden_bytes_of_each_answer() {
        let bodies = [
            (RaftAnswer::Append(AppendEntriesResponse::Success), "0000"),
            (RaftAnswer::Append(AppendEntriesResponse::PartialSuccess(Some(id(1)))), "000101020901"),
            (RaftAnswer::Append(AppendEntriesResponse::Conflict), "0002"),
            (RaftAnswer::Append(AppendEntriesResponse::HigherVote(Vote::new(4, 1))), "0003040100"),
            (RaftAnswer::Vote(VoteResponse::new(Vote::new(3, 8), Some(id(4)), true)), "010308000101020904"),
            (RaftAnswer::PreVote { granted: true }, "0201"),
            (RaftAnswer::Snapshot(SnapshotResponse { vote: Vote::new_committed(2, 9) }), "03020901"),
            (RaftAnswer::Done, "04"),
            (RaftAnswer::AnotherId { raft: 300 }, "05ac02"),
            (RaftAnswer::Failed("no".to_owned()), "06026e6f"),
        ];
        for (body, golden) in bodies {
            let bytes = encode(&AnswerFrame { number: 7, body });
            assert_eq!(hex(&bytes), format!("07{golden}"));
            let back: AnswerFrame = decode(&bytes).unwrap();
            assert_eq!(encode(&back), bytes);
        }
    }

    #[test]
    fn garbage_is_no_message() {
        // A fixed xorshift: the same garbage each time.
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        for length in 0..600 {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    seed as u8
                })
                .collect();
            let _ = decode::<RequestFrame>(&bytes);
            let _ = decode::<AnswerFrame>(&bytes);
        }
    }
}
