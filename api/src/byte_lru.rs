use std::hash::Hash;

use lru::LruCache;

/// The values used last, within a limit of bytes.
#[derive(Debug)]
pub(crate) struct ByteLru<K: Hash + Eq, V> {
    kept: LruCache<K, V>,
    bytes: usize,
    bytes_max: usize,
    cost: fn(&V) -> usize,
}

impl<K: Hash + Eq, V: Clone> ByteLru<K, V> {
    /// Keeps at most `bytes_max`, where each value takes `cost` bytes with its key.
    pub(crate) fn new(bytes_max: usize, cost: fn(&V) -> usize) -> Self {
        Self { kept: LruCache::unbounded(), bytes: 0, bytes_max, cost }
    }

    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        self.kept.get(key).cloned()
    }

    /// Keeps a value, and drops those not used for the longest time beyond the limit. Answers the bytes kept now.
    pub(crate) fn keep(&mut self, key: K, value: V) -> usize {
        self.bytes += (self.cost)(&value);
        if let Some((_, old)) = self.kept.push(key, value) {
            self.bytes -= (self.cost)(&old);
        }
        while self.bytes > self.bytes_max
            && let Some((_, old)) = self.kept.pop_lru()
        {
            self.bytes -= (self.cost)(&old);
        }
        self.bytes
    }

    /// Drops the value of `key`. Answers the bytes kept now.
    pub(crate) fn forget(&mut self, key: &K) -> usize {
        if let Some(old) = self.kept.pop(key) {
            self.bytes -= (self.cost)(&old);
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_its_bytes_it_drops_what_was_not_used_for_the_longest_time() {
        let mut kept = ByteLru::new(30, |value: &usize| *value);
        for key in 0..3 {
            kept.keep(key, 10);
        }
        assert!(kept.get(&0).is_some());
        kept.keep(3, 10);
        assert!(kept.get(&1).is_none() && kept.get(&0).is_some());
        assert_eq!(kept.keep(3, 10), 30, "a value that takes the place of another is counted once");
        assert_eq!(kept.forget(&3), 20);
        assert_eq!(kept.keep(4, 90), 0, "what is too large is not kept");
    }
}
