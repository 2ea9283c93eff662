use std::fs::ReadDir;
use std::path::{Path, PathBuf};

use eyrie_types::WallTime;

use super::{SegmentHead, SegmentPath, SegmentReader};

/// Levels below the root: tenant, camera, day, file.
const DEPTH: usize = 4;
/// The level whose entries are days.
const DAYS: usize = 3;

/// A segment file that a walk found, known from its header alone.
#[derive(Debug, Clone)]
pub struct FoundSegment {
    /// The file.
    pub path: PathBuf,
    /// Its header.
    pub head: SegmentHead,
    /// Bytes of the file.
    pub bytes: u64,
    /// It ends with a sound footer, whose tag was not checked (a walk has no keys).
    pub closed: bool,
}

/// A file or directory that is not what it would have to be at its place.
#[derive(Debug, Clone)]
pub struct Skipped {
    /// Where.
    pub path: PathBuf,
    /// Why, for a person.
    pub reason: String,
}

/// Walks the segments below `root`, in no order, one at a time: it holds at most one open directory a level. It never leaves
/// `root`: symbolic links are skipped. Names at the top that begin with a dot
/// are not ours to judge.
pub fn walk(root: impl Into<PathBuf>) -> Walk {
    Walk { root: root.into(), open: Vec::new(), started: false, since: None }
}

/// See [`walk`].
pub struct Walk {
    root: PathBuf,
    open: Vec<ReadDir>,
    started: bool,
    /// The name of the first directory of a day that is entered.
    since: Option<String>,
}

impl Iterator for Walk {
    type Item = Result<FoundSegment, Skipped>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.started {
            self.started = true;
            let root = self.root.clone();
            if let Err(skipped) = self.enter(&root) {
                return Some(Err(skipped));
            }
        }
        loop {
            let depth = self.open.len();
            let Some(entry) = self.open.last_mut()?.next() else {
                self.open.pop();
                continue;
            };
            let skip = |path: &Path, reason: String| Some(Err(Skipped { path: path.to_owned(), reason }));
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return skip(&self.root, format!("a directory cannot be listed: {error}")),
            };
            let path = entry.path();
            if depth == 1 && entry.file_name().as_encoded_bytes().first() == Some(&b'.') {
                continue;
            }
            match entry.file_type() {
                Err(error) => return skip(&path, format!("cannot be looked at: {error}")),
                // Names of days sort as the days do.
                Ok(_) if depth == DAYS && self.since.as_deref() > entry.file_name().to_str() => {}
                Ok(kind) if depth < DEPTH && kind.is_dir() => {
                    if let Err(skipped) = self.enter(&path) {
                        return Some(Err(skipped));
                    }
                }
                Ok(kind) if depth == DEPTH && kind.is_file() => return Some(self.look(path)),
                Ok(_) => return skip(&path, "not a file or directory that belongs here".to_owned()),
            }
        }
    }
}

impl Walk {
    /// Only segments that began on the UTC day of `moment` or later: directories of earlier days are not even opened.
    #[must_use]
    pub fn since(mut self, moment: WallTime) -> Self {
        // RFC 3339 with fixed columns, as in paths: 2026-01-31T12:34:56.000000Z.
        self.since = moment.to_string().get(..10).map(ToOwned::to_owned);
        self
    }

    fn enter(&mut self, path: &Path) -> Result<(), Skipped> {
        match std::fs::read_dir(path) {
            Ok(directory) => {
                self.open.push(directory);
                Ok(())
            }
            Err(error) => {
                Err(Skipped { path: path.to_owned(), reason: format!("the directory cannot be listed: {error}") })
            }
        }
    }

    fn look(&self, path: PathBuf) -> Result<FoundSegment, Skipped> {
        let skipped = |reason: String| Skipped { path: path.clone(), reason };
        let relative = path.strip_prefix(&self.root).unwrap_or(&path);
        let place = SegmentPath::parse(relative).map_err(|error| skipped(error.to_string()))?;
        let reader = SegmentReader::open(&path, None).map_err(|error| skipped(crate::segment::chain(&error)))?;
        let bytes = reader.bytes().map_err(|error| skipped(error.to_string()))?;
        let head = reader.head().clone();
        if SegmentPath::new(head.placement.clone(), head.segment, head.start) != place {
            return Err(skipped("the header tells of another segment than the path".to_owned()));
        }
        let closed = reader.footer().is_some();
        Ok(FoundSegment { path, head, bytes, closed })
    }
}
