use super::Point;
use super::point::{mean, take};

/// How the node did over one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NodePoint {
    /// Thousandths of a core it was busy.
    pub cpu_milli: u32,
    /// Cameras that sent.
    pub cameras_online: u32,
    /// How many watched live, all cameras together.
    pub viewers: u32,
    /// Resident bytes of the process.
    pub memory_bytes: u64,
    /// Bits of access units a second, all cameras together.
    pub received_bps: u64,
    /// Bits of recordings a second that became durable.
    pub written_bps: u64,
    /// Bytes it may still write, all disks together.
    pub disk_free_bytes: u64,
}

impl Point for NodePoint {
    const BYTES: usize = 3 * 4 + 4 * 8;

    /// Means, but the most viewers at once, and the least room on the disks.
    fn merge(points: &[Self]) -> Option<Self> {
        Some(Self {
            disk_free_bytes: points.iter().map(|point| point.disk_free_bytes).min()?,
            viewers: points.iter().map(|point| point.viewers).max()?,
            cpu_milli: mean(points, |point| point.cpu_milli.into()) as u32,
            cameras_online: mean(points, |point| point.cameras_online.into()) as u32,
            memory_bytes: mean(points, |point| point.memory_bytes),
            received_bps: mean(points, |point| point.received_bps),
            written_bps: mean(points, |point| point.written_bps),
        })
    }

    fn pack(&self, to: &mut Vec<u8>) {
        for word in [self.cpu_milli, self.cameras_online, self.viewers] {
            to.extend(word.to_le_bytes());
        }
        for word in [self.memory_bytes, self.received_bps, self.written_bps, self.disk_free_bytes] {
            to.extend(word.to_le_bytes());
        }
    }

    fn unpack(mut bytes: &[u8]) -> Option<Self> {
        let from = &mut bytes;
        let point = Self {
            cpu_milli: u32::from_le_bytes(take(from)?),
            cameras_online: u32::from_le_bytes(take(from)?),
            viewers: u32::from_le_bytes(take(from)?),
            memory_bytes: u64::from_le_bytes(take(from)?),
            received_bps: u64::from_le_bytes(take(from)?),
            written_bps: u64::from_le_bytes(take(from)?),
            disk_free_bytes: u64::from_le_bytes(take(from)?),
        };
        bytes.is_empty().then_some(point)
    }
}
