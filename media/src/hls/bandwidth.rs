/// `BANDWIDTH`: the peak segment bit rate (rfc8216bis section 4.4.6.2): of any run of segments that lasts between 0.5 and
/// 1.5 target durations, the largest. `segments` are (bytes, microseconds) in order; bits per second.
pub(crate) fn peak(segments: &[(u64, u64)], target_us: u64) -> u64 {
    let mut peak = 0;
    for first in 0..segments.len() {
        let (mut bytes, mut us) = (0, 0);
        for (segment_bytes, segment_us) in &segments[first..] {
            bytes += segment_bytes;
            us += segment_us;
            if us > target_us * 3 / 2 {
                break;
            }
            if us * 2 >= target_us {
                peak = peak.max(bits_per_second(bytes, us));
            }
        }
    }
    // Too little for a run of that length yet: the mean of what there is.
    if peak == 0 { average(segments) } else { peak }
}

/// `AVERAGE-BANDWIDTH`: of all segments together; bits per second.
pub(crate) fn average(segments: &[(u64, u64)]) -> u64 {
    let (bytes, us) = segments.iter().fold((0, 0), |sum, segment| (sum.0 + segment.0, sum.1 + segment.1));
    bits_per_second(bytes, us)
}

fn bits_per_second(bytes: u64, us: u64) -> u64 {
    let bits = u128::from(bytes) * 8 * 1_000_000 / u128::from(us.max(1));
    u64::try_from(bits).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_that_of_runs_about_as_long_as_the_target_duration() {
        let second = 1_000_000;
        let segments = [(100, second), (100, second), (900, second), (100, second), (100, second)];
        // One second alone is shorter than half of 4 s; the best two seconds hold 1000 bytes.
        assert_eq!(peak(&segments, 4 * second), 4000);
        assert_eq!(average(&segments), 2080);
        assert_eq!(peak(&segments[..1], 4 * second), 800);
        assert_eq!(peak(&[], 4 * second), 0);
    }
}
