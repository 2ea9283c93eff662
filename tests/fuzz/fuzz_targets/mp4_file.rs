//! The `moov` box of an MP4 file that somebody put into the directory of file sources.
#![no_main]

use eyrie_media::mp4_file::Mp4File;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(file) = Mp4File::parse(data, 1 << 30) {
        // Whatever the tables promise, walking them ends.
        assert!(file.samples.len() <= eyrie_media::mp4_file::SAMPLES_MAX);
    }
});
