use eyrie_types::WallTime;

/// One run of a node: from its start until it last said that it is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeRun {
    /// When it started.
    pub start: WallTime,
    /// When it was last known to be alive; never before `start`.
    pub last_alive: WallTime,
}
