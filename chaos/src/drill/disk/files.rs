use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;

use super::changes::{Change, Changes, OLD_BYTES_MAX, What, remove};
use super::dirty::{Dirty, SyncMark};
use super::faults::Faults;
use super::{Answer, Order};
use crate::drill::DiskCalls;
use crate::sim::Dice;

/// The node of the file system's root, as FUSE has it.
const ROOT: u64 = 1;

/// All that the layer knows of the files it hands through, and what would be lost of them.
#[derive(Debug)]
pub(super) struct Files {
    /// The directory that is handed through.
    root: PathBuf,
    /// Where that is put which was taken away and may have to come back. On the same file system.
    kept: PathBuf,
    nodes: HashMap<u64, Node>,
    /// By their numbers below.
    by_inode: HashMap<u64, u64>,
    handles: HashMap<u64, (u64, Arc<File>)>,
    next: u64,
    changes: Changes,
    /// Bytes of [`Dirty`] of all nodes.
    old_bytes: u64,
    pub(super) faults: Faults,
}

/// A file or directory that the kernel knows, or of which something would be lost.
#[derive(Debug)]
struct Node {
    inode: u64,
    /// Where it is; several for hard links, none when it is gone for good.
    paths: Vec<PathBuf>,
    /// How often the kernel was told of it.
    lookups: u64,
    dirty: Option<Dirty>,
}

/// A sync that runs.
#[derive(Debug)]
pub(super) struct Sync {
    node: u64,
    file: Arc<File>,
    of: SyncOf,
    slow: Duration,
    fails: bool,
}

#[derive(Debug, Clone, Copy)]
enum SyncOf {
    File(Option<SyncMark>),
    /// A directory, when this was the newest change.
    Directory(u64),
}

impl Files {
    /// Hands `root` through; `kept` is made.
    pub(super) fn new(root: PathBuf, kept: PathBuf, seed: u64) -> io::Result<Self> {
        fs::create_dir_all(&kept)?;
        let inode = fs::metadata(&root)?.ino();
        let node = Node { inode, paths: vec![root.clone()], lookups: 1, dirty: None };
        Ok(Self {
            root,
            kept,
            nodes: [(ROOT, node)].into(),
            by_inode: [(inode, ROOT)].into(),
            handles: HashMap::new(),
            next: ROOT,
            changes: Changes::default(),
            old_bytes: 0,
            faults: Faults::none(seed),
        })
    }

    /// Where a node is.
    pub(super) fn path(&self, node: u64) -> io::Result<PathBuf> {
        self.nodes.get(&node).and_then(|node| node.paths.first()).cloned().ok_or_else(|| Errno::STALE.into())
    }

    /// Where an entry of a directory is.
    pub(super) fn entry(&self, directory: u64, name: &std::ffi::OsStr) -> io::Result<PathBuf> {
        Ok(self.path(directory)?.join(name))
    }

    /// The node at a path, and what it is. The kernel is told of it.
    pub(super) fn look_up(&mut self, path: &Path) -> io::Result<(u64, Metadata)> {
        let metadata = fs::symlink_metadata(path)?;
        let number = self.number(path, &metadata);
        if let Some(node) = self.nodes.get_mut(&number) {
            node.lookups += 1;
        }
        Ok((number, metadata))
    }

    fn number(&mut self, path: &Path, metadata: &Metadata) -> u64 {
        let number = *self.by_inode.entry(metadata.ino()).or_insert_with(|| {
            self.next += 1;
            self.next
        });
        let new = || Node { inode: metadata.ino(), paths: Vec::new(), lookups: 0, dirty: None };
        let node = self.nodes.entry(number).or_insert_with(new);
        if !node.paths.iter().any(|known| known == path) {
            node.paths.push(path.to_owned());
        }
        number
    }

    /// The kernel forgets that it was told of a node so often.
    pub(super) fn forget(&mut self, number: u64, times: u64) {
        let Some(node) = self.nodes.get_mut(&number) else { return };
        node.lookups = node.lookups.saturating_sub(times);
        let length =
            || node.paths.first().and_then(|path| fs::symlink_metadata(path).ok()).map_or(0, |file| file.len());
        let clean = node.paths.is_empty() || node.dirty.as_ref().is_none_or(|dirty| dirty.is_clean(length()));
        if number != ROOT && node.lookups == 0 && clean && !self.changes.concern(number) {
            self.by_inode.remove(&node.inode);
            self.nodes.remove(&number);
        }
    }

    /// What a node is.
    pub(super) fn metadata(&self, node: u64, handle: Option<u64>) -> io::Result<Metadata> {
        if let Some((_, file)) = handle.and_then(|handle| self.handles.get(&handle)) {
            return file.metadata();
        }
        match self.path(node) {
            Ok(path) => fs::symlink_metadata(path),
            // Gone, and open still.
            Err(gone) => match self.handles.values().find(|(of, _)| *of == node) {
                Some((_, file)) => file.metadata(),
                None => Err(gone),
            },
        }
    }

    /// Opens a file; answers its handle.
    pub(super) fn open(&mut self, node: u64, writing: bool) -> io::Result<u64> {
        // What is overwritten has to be read before.
        let file = File::options().read(true).write(writing).open(self.path(node)?)?;
        Ok(self.opened(node, file))
    }

    /// A handle for an open file.
    pub(super) fn opened(&mut self, node: u64, file: File) -> u64 {
        self.next += 1;
        self.handles.insert(self.next, (node, Arc::new(file)));
        self.next
    }

    /// A handle is closed.
    pub(super) fn close(&mut self, handle: u64) {
        self.handles.remove(&handle);
    }

    /// The file of a handle.
    pub(super) fn file(&self, handle: u64) -> io::Result<Arc<File>> {
        self.handles.get(&handle).map(|(_, file)| Arc::clone(file)).ok_or_else(|| Errno::BADF.into())
    }

    /// Something was made. What is made is empty, so nothing of it is durable.
    pub(super) fn made(&mut self, directory: u64, path: &Path) -> io::Result<(u64, Metadata)> {
        let (node, metadata) = self.look_up(path)?;
        if metadata.is_file()
            && metadata.nlink() == 1
            && let Some(node) = self.nodes.get_mut(&node)
        {
            node.dirty = Some(Dirty::new(0));
        }
        self.change(What::Made(path.to_owned()), vec![directory], vec![node]);
        Ok((node, metadata))
    }

    /// Whether there may be another name now.
    pub(super) fn may_make(&mut self) -> io::Result<()> {
        self.may_write()?;
        if self.faults.has_room_for_a_name() { Ok(()) } else { Err(Errno::NOSPC.into()) }
    }

    /// Whether this change fails.
    pub(super) fn may_write(&mut self) -> io::Result<()> {
        if self.faults.fails(DiskCalls::Writes) { Err(Errno::IO.into()) } else { Ok(()) }
    }

    /// Takes an entry away.
    pub(super) fn remove(&mut self, directory: u64, path: &Path, is_directory: bool) -> io::Result<()> {
        self.may_write()?;
        let metadata = fs::symlink_metadata(path)?;
        match (is_directory, metadata.is_dir()) {
            (true, false) => return Err(Errno::NOTDIR.into()),
            (false, true) => return Err(Errno::ISDIR.into()),
            (true, true) if fs::read_dir(path)?.next().is_some() => return Err(Errno::NOTEMPTY.into()),
            _ => {}
        }
        let node = self.number(path, &metadata);
        let kept = self.put_aside(path)?;
        if metadata.is_file() {
            self.faults.give(metadata.len());
        }
        self.change(What::Removed(path.to_owned(), kept), vec![directory], vec![node]);
        Ok(())
    }

    /// Renames an entry.
    pub(super) fn rename(&mut self, (from_dir, from): (u64, &Path), (to_dir, to): (u64, &Path)) -> io::Result<()> {
        self.may_write()?;
        let metadata = fs::symlink_metadata(from)?;
        let mut subjects = vec![self.number(from, &metadata)];
        let replaced = match fs::symlink_metadata(to) {
            // Two names of one file: both stay, says POSIX.
            Ok(there) if there.ino() == metadata.ino() => return Ok(()),
            Ok(there) if there.is_dir() != metadata.is_dir() => {
                return Err(if there.is_dir() { Errno::ISDIR } else { Errno::NOTDIR }.into());
            }
            Ok(there) if there.is_dir() && fs::read_dir(to)?.next().is_some() => return Err(Errno::NOTEMPTY.into()),
            Ok(there) => {
                subjects.push(self.number(to, &there));
                Some(self.put_aside(to)?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if let Err(error) = fs::rename(from, to) {
            if let Some(kept) = &replaced {
                fs::rename(kept, to)?;
                self.moved(kept, to);
            }
            return Err(error);
        }
        self.moved(from, to);
        let what = What::Renamed { from: from.to_owned(), to: to.to_owned(), replaced };
        self.change(what, vec![from_dir, to_dir], subjects);
        Ok(())
    }

    fn put_aside(&mut self, path: &Path) -> io::Result<PathBuf> {
        self.next += 1;
        let kept = self.kept.join(self.next.to_string());
        fs::rename(path, &kept)?;
        self.moved(path, &kept);
        Ok(kept)
    }

    /// All that was at or below `from` is at or below `to` now.
    fn moved(&mut self, from: &Path, to: &Path) {
        for path in self.nodes.values_mut().flat_map(|node| &mut node.paths) {
            if let Ok(below) = path.strip_prefix(from) {
                *path = if below.as_os_str().is_empty() { to.to_owned() } else { to.join(below) };
            }
        }
    }

    fn change(&mut self, what: What, directories: Vec<u64>, subjects: Vec<u64>) {
        let durable = self.changes.add(what, directories, subjects);
        self.settle(durable);
    }

    /// These changes are durable: what they took away is gone.
    fn settle(&mut self, durable: Vec<Change>) {
        for change in durable {
            let (What::Removed(_, kept) | What::Renamed { replaced: Some(kept), .. }) = change.what else { continue };
            let links = fs::symlink_metadata(&kept).map_or(0, |metadata| metadata.nlink());
            // It lies in our own directory; what cannot be taken away is gone with that.
            let _ = remove(&kept);
            for number in change.subjects {
                let Some(node) = self.nodes.get_mut(&number) else { continue };
                node.paths.retain(|path| !path.starts_with(&kept));
                if node.paths.is_empty() && links <= 1 {
                    self.by_inode.remove(&node.inode);
                    // Nothing of it can be lost any more.
                    node.dirty = None;
                }
            }
        }
    }

    /// Reads from an open file.
    pub(super) fn may_read(&mut self) -> io::Result<()> {
        if self.faults.fails(DiskCalls::Reads) { Err(Errno::IO.into()) } else { Ok(()) }
    }

    /// Writes as much as there is room for. Answers how much that was.
    pub(super) fn write(&mut self, handle: u64, at: u64, bytes: &[u8]) -> io::Result<u32> {
        self.may_write()?;
        let (node, file) = self.handles.get(&handle).cloned().ok_or(Errno::BADF)?;
        let length = file.metadata()?.len();
        let growth = (at + bytes.len() as u64).saturating_sub(length);
        let taken = self.faults.take(growth);
        let written = (bytes.len() as u64).saturating_sub(growth - taken);
        if written == 0 && !bytes.is_empty() {
            self.faults.give(taken);
            return Err(Errno::NOSPC.into());
        }
        let bytes = bytes.get(..usize::try_from(written).map_err(io::Error::other)?).unwrap_or(bytes);
        self.keep(node, &file, length, at, written)?;
        file.write_all_at(bytes, at)?;
        u32::try_from(written).map_err(io::Error::other)
    }

    /// Makes a file longer or shorter.
    pub(super) fn set_length(&mut self, node: u64, handle: Option<u64>, to: u64) -> io::Result<()> {
        self.may_write()?;
        let file = match handle {
            Some(handle) => self.file(handle)?,
            None => Arc::new(File::options().read(true).write(true).open(self.path(node)?)?),
        };
        let length = file.metadata()?.len();
        let growth = to.saturating_sub(length);
        if self.faults.take(growth) < growth {
            return Err(Errno::NOSPC.into());
        }
        self.faults.give(length.saturating_sub(to));
        self.keep(node, &file, length, to, u64::MAX)?;
        file.set_len(to)
    }

    /// Sets aside room for a file, which may make it longer.
    pub(super) fn allocate(&mut self, handle: u64, at: u64, length: u64, keeps_size: bool) -> io::Result<()> {
        self.may_write()?;
        let (node, file) = self.handles.get(&handle).cloned().ok_or(Errno::BADF)?;
        let now = file.metadata()?.len();
        let growth = (at + length).saturating_sub(now);
        if self.faults.take(growth) < growth {
            return Err(Errno::NOSPC.into());
        }
        self.keep(node, &file, now, now, 0)?;
        let flags =
            if keeps_size { rustix::fs::FallocateFlags::KEEP_SIZE } else { rustix::fs::FallocateFlags::empty() };
        Ok(rustix::fs::fallocate(&*file, flags, at, length)?)
    }

    /// Before something of a file is overwritten or cut off.
    fn keep(&mut self, node: u64, file: &File, length: u64, at: u64, bytes: u64) -> io::Result<()> {
        let Some(node) = self.nodes.get_mut(&node) else { return Ok(()) };
        let dirty = node.dirty.get_or_insert_with(|| Dirty::new(length));
        self.old_bytes += dirty.keep(file, at, bytes)?;
        if self.old_bytes > OLD_BYTES_MAX {
            for dirty in self.nodes.values_mut().filter_map(|node| node.dirty.as_mut()) {
                self.old_bytes -= dirty.written_back();
            }
        }
        Ok(())
    }

    /// A sync of a file begins.
    pub(super) fn sync_file(&mut self, node: u64, handle: u64) -> io::Result<Sync> {
        let file = self.file(handle)?;
        let length = file.metadata()?.len();
        let dirty = self.nodes.get_mut(&node).and_then(|node| node.dirty.as_mut());
        let of = SyncOf::File(dirty.map(|dirty| dirty.sync_begins(length)));
        Ok(self.sync(node, file, of))
    }

    /// A sync of a directory begins.
    pub(super) fn sync_directory(&mut self, node: u64) -> io::Result<Sync> {
        let file = Arc::new(File::open(self.path(node)?)?);
        let of = SyncOf::Directory(self.changes.newest());
        Ok(self.sync(node, file, of))
    }

    fn sync(&mut self, node: u64, file: Arc<File>, of: SyncOf) -> Sync {
        Sync { node, file, of, slow: self.faults.slow(), fails: self.faults.fails(DiskCalls::Syncs) }
    }

    /// A sync is over.
    pub(super) fn synced(&mut self, sync: &Sync, succeeded: bool) {
        match sync.of {
            SyncOf::File(Some(mark)) => {
                let dirty = self.nodes.get_mut(&sync.node).and_then(|node| node.dirty.as_mut());
                self.old_bytes -= dirty.map_or(0, |dirty| dirty.sync_ended(mark, succeeded));
            }
            SyncOf::Directory(newest) if succeeded => {
                let durable = self.changes.synced(sync.node, newest);
                self.settle(durable);
            }
            _ => {}
        }
    }

    /// Room of the disk: all bytes, and those that are left.
    pub(super) fn room(&self) -> io::Result<(rustix::fs::StatVfs, Option<u64>)> {
        Ok((rustix::fs::statvfs(&self.root)?, self.faults.room()))
    }

    /// Does what was ordered.
    pub(super) fn obey(&mut self, order: Order) -> Answer {
        let Order::Lose { torn } = order else {
            self.faults.set(order);
            return Answer::Done;
        };
        self.lose(torn).unwrap_or_else(|error| Answer::Failed(format!("undoing what was not synced: {error}")))
    }

    /// Brings the directory back to what is durable.
    fn lose(&mut self, torn: Option<u64>) -> io::Result<Answer> {
        let mut dice = torn.map(Dice::new);
        self.handles.clear();
        let (mut files, mut bytes) = (0, 0);
        let mut nodes: Vec<_> = std::mem::take(&mut self.nodes).into_iter().collect();
        // One seed, one end.
        nodes.sort_by_key(|(number, _)| *number);
        for (_, node) in nodes {
            let (Some(path), Some(dirty)) = (node.paths.first(), node.dirty) else { continue };
            let file = File::options().read(true).write(true).open(path)?;
            if !dirty.is_clean(file.metadata()?.len()) {
                files += 1;
                bytes += dirty.lose(&file, dice.as_mut())?;
            }
        }
        let changes = std::mem::take(&mut self.changes);
        // Names are written back in their order, if at all.
        let stay = dice.as_mut().map_or(0, |dice| dice.within(0..changes.len() as u64 + 1) as usize);
        let names = changes.lose(stay)?;
        fs::remove_dir_all(&self.kept)?;
        Ok(Answer::Lost { files, bytes, names })
    }
}

impl Sync {
    /// Takes as long as it takes.
    pub(super) fn run(&self) -> io::Result<()> {
        std::thread::sleep(self.slow);
        if self.fails { Err(Errno::IO.into()) } else { self.file.sync_all() }
    }
}
