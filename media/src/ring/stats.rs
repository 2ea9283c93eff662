/// A ring's counters at one moment. Those named a total only rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RingStats {
    /// Bytes the ring holds, with what each unit costs beyond its data.
    pub bytes: u64,
    /// Units the ring holds.
    pub units: u64,
    /// Bytes the ring has let go of and readers still hold.
    pub pinned_bytes: u64,
    /// Readers now.
    pub readers: u64,
    /// Units pushed and stored, total.
    pub stored_units_total: u64,
    /// Units let go of in the ordinary way: the warm window had passed and the recorder had read them; total.
    pub evicted_units_total: u64,
    /// Units a limit pushed out before the recorder had read them, total. Each is footage that is not recorded.
    pub evicted_unread_units_total: u64,
    /// Units that skipping readers missed, total over all of them.
    pub skipped_units_total: u64,
    /// Units that pinned readers missed, total.
    pub pinned_skipped_units_total: u64,
    /// Units not stored because no keyframe preceded them in their stream, total.
    pub dropped_awaiting_keyframe_total: u64,
    /// Units not stored because neither the camera's nor the node's limit had room, total.
    pub dropped_memory_limit_total: u64,
}
