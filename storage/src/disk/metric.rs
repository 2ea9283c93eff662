use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// The disk's metrics; each carries the label `disk`.
pub(super) struct DiskMetrics {
    name: String,
    pub(super) queue_bytes: Gauge,
    pub(super) fsync_seconds: Histogram,
    pub(super) sync_round_seconds: Histogram,
    pub(super) sync_interval_seconds: Gauge,
    pub(super) written_bytes: Counter,
    pub(super) fragments: Counter,
    pub(super) free_bytes: Gauge,
}

impl DiskMetrics {
    pub(super) fn new(name: &str) -> Self {
        let name = name.to_owned();
        Self {
            queue_bytes: gauge!("eyrie_disk_queue_bytes", "disk" => name.clone()),
            fsync_seconds: histogram!("eyrie_disk_fsync_seconds", "disk" => name.clone()),
            sync_round_seconds: histogram!("eyrie_disk_sync_round_seconds", "disk" => name.clone()),
            sync_interval_seconds: gauge!("eyrie_disk_sync_interval_seconds", "disk" => name.clone()),
            written_bytes: counter!("eyrie_disk_written_bytes_total", "disk" => name.clone()),
            fragments: counter!("eyrie_disk_fragments_total", "disk" => name.clone()),
            free_bytes: gauge!("eyrie_disk_free_bytes", "disk" => name.clone()),
            name,
        }
    }

    pub(super) fn error(&self, error: &super::DiskError) {
        let cause = error.cause().as_str();
        counter!("eyrie_disk_errors_total", "disk" => self.name.clone(), "cause" => cause).increment(1);
    }
}
