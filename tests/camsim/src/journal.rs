use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Steps that are remembered; the oldest go. A thousand cameras that change hands thirty times.
const STEPS_MAX: usize = 60_000;

/// What a client did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its connection named the stream for the first time.
    Arrived,
    /// It was let play.
    Played,
    /// Its connection is over.
    Left,
}

/// A step of a client on its way to the pictures, for those who measure what the way took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// By the server's wall clock, in microseconds since 1970.
    pub at_unix_us: u64,
    /// Path of the stream.
    pub path: String,
    /// Whose step.
    pub peer: IpAddr,
    /// Which.
    pub step: Step,
}

/// The last steps of all clients.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<VecDeque<JournalEntry>>);

impl Journal {
    pub(crate) fn note(&self, entry: JournalEntry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= STEPS_MAX {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub(crate) fn take(&self) -> Vec<JournalEntry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}
