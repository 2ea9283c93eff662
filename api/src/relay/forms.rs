use std::io::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::byte_lru::ByteLru;

/// Bytes of playlists and their other forms kept: those of a thousand cameras that are watched.
const KEPT_BYTES_MAX: usize = 32 << 20;
/// What one costs beyond its bytes.
const ENTRY_BYTES: usize = 200;

/// How a playlist is sent, other than as its packager wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// Compressed: ten thousand viewers are sent the same bytes, and to compress them for each would cost more than all the rest.
    Gzip,
    /// Numbered as of this ordinal.
    Lifted(u64),
}

/// Other forms of playlists, each made once however many viewers are sent it.
pub(crate) struct Forms(Mutex<ByteLru<Key, Kept>>);

/// Which bytes, by where they are in memory, and which form of them.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    at: usize,
    length: usize,
    form: Form,
}

#[derive(Clone)]
struct Kept {
    /// As long as these are held, no others are at their place.
    of: Bytes,
    made: Arc<OnceLock<Bytes>>,
}

impl Default for Forms {
    fn default() -> Self {
        Self(Mutex::new(ByteLru::new(KEPT_BYTES_MAX, |kept: &Kept| 2 * kept.of.len() + ENTRY_BYTES)))
    }
}

impl Forms {
    /// `of` in another form, made by `make` unless that was done. Whoever comes meanwhile waits for it.
    pub(crate) fn get(&self, of: &Bytes, form: Form, make: impl FnOnce(&[u8]) -> Bytes) -> Bytes {
        let key = Key { at: of.as_ptr().addr(), length: of.len(), form };
        let made = {
            // No method can leave it half-changed.
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match kept.get(&key) {
                Some(kept) => kept.made,
                None => {
                    let made = Arc::default();
                    kept.keep(key, Kept { of: of.clone(), made: Arc::clone(&made) });
                    made
                }
            }
        };
        made.get_or_init(|| make(of)).clone()
    }

    /// `of` as gzip.
    pub(crate) fn gzip(&self, of: &Bytes) -> Bytes {
        self.get(of, Form::Gzip, |bytes| {
            let mut packed = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::default());
            // Memory takes all that is written.
            let done = packed.write_all(bytes).and_then(|()| packed.finish());
            done.unwrap_or_default().into()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_form_is_made_once_for_all_who_hold_the_same_bytes_and_anew_for_others() {
        let (forms, times) = (Forms::default(), AtomicUsize::new(0));
        let make = |bytes: &[u8]| {
            times.fetch_add(1, Ordering::Relaxed);
            Bytes::copy_from_slice(&[bytes, b"!"].concat())
        };
        let playlist = Bytes::from(b"one".to_vec());
        for _ in 0..3 {
            assert_eq!(&forms.get(&playlist.clone(), Form::Lifted(3), make)[..], b"one!");
        }
        assert_eq!(times.load(Ordering::Relaxed), 1);
        forms.get(&playlist, Form::Lifted(5), make);
        forms.get(&Bytes::from(b"two".to_vec()), Form::Lifted(3), make);
        assert_eq!(times.load(Ordering::Relaxed), 3);
        // The memory of bytes that nobody else holds is not given to others while their form is kept.
        for round in 0..100 {
            let fresh = Bytes::from(format!("{round:03}").into_bytes());
            assert_eq!(forms.get(&fresh, Form::Gzip, Bytes::copy_from_slice), fresh);
        }
    }

    #[test]
    fn gzip_is_what_it_was_when_it_is_unpacked() {
        let text = "#EXTM3U\n#EXT-X-VERSION:9\n".repeat(100);
        let packed = Forms::default().gzip(&Bytes::from(text.clone()));
        assert!(packed.len() < text.len() / 10);
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
    }
}
