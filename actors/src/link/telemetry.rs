use std::sync::Once;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Says once what each metric of the link means.
pub(super) fn describe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        describe_gauge!("eyrie_link_sessions", Unit::Count, "Peers with which there is a session");
        describe_counter!("eyrie_link_closed_total", "Sessions closed, by reason");
        describe_counter!("eyrie_link_calls_total", "Calls to peers, by outcome");
        describe_counter!(
            "eyrie_link_dropped_total",
            "Casts and answers not sent, by reason: too much was on its way already"
        );
        describe_counter!(
            "eyrie_link_unread_total",
            "Messages of peers that were not taken: unreadable, or of a node without a session"
        );
        describe_counter!(
            "eyrie_link_own_stalls_total",
            "Pings not counted against a peer because this process stood still itself"
        );
        describe_counter!("eyrie_link_dials_failed_total", "Attempts to reach a peer that failed");
        describe_histogram!(
            "eyrie_link_ping_seconds",
            Unit::Seconds,
            "Time to a pong, behind all that was on its way before"
        );
    });
}
