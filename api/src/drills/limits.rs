use std::time::Duration;

/// An agent that was not heard for this long is none. It asks every two seconds.
pub(crate) const AGENT_SILENT: Duration = Duration::from_secs(15);
/// A run that no agent has taken by then is over: whoever asked for it is no longer looking.
pub(crate) const WAITING_MAX: Duration = Duration::from_secs(60);
/// Tries of a change that others made at the same time: the runner, agents and people are few.
pub(crate) const CHANGES_MAX: usize = 16;
/// Orders in force at once: one for each node of the largest cell.
pub(crate) const ORDERS_MAX: usize = 256;
/// Lines of progress that are kept.
pub(crate) const LINES_MAX: usize = 100;
/// Faults of a round that progress shows.
pub(crate) const FAULTS_MAX: usize = 200;
/// Characters of a name, a line or a reason.
pub(crate) const TEXT_CHARS_MAX: usize = 1_000;
/// Orders that an agent tells of.
pub(crate) const DOING_MAX: usize = 64;
/// Words of what an agent can do.
pub(crate) const CAN_MAX: usize = 16;
/// How soon an agent asks again while a drill runs: what a fault's beginning may be late by.
pub(crate) const AGAIN_RUNNING: Duration = Duration::from_millis(250);
/// And otherwise.
pub(crate) const AGAIN_IDLE: Duration = Duration::from_secs(2);
