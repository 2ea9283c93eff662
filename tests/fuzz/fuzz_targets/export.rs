//! An init segment and a fragment, as they lie in a recording that somebody wrote to the disk.
#![no_main]

use eyrie_media::export::{ExportBuilder, ExportInit, FragmentTables};
use eyrie_types::WallTime;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // Two bytes say where the init segment ends.
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return };
    let Some((init, fragment)) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))) else { return };
    let Ok(init) = ExportInit::parse(init) else { return };
    let Ok(tables) = FragmentTables::parse(&init, fragment, fragment.len() as u32) else { return };
    let mut builder = ExportBuilder::new();
    for number in 0..3 {
        if builder.push(number, &init, &tables, number != 1).is_err() {
            return;
        }
    }
    if let Ok(layout) = builder.finish(WallTime::EPOCH) {
        assert!(layout.parts(0..u64::MAX).count() >= 1);
    }
});
