use std::time::Duration;

use eyrie_types::{CameraId, WallTime};

/// When the segment that begins at `start` is to end: at the next of the camera's own boundaries, `length` apart, or at 00:00
/// UTC, whichever comes first. The boundaries of cameras are spread over `length`, so that they do not all start new files in
/// the same second.
pub fn segment_cut(camera: CameraId, start: WallTime, length: Duration) -> WallTime {
    let length_us = i64::try_from(length.as_micros()).unwrap_or(i64::MAX).max(1);
    let phase_us = phase_us(camera, length_us);
    let since_phase = start.as_unix_us().saturating_sub(phase_us);
    let next = phase_us.saturating_add((since_phase.div_euclid(length_us) + 1).saturating_mul(length_us));
    WallTime::from_unix_us(next).min(start.next_utc_midnight())
}

/// Where within `length_us` the camera's boundaries lie: the same at each start of the node.
fn phase_us(camera: CameraId, length_us: i64) -> i64 {
    let bytes = camera.as_uuid().as_bytes();
    // The last eight bytes of a UUID are random in versions 4 and 7, but for two fixed bits at their top.
    let tail = bytes.iter().skip(8).fold(0_u64, |tail, byte| (tail << 8) | u64::from(*byte));
    ((tail & ((1 << 62) - 1)) % length_us.unsigned_abs()) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn cuts_come_at_the_cameras_boundaries_and_at_midnight() {
        let camera = CameraId::generate();
        let mut at: WallTime = "2026-03-01T05:00:00Z".parse().unwrap();
        let (mut lengths, mut midnights) = (Vec::new(), 0);
        for _ in 0..60 {
            let cut = segment_cut(camera, at, HOUR);
            assert!(cut > at && cut.since(at) <= HOUR);
            midnights += u32::from(cut == at.next_utc_midnight());
            lengths.push(cut.since(at));
            at = cut;
        }
        assert!(midnights >= 2, "{midnights}");
        assert!(lengths.iter().filter(|length| **length == HOUR).count() >= 50);
    }

    #[test]
    fn cameras_are_spread_over_the_hour() {
        let start: WallTime = "2026-03-01T05:00:00Z".parse().unwrap();
        let mut minutes: Vec<_> =
            (0..600).map(|_| segment_cut(CameraId::random(), start, HOUR).since(start).as_secs() / 60).collect();
        minutes.sort_unstable();
        minutes.dedup();
        assert!(minutes.len() > 50, "{} of 60 minutes are used", minutes.len());
    }
}
