//! A drill, as somebody wrote it.
#![no_main]

use eyrie_chaos::drill::file::read_drill;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match (read_drill(text), read_drill(text)) {
        (Ok(drill), Ok(again)) => assert_eq!(drill, again),
        // What is wrong with it is said in words.
        (Err(error), Err(again)) => {
            let said = error.to_string();
            assert!(!said.is_empty() && said == again.to_string());
        }
        _ => panic!("the same file is read differently"),
    }
});
