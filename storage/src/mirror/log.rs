use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record;

/// The file's name, and that of the file that shall take its place.
const NAME: &str = "mirror";
const NEXT_NAME: &str = "mirror.next";
/// Where a file goes that was sealed under another master key.
const FOREIGN_NAME: &str = "mirror.other-key";

/// The mirror's file, open for appending.
pub(super) struct Log {
    directory: PathBuf,
    file: File,
    bytes: u64,
    /// A write or sync failed: nobody knows what the file holds, and it must be replaced before anything is added.
    broken: bool,
}

impl Log {
    /// Opens the file in `directory`, making both where there are none, and reads it.
    pub(super) fn open(directory: &Path) -> io::Result<(Self, Vec<u8>)> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        // What a crash left of a rewriting: the file in place holds all of it.
        match std::fs::remove_file(directory.join(NEXT_NAME)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let path = directory.join(NAME);
        let file = File::options().create(true).append(true).mode(0o600).open(&path)?;
        File::open(directory)?.sync_all()?;
        let bytes = std::fs::read(&path)?;
        Ok((Self { directory: directory.to_owned(), file, bytes: bytes.len() as u64, broken: false }, bytes))
    }

    /// Bytes of the file.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it must be replaced before anything is added.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Appends `records`, durably when this answers.
    ///
    /// # Errors
    /// When the disk refuses: the file is broken from then on.
    pub(super) fn append(&mut self, records: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(records).and_then(|()| self.file.sync_data());
        match &written {
            Ok(()) => self.bytes += records.len() as u64,
            Err(_) => self.broken = true,
        }
        written
    }

    /// Replaces the file by one with `entries` alone, durably when this answers; until then the old one stays.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn replace<'a>(&mut self, entries: impl Iterator<Item = &'a Arc<[u8]>>) -> io::Result<()> {
        /// Bytes written at one time.
        const CHUNK: usize = 1 << 20;
        let next = self.directory.join(NEXT_NAME);
        let mut file = File::options().create(true).write(true).truncate(true).mode(0o600).open(&next)?;
        let (mut chunk, mut bytes) = (Vec::with_capacity(CHUNK + 8192), 0);
        for sealed in entries {
            record::encode(sealed, &mut chunk);
            if chunk.len() >= CHUNK {
                file.write_all(&chunk)?;
                bytes += chunk.len() as u64;
                chunk.clear();
            }
        }
        file.write_all(&chunk)?;
        bytes += chunk.len() as u64;
        file.sync_all()?;
        std::fs::rename(&next, self.directory.join(NAME))?;
        // From here on the new file may be found after a crash, and the old one must not be added to.
        self.broken = true;
        File::open(&self.directory)?.sync_all()?;
        self.file = File::options().append(true).open(self.directory.join(NAME))?;
        (self.bytes, self.broken) = (bytes, false);
        metrics::counter!("eyrie_mirror_rewritten_total").increment(1);
        Ok(())
    }

    /// Keeps a copy of the file aside, in place of an earlier one.
    pub(super) fn set_aside(&self) -> io::Result<PathBuf> {
        let aside = self.directory.join(FOREIGN_NAME);
        match std::fs::remove_file(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::fs::hard_link(self.directory.join(NAME), &aside)?;
        Ok(aside)
    }
}
