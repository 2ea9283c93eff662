use metrics::{Unit, describe_counter, describe_gauge};

/// Says what the metrics of pictures mean.
pub(super) fn describe() {
    describe_counter!("eyrie_pictures_decoded_total", "Runs of the picture decoder (ffmpeg), by outcome.");
    describe_counter!("eyrie_pictures_answered_total", "Pictures answered, by where they came from.");
    describe_gauge!("eyrie_pictures_cache_bytes", Unit::Bytes, "Bytes of the pictures kept.");
}
