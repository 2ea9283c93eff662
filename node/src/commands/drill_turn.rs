use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use anyhow::Context as _;
use eyrie_chaos::drill::file::NAME_CHARS_MAX;

/// One drill at a time on a machine: two would disturb each other's measurements, and each would take the other's load for the
/// cell's. It is a lock of the system, so it is free again when its process is gone, however it went.
pub(super) struct Turn {
    other: Option<String>,
    /// Held for as long as this is open.
    _lock: File,
}

impl Turn {
    /// Takes the turn for the drill `name`, unless another one has it.
    pub(super) fn take(name: &str) -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("eyrie-drill-{}.lock", rustix::process::getuid().as_raw()));
        // In a directory that others write to, too: a link that waits there is not followed.
        let no_follow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(no_follow);
        let mut lock = options.open(&path).with_context(|| format!("opening {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {
                let noted = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| lock.write_all(name.as_bytes()));
                noted.with_context(|| format!("writing {}", path.display()))?;
                Ok(Self { other: None, _lock: lock })
            }
            Err(TryLockError::WouldBlock) => {
                let mut other = String::new();
                // One that cannot be read has no name.
                let _ = (&lock).take(NAME_CHARS_MAX as u64).read_to_string(&mut other);
                Ok(Self { other: Some(other), _lock: lock })
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", path.display())),
        }
    }

    /// The drill that has the turn, if it is not ours.
    pub(super) fn other(&self) -> Option<String> {
        self.other.clone()
    }
}
