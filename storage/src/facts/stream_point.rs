use super::Point;
use super::point::{mean, take};

/// What a camera sent over one step. 16 bytes, because an hour of seconds of each camera stays in memory; what does not fit
/// into a field is as much as fits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamPoint {
    /// Bits of access units a second, pictures and sound together.
    pub bitrate_bps: u32,
    /// RTP packets that were lost.
    pub lost: u32,
    /// Pictures a second, in hundredths.
    pub fps_centi: u16,
    /// From keyframe to keyframe, in hundredths of a second; 0 while unknown.
    pub gop_centi_s: u16,
    /// Interarrival jitter of pictures (RFC 3550 section 6.4.1), in tenths of a millisecond.
    pub jitter_deci_ms: u16,
    /// How many watched it live.
    pub viewers: u16,
}

impl Point for StreamPoint {
    const BYTES: usize = 16;

    /// Means, but the sum of what was lost and the most viewers at once.
    fn merge(points: &[Self]) -> Option<Self> {
        let viewers = points.iter().map(|point| point.viewers).max()?;
        let known: Vec<_> = points.iter().filter(|point| point.gop_centi_s > 0).copied().collect();
        // A mean lies among its numbers, so each fits again.
        Some(Self {
            bitrate_bps: mean(points, |point| point.bitrate_bps.into()) as u32,
            lost: points.iter().fold(0, |sum: u32, point| sum.saturating_add(point.lost)),
            fps_centi: mean(points, |point| point.fps_centi.into()) as u16,
            gop_centi_s: mean(&known, |point| point.gop_centi_s.into()) as u16,
            jitter_deci_ms: mean(points, |point| point.jitter_deci_ms.into()) as u16,
            viewers,
        })
    }

    fn pack(&self, to: &mut Vec<u8>) {
        to.extend(self.bitrate_bps.to_le_bytes());
        to.extend(self.lost.to_le_bytes());
        for word in [self.fps_centi, self.gop_centi_s, self.jitter_deci_ms, self.viewers] {
            to.extend(word.to_le_bytes());
        }
    }

    fn unpack(mut bytes: &[u8]) -> Option<Self> {
        let from = &mut bytes;
        let point = Self {
            bitrate_bps: u32::from_le_bytes(take(from)?),
            lost: u32::from_le_bytes(take(from)?),
            fps_centi: u16::from_le_bytes(take(from)?),
            gop_centi_s: u16::from_le_bytes(take(from)?),
            jitter_deci_ms: u16::from_le_bytes(take(from)?),
            viewers: u16::from_le_bytes(take(from)?),
        };
        bytes.is_empty().then_some(point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_means_sums_losses_takes_the_most_viewers_and_leaves_unknown_gops_out() {
        let one =
            StreamPoint { bitrate_bps: 100, lost: 3, fps_centi: 2500, gop_centi_s: 0, jitter_deci_ms: 4, viewers: 7 };
        let two = StreamPoint { bitrate_bps: 301, lost: u32::MAX, gop_centi_s: 800, viewers: 2, ..one };
        let merged = StreamPoint::merge(&[one, two]).unwrap();
        let expected = StreamPoint { bitrate_bps: 201, lost: u32::MAX, gop_centi_s: 800, ..one };
        assert_eq!(merged, expected);
        assert_eq!(StreamPoint::merge(&[]), None);
    }

    #[test]
    fn a_second_in_memory_takes_as_many_bytes_as_a_packed_one() {
        assert_eq!(size_of::<StreamPoint>(), StreamPoint::BYTES);
    }
}
