use std::sync::Once;

use metrics::{describe_counter, describe_gauge};

/// Says once what each metric of repairs means.
pub(super) fn describe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        describe_counter!("eyrie_repair_fragments_total", "Fragments of which this node fetched a second copy");
        describe_counter!("eyrie_repair_bytes_total", "Bytes of fragments of which this node fetched a second copy");
        describe_counter!("eyrie_repair_failed_total", "Fragments that could not be fetched or kept, by reason");
        describe_counter!("eyrie_repair_copies_deleted_total", "Second copies that this node deleted, by reason");
        describe_counter!("eyrie_repair_looked_through_bytes_total", "Bytes of recordings that were read and compared");
        describe_counter!(
            "eyrie_repair_damage_found_total",
            "Fragments and files found damaged or gone, by what they are"
        );
        describe_gauge!(
            "eyrie_repair_queue_seconds",
            "Footage that this node is to have a copy of and lacks, in seconds"
        );
        describe_gauge!(
            "eyrie_repair_single_copy_age_seconds",
            "Age of the oldest second, of cameras with two copies placed here, that one answering node alone holds"
        );
        describe_gauge!("eyrie_repair_copies_bytes", "Bytes of second copies on this node's disks");
    });
}
