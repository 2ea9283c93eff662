use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Most bytes that are kept because they were overwritten and not synced.
pub(super) const OLD_BYTES_MAX: u64 = 64 << 20;
/// Most changes of names that are kept because their directory was not synced.
pub(super) const CHANGES_MAX: usize = 10_000;

/// A change of names whose directory was not synced yet.
#[derive(Debug)]
pub(super) struct Change {
    /// Ever higher.
    pub(super) number: u64,
    /// What was done.
    pub(super) what: What,
    /// The directories whose entries it changed.
    pub(super) directories: Vec<u64>,
    /// Whose names it changed.
    pub(super) subjects: Vec<u64>,
}

/// What was done to names.
#[derive(Debug)]
pub(super) enum What {
    /// This was made.
    Made(PathBuf),
    /// This was taken away, and put there.
    Removed(PathBuf, PathBuf),
    /// This was renamed to that.
    Renamed {
        from: PathBuf,
        to: PathBuf,
        /// What had been there was put here.
        replaced: Option<PathBuf>,
    },
}

/// All changes of names that would be lost, oldest first.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pending: Vec<Change>,
    next: u64,
}

impl Changes {
    /// Adds the newest. Answers what has become durable because there are too many.
    pub(super) fn add(&mut self, what: What, directories: Vec<u64>, subjects: Vec<u64>) -> Vec<Change> {
        self.next += 1;
        self.pending.push(Change { number: self.next, what, directories, subjects });
        let over = self.pending.len().saturating_sub(CHANGES_MAX);
        self.pending.drain(..over).collect()
    }

    /// The number of the newest one.
    pub(super) fn newest(&self) -> u64 {
        self.next
    }

    /// Whether a change of a node's names waits.
    pub(super) fn concern(&self, node: u64) -> bool {
        self.pending.iter().any(|change| change.subjects.contains(&node) || change.directories.contains(&node))
    }

    /// A directory was synced when `newest` was the newest change. Takes and answers what is durable by that: the changes of its
    /// entries, and what happened before to whatever they are about; a name cannot be durable without the one it was made from.
    pub(super) fn synced(&mut self, directory: u64, newest: u64) -> Vec<Change> {
        let mut subjects: Vec<u64> = Vec::new();
        let mut durable = Vec::new();
        for at in (0..self.pending.len()).rev() {
            let change = &self.pending[at];
            let about = |nodes: &[u64]| nodes.iter().any(|node| subjects.contains(node));
            if change.number <= newest
                && (change.directories.contains(&directory) || about(&change.subjects) || about(&change.directories))
            {
                let change = self.pending.remove(at);
                subjects.extend(&change.subjects);
                durable.push(change);
            }
        }
        durable
    }

    /// Undoes all but the `stay` oldest. Answers how many it undid.
    pub(super) fn lose(self, stay: usize) -> io::Result<u64> {
        let mut undone = 0;
        for change in self.pending.into_iter().skip(stay).rev() {
            // What lay in a directory that is gone by now is gone with it.
            match undo(&change.what) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done?,
            }
            undone += 1;
        }
        Ok(undone)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }
}

fn undo(what: &What) -> io::Result<()> {
    match what {
        What::Made(path) => remove(path),
        What::Removed(path, kept) => fs::rename(kept, path),
        What::Renamed { from, to, replaced } => {
            fs::rename(to, from)?;
            replaced.as_ref().map_or(Ok(()), |replaced| fs::rename(replaced, to))
        }
    }
}

/// Takes away a file, or a directory with all that is in it.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}
