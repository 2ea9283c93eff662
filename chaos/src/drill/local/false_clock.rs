use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::drill::DrillError;

/// Where Debian and others put libfaketime, for programs with threads.
const LIBRARIES: [&str; 5] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
];

/// A wall clock that can be told to be wrong, for one node: libfaketime, which the node is started with. Its monotonic clock is
/// right, as that of a machine whose wall clock is set is. A time namespace cannot do this: it moves monotonic clocks alone.
#[derive(Debug)]
pub(super) struct FalseClock {
    library: &'static str,
    /// What libfaketime reads, once a second.
    file: PathBuf,
}

impl FalseClock {
    /// One that is right.
    pub(super) fn new(directory: &Path, name: &str) -> Result<Self, DrillError> {
        let library = LIBRARIES.into_iter().find(|library| Path::new(library).is_file()).ok_or_else(|| {
            DrillError::Refused(
                "clock_step needs libfaketime, which is not here: apt-get install libfaketime".to_owned(),
            )
        })?;
        let clock = Self { library, file: directory.join(format!("{name}.clock")) };
        clock.step(0)?;
        Ok(clock)
    }

    /// Sets it wrong by so much, within a second.
    pub(super) fn step(&self, by_ms: i64) -> Result<(), DrillError> {
        let text = format!("{}{}.{:03}", if by_ms < 0 { '-' } else { '+' }, by_ms.abs() / 1000, by_ms.abs() % 1000);
        // Whoever reads it sees the one or the other.
        let beside = self.file.with_extension("new");
        let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &self.file));
        written.map_err(DrillError::io(format!("writing {}", self.file.display())))
    }

    /// What a process has to have in its environment.
    pub(super) fn environment(&self) -> [OsString; 5] {
        let mut file = OsString::from("FAKETIME_TIMESTAMP_FILE=");
        file.push(&self.file);
        [
            format!("LD_PRELOAD={}", self.library).into(),
            file,
            "FAKETIME_DONT_FAKE_MONOTONIC=1".into(),
            "FAKETIME_CACHE_DURATION=1".into(),
            // Times of files stay as they are.
            "NO_FAKE_STAT=1".into(),
        ]
    }
}
