//! The file name and query of a live request, as anybody on the network may send it.
#![no_main]

use eyrie_media::hls::{LiveRequest, Rendition};

libfuzzer_sys::fuzz_target!(|line: &str| {
    let (name, query) = line.split_once('?').unwrap_or((line, ""));
    let _ = name.parse::<Rendition>();
    if let Ok(request) = LiveRequest::parse(name, query) {
        let text = request.to_string();
        let (name, query) = text.split_once('?').unwrap_or((&text, ""));
        assert_eq!(LiveRequest::parse(name, query).ok(), Some(request), "what it prints reads back");
    }
});
