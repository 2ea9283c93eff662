//! How long things take, and why.

use std::time::Duration;

use crate::LEASE;

/// How often [`crate::CellNode::tick`] is to be called: an eighth of the time of a verdict is little enough to wait.
pub const TICK: Duration = Duration::from_millis(50);
/// How often each node tells the voters that it lives, and the voters everybody.
pub const HEARTBEAT: Duration = Duration::from_millis(200);
/// How long a started node waits for the cell before it runs what it last knew to be its own. An election takes about half a
/// second; every moment longer is a gap when the cell is down.
pub const START_PATIENCE: Duration = Duration::from_secs(2);
/// How long a proposal may be on its way before it is made again. Commands compare, so a second one does no harm.
pub const PROPOSAL_PATIENCE: Duration = Duration::from_secs(1);
/// How long the new owner of a placement that was taken from another, or of a job, refrains from acting for others to see: the
/// lease of the old one, and half a second for a voter that lags in learning of the verdict.
pub const HANDOVER: Duration = Duration::from_millis(LEASE.as_millis() as u64 + 500);
/// How old an opinion of a voter may be to count in a verdict; on the leader's clock, by what of the leader's the voter had heard.
pub const OPINION_AGE_MAX: Duration = Duration::from_millis(500);
/// How long a voter that called a node silent confirms nothing to it: longer than that opinion counts.
pub const CONFIRM_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How long a dead node must be heard to be up again, so that a flapping link does not flap placements.
pub const UP_AFTER: Duration = Duration::from_secs(1);
/// How long a node may be heard without following the log before it is held to be dead: it can be told nothing.
pub const DEAF_AFTER: Duration = Duration::from_secs(5);
/// How long a node may lag before it gets nothing new.
pub const UNFIT_AFTER: Duration = Duration::from_secs(2);
/// How long a move may take: connecting, and a keyframe of cameras with long GOPs.
pub const MOVE_PATIENCE: Duration = Duration::from_secs(20);
/// How long a placement stays where it is after a move of it failed.
pub const MOVE_COOLING: Duration = Duration::from_secs(60);
/// How long nodes must neither come nor go before loads are evened out.
pub const CALM_AFTER: Duration = Duration::from_secs(30);
/// How long a voter is dead or draining before another takes its place. A reboot is shorter.
pub const VOTER_REPLACE_AFTER: Duration = Duration::from_secs(120);
/// How often the leader plans when nothing has happened: what depends on time alone is not urgent.
pub const PLAN_INTERVAL: Duration = Duration::from_millis(500);
/// How often the N+1 verdict is drawn up at most; people and alerts look no more often.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(5);
/// How long a voter's state counts as recent after the leader's was no newer. Longer than most elections, so that leases outlive
/// them.
pub const RECENT: Duration = Duration::from_millis(600);
