//! How large the state may grow. Each is far above what a cell is built for; a command beyond it is refused.

/// Members of a cell: it is built and simulated for 100; heartbeats grow with voters × nodes.
pub const NODES_MAX: usize = 256;
/// Cameras of a cell: planned and measured for 10,000.
pub const CAMERAS_MAX: usize = 50_000;
/// Removed cameras that are remembered, so that a late `PutCamera` revives none. A proposal is retried for seconds, and nobody
/// removes this many in that time.
pub const REMOVED_CAMERAS_MAX: usize = 4_096;
/// Nodes that left and are remembered with their last start number, so that a late `Join` revives none.
pub const DEPARTED_NODES_MAX: usize = 256;
/// Jobs the cell may lease out.
pub const JOBS_MAX: usize = 256;
/// Labels of a node, or asked for by a camera.
pub const LABELS_MAX: usize = 64;
/// Length of a name, label, address or URL.
pub const TEXT_BYTES_MAX: usize = 255;
/// Commands of one batch: one Raft entry must not outgrow what a follower takes within a heartbeat (≈ 100 bytes each).
pub const BATCH_COMMANDS_MAX: usize = 1_024;
