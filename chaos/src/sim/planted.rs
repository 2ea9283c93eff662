/// A bug put back on purpose, to prove that the simulation sees it. All are faults of the shell around the decisions, which is
/// what the simulation stands in for; the code under test is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Planted {
    /// Spent epochs are not on disk when they are used: a restarted node uses one again.
    UnsyncedNotes,
    /// A voter that lost its log comes back under its old Raft id.
    WipedVoterKeepsId,
    /// A placement is reported as recording when it only runs: moves end before the keyframe.
    RecordingTooSoon,
    /// The lease is not looked at before answering live.
    LeaseIgnored,
    /// A node's drain and health are applied to whatever start it is in.
    LateCommandsApplied,
    /// The detector's floor is shorter than the interval of heartbeats.
    HastyDetector,
}
