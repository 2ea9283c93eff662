use std::time::Duration;

/// How often the leader is heard: each 75 ms, for openraft looks at its clock every one and a half of these.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(50);

/// A node that heard the leader within this time neither stands for election nor votes for another. 500 ms was stable with all
/// cores of the machine busy, 300 ms was not.
pub const LEADER_LEASE: Duration = Duration::from_millis(500);

/// Random wait on top, so that one node stands before the others. Short: votes are ordered by term and id, so that of two
/// candidates one always wins.
pub(super) const ELECTION_SPREAD: Duration = Duration::from_millis(100);

/// How often a node looks whether the leader is gone, and a leader whether it should say that it is there.
pub(super) const WATCH_INTERVAL: Duration = Duration::from_millis(25);

/// A look that comes this late means that this node stood still itself: the time does not count against the leader.
pub(super) const STALL: Duration = Duration::from_millis(150);

/// How often a leader says that it is there, apart from Raft's own heartbeats, which wait for its disk.
pub(super) const ALIVE_INTERVAL: Duration = Duration::from_millis(100);

/// How often a voter that does not lead asks the others whether they are there, so that connections are at hand when a leader is
/// needed; a lost one is noticed by then, too.
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(1);

/// How long a leader's disk may stand still until it stops saying that it is there, and another takes over. Recordings on the
/// same disk stretch a sync to some seconds.
pub(super) const LEADER_DISK_STALL_MAX: Duration = Duration::from_secs(3);

/// How long peers may take to say whether they have a leader.
pub(super) const PRE_VOTE_DEADLINE: Duration = Duration::from_millis(250);

/// How long an election may take until the next one: two round trips and a sync on each side.
pub(super) const ELECTION_PATIENCE: Duration = Duration::from_millis(400);

/// How long openraft waits for a vote; it also refuses votes for so long after a heartbeat, so that a leader that hands over
/// stays silent for this time first.
pub(super) const VOTE_DEADLINE: Duration = Duration::from_millis(200);

/// How long a request that is not bound by an election may take: a sync on a busy disk.
pub(super) const REQUEST_DEADLINE: Duration = Duration::from_secs(5);

/// How long one frame may take to be taken by the other side until the connection is given up.
pub(super) const WRITE_DEADLINE: Duration = Duration::from_secs(2);

/// How long a snapshot may take: 64 MiB at 10 Mbit/s.
pub(super) const SNAPSHOT_DEADLINE: Duration = Duration::from_secs(60);
