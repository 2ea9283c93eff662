use std::collections::HashMap;
use std::hash::Hash;

use eyrie_types::Monotonic;

use super::timing::PROPOSAL_PATIENCE;

/// What was asked for lately, so that it is not asked for again at every tick. Entries end with their patience.
#[derive(Debug, Clone)]
pub(super) struct Asked<T> {
    at: HashMap<T, Monotonic>,
}

impl<T: Hash + Eq + Clone> Asked<T> {
    pub(super) fn new() -> Self {
        Self { at: HashMap::new() }
    }

    /// Whether to ask now; then it counts as asked.
    pub(super) fn may(&mut self, now: Monotonic, what: &T) -> bool {
        self.at.retain(|_, at| now.since(*at) < PROPOSAL_PATIENCE);
        let free = !self.at.contains_key(what);
        if free {
            self.at.insert(what.clone(), now);
        }
        free
    }

    /// Those of `wanted` to ask for now, in order.
    pub(super) fn pick(&mut self, now: Monotonic, wanted: Vec<T>) -> Vec<T> {
        self.at.retain(|_, at| now.since(*at) < PROPOSAL_PATIENCE);
        let fresh: Vec<T> = wanted.into_iter().filter(|what| !self.at.contains_key(what)).collect();
        self.at.extend(fresh.iter().map(|what| (what.clone(), now)));
        fresh
    }
}
