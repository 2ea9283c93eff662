//! Capabilities, access tokens and cursors: texts that a client hands back, or makes up.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    eyrie_api::fuzzing::capability(&text, data);
    eyrie_api::fuzzing::access_token(&text);
    eyrie_storage::store::fuzzing::cursor(&text);
});
