//! What a drill file may ask for at most. Above each of these, a slip of the finger is likelier than a wish.

use std::time::Duration;

/// Length of a file: a long drill has a hundred lines.
pub const FILE_BYTES_MAX: usize = 64 << 10;
/// Depth of its nesting: the deepest field lies 6 deep.
pub(super) const DEPTH_MAX: usize = 12;
/// Values in it.
pub(super) const NODES_MAX: usize = 4_096;
/// Mistakes told of at once: more do not fit a screen.
pub const MISTAKES_MAX: usize = 20;
/// Characters of a drill's name: it is part of file names.
pub const NAME_CHARS_MAX: usize = 63;
/// Characters of a hypothesis: a paragraph.
pub(super) const HYPOTHESIS_CHARS_MAX: usize = 2_000;
/// Characters of any other text.
pub(super) const TEXT_CHARS_MAX: usize = 256;
/// Bytes of a local cell's settings.
pub(super) const SETTINGS_BYTES_MAX: usize = 4 << 10;
/// Nodes of a local cell: each is a process with its own Raft log on this machine.
pub(super) const LOCAL_NODES_MAX: u64 = 9;
/// Cameras of a local cell: 25 frames a second each, made on this machine.
pub(super) const LOCAL_CAMERAS_MAX: u64 = 500;
/// Entries under `faults`.
pub(super) const FAULTS_MAX: usize = 64;
/// Faults of one round, those that come again counted each time: an hour of one every second.
pub const ROUND_FAULTS_MAX: u64 = 3_600;
/// Rounds.
pub(super) const REPEAT_MAX: u64 = 1_000;
/// One fault: what should last longer is a state, not a fault.
pub(super) const FAULT_MAX: Duration = Duration::from_secs(3_600);
/// A whole drill.
pub(super) const DRILL_MAX: Duration = Duration::from_secs(24 * 3_600);
/// A clock's step: past a day, certificates and tokens are what is drilled.
pub(super) const CLOCK_STEP_MAX: Duration = Duration::from_secs(24 * 3_600);
/// The dead man's switch: shorter, and a busy machine trips it; longer, and a fault outlives its drill too long.
pub(super) const DEAD_MAN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(600));
/// How often a probe asks: more often, and it is load.
pub(super) const PROBE_EVERY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(60));
