use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Counts of one stream since the server's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct StreamStats {
    /// Sessions granted now.
    pub sessions: u64,
    /// Of them, those that play.
    pub playing: u64,
    /// Sessions granted since the start.
    pub sessions_total: u64,
    /// Sessions and requests refused: limits, wrong passwords, faults.
    pub refused: u64,
    /// Access units of pictures sent, summed over sessions.
    pub aus_sent: u64,
    /// Interleaved bytes sent, summed over sessions.
    pub bytes_sent: u64,
    /// Access units not sent because a client did not read.
    pub aus_dropped: u64,
    /// Access units never sent because the machine was too busy for too long, or a fault held them back.
    pub aus_skipped: u64,
    /// RTP packets lost on purpose.
    pub packets_lost: u64,
    /// Datagrams the system would not take.
    pub udp_full: u64,
    /// The number of the access unit last due.
    pub au_number: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) sessions_total: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) aus_sent: AtomicU64,
    pub(crate) bytes_sent: AtomicU64,
    pub(crate) aus_dropped: AtomicU64,
    pub(crate) aus_skipped: AtomicU64,
    pub(crate) packets_lost: AtomicU64,
    pub(crate) udp_full: AtomicU64,
}

pub(crate) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn snapshot(&self) -> StreamStats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StreamStats {
            sessions_total: get(&self.sessions_total),
            refused: get(&self.refused),
            aus_sent: get(&self.aus_sent),
            bytes_sent: get(&self.bytes_sent),
            aus_dropped: get(&self.aus_dropped),
            aus_skipped: get(&self.aus_skipped),
            packets_lost: get(&self.packets_lost),
            udp_full: get(&self.udp_full),
            ..StreamStats::default()
        }
    }
}
