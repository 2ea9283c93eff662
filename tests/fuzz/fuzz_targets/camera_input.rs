//! The body of a new camera and a merge patch of it, parted by a byte that no JSON holds, as anybody who may add one sends them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|byte| *byte == 0xff).unwrap_or(data.len());
    let (body, patch) = data.split_at(at);
    eyrie_api::fuzzing::camera_input(body, patch.get(1..).unwrap_or_default());
});
