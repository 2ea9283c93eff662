//! The JSON of a camera, as anybody who may add one sends it.
#![no_main]

use eyrie_types::CameraSpec;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(spec) = serde_json::from_slice::<CameraSpec>(data) {
        let _ = spec.validate();
        assert!(serde_json::to_vec(&spec).is_ok());
    }
});
