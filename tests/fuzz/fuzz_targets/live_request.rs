//! The file name and query of a live request, as anybody on the network may send it.
#![no_main]

use eyrie_media::hls::LiveRequest;

libfuzzer_sys::fuzz_target!(|input: (&str, &str)| {
    if let Ok(request) = LiveRequest::parse(input.0, input.1) {
        let text = request.to_string();
        let (name, query) = text.split_once('?').unwrap_or((&text, ""));
        assert_eq!(LiveRequest::parse(name, query).ok(), Some(request), "what it prints reads back");
    }
});
