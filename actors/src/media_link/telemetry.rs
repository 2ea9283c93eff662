use std::sync::Once;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Says once what each metric of the media link means.
pub(super) fn describe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        describe_gauge!(
            "eyrie_media_link_connections",
            Unit::Count,
            "Connections with other nodes for media, by whether this node asks on them or answers"
        );
        describe_counter!("eyrie_media_link_dials_total", "Attempts to reach another node for media, by outcome");
        describe_counter!("eyrie_media_link_closed_total", "Connections for media that ended, by side and reason");
        describe_counter!("eyrie_media_link_requests_total", "Questions to other nodes, by what for and outcome");
        describe_counter!("eyrie_media_link_answers_total", "Answers to other nodes, by what for and status");
        describe_counter!(
            "eyrie_media_link_received_bytes_total",
            Unit::Bytes,
            "Bytes of media from other nodes, by what for"
        );
        describe_counter!(
            "eyrie_media_link_sent_bytes_total",
            Unit::Bytes,
            "Bytes of media to other nodes, by what for"
        );
        describe_histogram!(
            "eyrie_media_link_first_byte_seconds",
            Unit::Seconds,
            "From a question to the head of its answer, by what for; a reload waits for what is to come"
        );
    });
}
