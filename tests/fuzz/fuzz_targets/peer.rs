//! What another node of the cell asks and answers over the media link: live media, and footage.
#![no_main]

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use bytes::Bytes;
use eyrie_actors::{LiveHeard, LiveKeyframe, LiveQuestion, fuzzing};
use eyrie_media::hls::{LiveRequest, Reload, is_plausible};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // A path with its query, then the head of an answer, line by line, then its body.
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let mut next = || parts.next().unwrap_or_default();
    let (asked, head, body) = (String::from_utf8_lossy(next()).into_owned(), next(), next());
    let (path, query) = asked.split_once('?').unwrap_or((&asked, ""));
    if let Some(question) = LiveQuestion::parse(path, query) {
        let again = question.to_string();
        let (path, query) = again.split_once('?').unwrap_or((&again, ""));
        assert_eq!(LiveQuestion::parse(path, query), Some(question), "what it prints reads back");
    }
    fuzzing::footage_question(path);
    let mut headers = HeaderMap::new();
    for line in head.split(|byte| *byte == b'\n') {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(halves.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(halves.next().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let status =
        StatusCode::from_u16(200 + u16::from(data.first().copied().unwrap_or_default()) * 2).unwrap_or_default();
    for status in [StatusCode::OK, status] {
        let _ = LiveHeard::read(status, &headers, body);
    }
    if let Some(keyframe) = LiveKeyframe::read(&headers, Bytes::copy_from_slice(body)) {
        assert_eq!(4 + keyframe.init.len() + keyframe.data.len(), body.len(), "nothing comes from beside the body");
    }
    let media = [LiveRequest::Init { stream_sequence: 1 }, LiveRequest::Segment { msn: 1 }];
    for request in media.iter().filter(|request| is_plausible(request, body)) {
        assert!(!is_plausible(request, &body[..body.len() - 1]), "half of it is taken for whole");
    }
    is_plausible(&LiveRequest::Media(Reload::default()), body);
    fuzzing::footage_tails(body);
});
