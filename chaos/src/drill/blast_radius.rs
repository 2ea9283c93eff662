use std::collections::BTreeSet;
use std::fmt;

use super::Percent;
use super::file::plural;

/// What a drill may touch at one moment. Whoever writes the drill states it, the plan is held against it before the first fault,
/// and the runner once more before each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlastRadius {
    /// At most so many nodes.
    pub nodes: u32,
    /// At most so many cameras: those of the nodes it touches, and those it touches directly.
    pub cameras: CameraLimit,
    /// What all nodes share and it may touch.
    pub shared: BTreeSet<Shared>,
}

/// At most so many cameras.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraLimit {
    /// So many.
    Count(u32),
    /// This share of all.
    Share(Percent),
}

impl CameraLimit {
    /// How many of `cameras` that is.
    pub fn of(self, cameras: u64) -> u64 {
        match self {
            Self::Count(n) => u64::from(n),
            Self::Share(share) => share.share_of(cameras),
        }
    }
}

impl fmt::Display for CameraLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(n) => f.write_str(&plural(u64::from(*n), "camera")),
            Self::Share(share) if *share == Percent::WHOLE => f.write_str("all cameras"),
            Self::Share(share) => write!(f, "{share} of the cameras"),
        }
    }
}

/// What all nodes of a cell share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shared {
    /// The metadata store.
    Store,
    /// Redis.
    Redis,
}

impl Shared {
    /// The word in a file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Redis => "redis",
        }
    }
}

impl fmt::Display for BlastRadius {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} and {}", plural(u64::from(self.nodes), "node"), self.cameras)?;
        self.shared.iter().try_for_each(|shared| write!(f, ", the {}", shared.as_str()))
    }
}
