//! What another node of the cell feeds.
#![no_main]

use bytes::Bytes;
use eyrie_media::feed::{FeedDecoder, FeedItem};

fn read(data: &[u8], piece: usize) -> (Vec<FeedItem>, bool) {
    let (mut decoder, mut items) = (FeedDecoder::new(), Vec::new());
    for piece in data.chunks(piece) {
        let mut piece = Bytes::copy_from_slice(piece);
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(_) => return (items, false),
            }
        }
    }
    (items, true)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let whole = read(data, usize::MAX);
    assert_eq!(read(data, 7), whole, "pieces change nothing");
});
