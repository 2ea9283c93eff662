use lru::LruCache;

use super::{Picture, PictureKey};

/// Bytes of pictures kept: some thousand thumbnails of 20 kB.
const CACHE_BYTES_MAX: usize = 64 << 20;
/// What a kept picture costs beyond its JPEG: its key, its texts, its place in the list.
const ENTRY_BYTES: usize = 300;

/// The pictures used last, within a limit of bytes.
#[derive(Debug)]
pub(super) struct Cache {
    kept: LruCache<PictureKey, Picture>,
    bytes: usize,
    bytes_max: usize,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self::of(CACHE_BYTES_MAX)
    }

    fn of(bytes_max: usize) -> Self {
        Self { kept: LruCache::unbounded(), bytes: 0, bytes_max }
    }

    pub(super) fn get(&mut self, key: &PictureKey) -> Option<Picture> {
        self.kept.get(key).cloned()
    }

    /// Keeps a picture, and drops those not used for the longest time beyond the limit.
    pub(super) fn keep(&mut self, key: PictureKey, picture: Picture) {
        self.bytes += cost(&picture);
        if let Some((_, old)) = self.kept.push(key, picture) {
            self.bytes -= cost(&old);
        }
        while self.bytes > self.bytes_max
            && let Some((_, old)) = self.kept.pop_lru()
        {
            self.bytes -= cost(&old);
        }
        metrics::gauge!("eyrie_pictures_cache_bytes").set(self.bytes as f64);
    }
}

fn cost(picture: &Picture) -> usize {
    picture.jpeg.len() + ENTRY_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_its_bytes_the_cache_drops_what_was_not_used_for_the_longest_time() {
        let mut cache = Cache::of(3 * (1000 + ENTRY_BYTES));
        let key = |n: u8| PictureKey::Sheet([n; 32]);
        let picture = || Picture::new(vec![0; 1000].into(), None);
        for n in 0..3 {
            cache.keep(key(n), picture());
        }
        assert!(cache.get(&key(0)).is_some());
        cache.keep(key(3), picture());
        assert!(cache.get(&key(1)).is_none() && cache.get(&key(0)).is_some());
        cache.keep(key(3), picture());
        assert_eq!((cache.bytes, cache.kept.len()), (3 * (1000 + ENTRY_BYTES), 3));
        cache.keep(key(4), Picture::new(vec![0; 9000].into(), None));
        assert_eq!((cache.bytes, cache.kept.len()), (0, 0), "what is too large is not kept");
    }
}
