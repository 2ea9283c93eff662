use std::sync::Once;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Says once what each metric of shared state means.
pub(super) fn describe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        describe_gauge!("eyrie_shared_state_up", "Whether Redis answers; absent where none is configured");
        describe_histogram!(
            "eyrie_shared_state_command_seconds",
            Unit::Seconds,
            "How long Redis took to answer, by command"
        );
        for (name, help) in COUNTERS {
            describe_counter!(name, help);
        }
    });
}

const COUNTERS: [(&str, &str); 6] = [
    ("eyrie_shared_state_errors_total", "Commands and connections to Redis that failed, by kind"),
    ("eyrie_shared_state_connections_total", "Connections to Redis that came about"),
    (
        "eyrie_shared_state_fallbacks_total",
        "What went on in this node's memory, or without, because Redis was down, by what",
    ),
    ("eyrie_shared_state_messages_total", "Messages between nodes, by direction"),
    ("eyrie_shared_state_messages_missed_total", "Times that messages of other nodes may have been missed"),
    ("eyrie_shared_state_forgotten_total", "Subjects of rate limits forgotten because there were too many, by kind"),
];

/// Redis does not answer: `what` goes on without.
pub(super) fn fell_back(what: &'static str) {
    metrics::counter!("eyrie_shared_state_fallbacks_total", "what" => what).increment(1);
}
