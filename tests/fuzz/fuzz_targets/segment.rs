//! A recording file that somebody tampered with.
#![no_main]

use std::io::Write as _;

use eyrie_storage::segment::{FragmentHead, SegmentHead, SegmentReader};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = SegmentHead::parse(data);
    let _ = FragmentHead::parse(data);
    let path = std::env::temp_dir().join(format!("eyrie-fuzz-{}", std::process::id()));
    if std::fs::File::create(&path).and_then(|mut file| file.write_all(data)).is_ok() {
        if let Ok(reader) = SegmentReader::open(&path, None) {
            let _ = reader.init();
            let _ = reader.verify();
        }
    }
});
