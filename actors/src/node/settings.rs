use std::time::Duration;

use eyrie_types::ByteSize;

/// What of a node's configuration may change while it runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NodeSettings {
    /// How long recordings are kept where a camera's spec says nothing else.
    pub retention: RetentionSettings,
    /// The share of expected footage that is to be recorded, such as 0.999.
    pub slo_recording: f64,
    /// How second copies are made of what one node alone holds.
    pub repair: RepairSettings,
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self { retention: RetentionSettings::default(), slo_recording: 0.999, repair: RepairSettings::default() }
    }
}

/// How second copies are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepairSettings {
    /// How long a node may be dead before what it holds counts as lost. One that is removed from the cell counts as lost at once.
    pub after: Duration,
    /// Most that is fetched in a second.
    pub bytes_per_s: ByteSize,
    /// How often all recordings of the node are read and compared with the index.
    pub look_every: Duration,
}

impl Default for RepairSettings {
    fn default() -> Self {
        let day = Duration::from_secs(86_400);
        Self { after: Duration::from_secs(600), bytes_per_s: ByteSize::mib(8), look_every: day * 7 }
    }
}

/// The node's rules of retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetentionSettings {
    /// The age after which footage is deleted.
    pub max_age: Option<Duration>,
    /// Most that all recordings may take.
    pub max_bytes: Option<DiskShare>,
    /// What is done before a disk gets full.
    pub when_full: WhenFull,
}

/// A part of the file systems that recordings lie on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskShare {
    /// So many hundredths.
    Percent(u8),
    /// So many bytes.
    Bytes(ByteSize),
}

impl DiskShare {
    /// In bytes, of file systems of `totals` bytes. No share is known while one of them does not tell its size: what is not known
    /// must not delete anything.
    pub fn of(self, totals: &[u64]) -> Option<u64> {
        match self {
            Self::Percent(_) if totals.is_empty() || totals.contains(&0) => None,
            Self::Percent(percent) => Some(totals.iter().sum::<u64>() / 100 * u64::from(percent.min(100))),
            Self::Bytes(size) => Some(size.as_u64()),
        }
    }
}

/// What is done before a disk gets full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenFull {
    /// The oldest recordings go, of whatever camera.
    #[default]
    DeleteOldest,
    /// Nothing: recording stops until there is room.
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_a_disk_that_does_not_tell_its_size_is_not_known() {
        assert_eq!(DiskShare::Percent(50).of(&[100, 300]), Some(200));
        assert_eq!(DiskShare::Percent(50).of(&[100, 0]), None);
        assert_eq!(DiskShare::Percent(50).of(&[]), None);
        assert_eq!(DiskShare::Bytes(ByteSize::bytes(7)).of(&[0]), Some(7));
    }
}
