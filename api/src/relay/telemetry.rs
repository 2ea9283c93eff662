use std::sync::Once;

use metrics::{Unit, describe_counter, describe_gauge};

/// Says once what each metric of the relay means.
pub(super) fn describe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        describe_counter!(
            "eyrie_live_relayed_total",
            "Answers about cameras of other nodes, by where they came from: a node, another who waited for the same, the cache"
        );
        describe_gauge!("eyrie_live_relay_cache_bytes", Unit::Bytes, "Bytes of other nodes' live media kept");
        describe_counter!(
            "eyrie_live_relay_unanswered_total",
            "Questions about live media that another node did not answer, by reason"
        );
        describe_counter!(
            "eyrie_live_relay_switches_total",
            "Cameras that went on being shown from another placement, by which: the owner, or the twin"
        );
    });
}

pub(super) fn answered(from: &'static str) {
    metrics::counter!("eyrie_live_relayed_total", "from" => from).increment(1);
}

pub(super) fn kept(bytes: usize) {
    metrics::gauge!("eyrie_live_relay_cache_bytes").set(bytes as f64);
}

pub(super) fn unanswered(reason: &'static str) {
    metrics::counter!("eyrie_live_relay_unanswered_total", "reason" => reason).increment(1);
}

pub(super) fn switched(to: &'static str) {
    metrics::counter!("eyrie_live_relay_switches_total", "to" => to).increment(1);
}
