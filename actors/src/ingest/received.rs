use std::time::Duration;

use eyrie_media::AccessUnit;
use eyrie_types::Monotonic;
use metrics::Counter;

/// How often what was received is told: metrics are read every few seconds, and each counter costs more than a unit's own
/// bookkeeping.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Counts what one session receives, and tells the camera's metrics once a second and at its end.
pub(super) struct Received {
    units: Counter,
    bytes: Counter,
    untold_units: u64,
    untold_bytes: u64,
    told_at: Option<Monotonic>,
}

impl Received {
    pub(super) fn new(camera: &str) -> Self {
        let camera = camera.to_owned();
        Self {
            units: metrics::counter!("eyrie_camera_access_units_total", "camera" => camera.clone()),
            bytes: metrics::counter!("eyrie_camera_received_bytes_total", "camera" => camera),
            untold_units: 0,
            untold_bytes: 0,
            told_at: None,
        }
    }

    pub(super) fn count(&mut self, unit: &AccessUnit) {
        self.untold_units += 1;
        self.untold_bytes += unit.data.len() as u64;
        let told_at = *self.told_at.get_or_insert(unit.arrival);
        if unit.arrival.since(told_at) >= TELL_EVERY {
            self.told_at = Some(unit.arrival);
            self.tell();
        }
    }

    fn tell(&mut self) {
        self.units.increment(std::mem::take(&mut self.untold_units));
        self.bytes.increment(std::mem::take(&mut self.untold_bytes));
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        self.tell();
    }
}
