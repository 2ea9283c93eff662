use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, Filesystem, FopenFlags, Generation, INodeNo, LockOwner, OpenAccMode,
    OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen,
    ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::attributes::{attributes, kind};
use super::files::{Files, Sync};

/// How long the kernel may believe what it was told: it is the only one that changes anything.
const TTL: Duration = Duration::from_secs(1);
/// The flag of fallocate(2) that leaves a file's size as it is; no other is known here.
const KEEP_SIZE: i32 = 1;
/// The flag of open(2) for files that must not exist yet.
const O_EXCL: i32 = 0o200;

/// The file system: FUSE on the one side, [`Files`] on the other.
#[derive(Debug, Clone)]
pub(super) struct Layer(Arc<Mutex<Files>>);

impl Layer {
    pub(super) fn new(files: Files) -> Self {
        Self(Arc::new(Mutex::new(files)))
    }

    /// The files. A panic elsewhere has left them as they were.
    pub(super) fn files(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attributes(&self, node: u64, handle: Option<u64>) -> io::Result<FileAttr> {
        Ok(attributes(node, &self.files().metadata(node, handle)?))
    }

    /// Runs a sync on a thread of its own, so that nobody else waits for it. There are never more than threads that wait.
    fn sync(&self, begun: io::Result<Sync>, reply: ReplyEmpty) {
        let sync = match begun {
            Ok(sync) => sync,
            Err(error) => return reply.error(error.into()),
        };
        let layer = self.clone();
        let run = move || {
            let done = sync.run();
            layer.files().synced(&sync, done.is_ok());
            empty(done, reply);
        };
        // Without a thread the reply is dropped, and that is an answer: EIO.
        drop(std::thread::Builder::new().name("sync".to_owned()).spawn(run));
    }
}

fn empty(done: io::Result<()>, reply: ReplyEmpty) {
    match done {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error.into()),
    }
}

fn entry(found: io::Result<(u64, fs::Metadata)>, reply: ReplyEntry) {
    match found {
        Ok((node, metadata)) => reply.entry(&TTL, &attributes(node, &metadata), Generation(0)),
        Err(error) => reply.error(error.into()),
    }
}

impl Filesystem for Layer {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let mut files = self.files();
        let found = files.entry(parent.0, name).and_then(|path| files.look_up(&path));
        entry(found, reply);
    }

    fn forget(&self, _: &Request, node: INodeNo, times: u64) {
        self.files().forget(node.0, times);
    }

    fn getattr(&self, _: &Request, node: INodeNo, handle: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(node.0, handle.map(|handle| handle.0)) {
            Ok(attributes) => reply.attr(&TTL, &attributes),
            Err(error) => reply.error(error.into()),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        node: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        accessed: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _: Option<SystemTime>,
        handle: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let handle = handle.map(|handle| handle.0);
        let set = || {
            let mut files = self.files();
            if let Some(size) = size {
                files.set_length(node.0, handle, size)?;
            }
            if let Some(mode) = mode {
                fs::set_permissions(files.path(node.0)?, fs::Permissions::from_mode(mode & 0o7777))?;
            }
            if uid.is_some() || gid.is_some() {
                std::os::unix::fs::chown(files.path(node.0)?, uid, gid)?;
            }
            // Of the kernel's own making otherwise: the file below has its time already.
            let given = |time| if let Some(TimeOrNow::SpecificTime(time)) = time { Some(time) } else { None };
            if let (Some(accessed), Some(modified)) = (given(accessed), given(modified)) {
                let times = fs::FileTimes::new().set_accessed(accessed).set_modified(modified);
                File::open(files.path(node.0)?)?.set_times(times)?;
            }
            Ok(attributes(node.0, &files.metadata(node.0, handle)?))
        };
        match set() {
            Ok(attributes) => reply.attr(&TTL, &attributes),
            Err(error) => reply.error(io::Error::into(error)),
        }
    }

    fn readlink(&self, _: &Request, node: INodeNo, reply: ReplyData) {
        use std::os::unix::ffi::OsStrExt as _;
        match self.files().path(node.0).and_then(fs::read_link) {
            Ok(target) => reply.data(target.as_os_str().as_bytes()),
            Err(error) => reply.error(error.into()),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        let make = || {
            let mut files = self.files();
            files.may_make()?;
            let path = files.entry(parent.0, name)?;
            fs::DirBuilder::new().mode(mode & !umask & 0o7777).create(&path)?;
            files.made(parent.0, &path)
        };
        entry(make(), reply);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let mut files = self.files();
        let removed = files.entry(parent.0, name).and_then(|path| files.remove(parent.0, &path, false));
        empty(removed, reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let mut files = self.files();
        let removed = files.entry(parent.0, name).and_then(|path| files.remove(parent.0, &path, true));
        empty(removed, reply);
    }

    fn symlink(&self, _: &Request, parent: INodeNo, name: &OsStr, target: &Path, reply: ReplyEntry) {
        let make = || {
            let mut files = self.files();
            files.may_make()?;
            let path = files.entry(parent.0, name)?;
            std::os::unix::fs::symlink(target, &path)?;
            files.made(parent.0, &path)
        };
        entry(make(), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        to_parent: INodeNo,
        to_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let rename = || {
            let mut files = self.files();
            let (from, to) = (files.entry(parent.0, name)?, files.entry(to_parent.0, to_name)?);
            if flags == RenameFlags::RENAME_NOREPLACE && fs::symlink_metadata(&to).is_ok() {
                return Err(rustix::io::Errno::EXIST.into());
            }
            if !(flags - RenameFlags::RENAME_NOREPLACE).is_empty() {
                return Err(rustix::io::Errno::INVAL.into());
            }
            files.rename((parent.0, &from), (to_parent.0, &to))
        };
        empty(rename(), reply);
    }

    fn link(&self, _: &Request, node: INodeNo, to_parent: INodeNo, to_name: &OsStr, reply: ReplyEntry) {
        let make = || {
            let mut files = self.files();
            files.may_make()?;
            let path = files.entry(to_parent.0, to_name)?;
            fs::hard_link(files.path(node.0)?, &path)?;
            files.made(to_parent.0, &path)
        };
        entry(make(), reply);
    }

    fn open(&self, _: &Request, node: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        match self.files().open(node.0, flags.acc_mode() != OpenAccMode::O_RDONLY) {
            Ok(handle) => reply.opened(FileHandle(handle), FopenFlags::empty()),
            Err(error) => reply.error(error.into()),
        }
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        let make = || {
            let mut files = self.files();
            files.may_make()?;
            let path = files.entry(parent.0, name)?;
            let (new, mut options) = (!path.exists(), File::options());
            options.read(true).write(true).create(true).create_new(flags & O_EXCL != 0).truncate(false);
            let file = options.mode(mode & !umask & 0o7777).open(&path)?;
            let (node, metadata) = if new { files.made(parent.0, &path)? } else { files.look_up(&path)? };
            Ok((attributes(node, &metadata), files.opened(node, file)))
        };
        match make() {
            Ok((attributes, handle)) => {
                reply.created(&TTL, &attributes, Generation(0), FileHandle(handle), FopenFlags::empty());
            }
            Err(error) => reply.error(io::Error::into(error)),
        }
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        at: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let read = || {
            let file = {
                let mut files = self.files();
                files.may_read()?;
                files.file(handle.0)?
            };
            let (mut bytes, mut read) = (vec![0; size as usize], 0);
            while read < bytes.len() {
                match file.read_at(&mut bytes[read..], at + read as u64)? {
                    0 => break,
                    more => read += more,
                }
            }
            bytes.truncate(read);
            Ok(bytes)
        };
        match read() {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(io::Error::into(error)),
        }
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        at: u64,
        bytes: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.files().write(handle.0, at, bytes) {
            Ok(written) => reply.written(written),
            Err(error) => reply.error(error.into()),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn release(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.files().close(handle.0);
        reply.ok();
    }

    fn fsync(&self, _: &Request, node: INodeNo, handle: FileHandle, _: bool, reply: ReplyEmpty) {
        let begun = self.files().sync_file(node.0, handle.0);
        self.sync(begun, reply);
    }

    fn fsyncdir(&self, _: &Request, node: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let begun = self.files().sync_directory(node.0);
        self.sync(begun, reply);
    }

    fn readdir(&self, _: &Request, node: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let list = || {
            let path = self.files().path(node.0)?;
            let mut listed = vec![(node.0, fuser::FileType::Directory, ".".into())];
            listed.push((node.0, fuser::FileType::Directory, "..".into()));
            for entry in fs::read_dir(path)? {
                let entry = entry?;
                listed.push((entry.metadata()?.ino(), kind(entry.file_type()?), entry.file_name()));
            }
            // In one order, so that a place in it means the same the next time.
            listed.sort_by(|(.., one), (.., other)| one.cmp(other));
            Ok(listed)
        };
        match list() {
            Ok(listed) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                for (place, (inode, kind, name)) in listed.into_iter().enumerate().skip(from) {
                    if reply.add(INodeNo(inode), place as u64 + 1, kind, name) {
                        break;
                    }
                }
                reply.ok();
            }
            Err(error) => reply.error(io::Error::into(error)),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        match self.files().room() {
            Ok((stat, left)) => {
                let fragment = stat.f_frsize.max(1);
                let free = |free: u64| left.map_or(free, |left| free.min(left / fragment));
                let size = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX);
                reply.statfs(
                    stat.f_blocks,
                    free(stat.f_bfree),
                    free(stat.f_bavail),
                    stat.f_files,
                    stat.f_ffree,
                    size(stat.f_bsize),
                    size(stat.f_namemax),
                    size(stat.f_frsize),
                );
            }
            Err(error) => reply.error(error.into()),
        }
    }

    fn fallocate(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        if mode & !KEEP_SIZE != 0 {
            return reply.error(Errno::EOPNOTSUPP);
        }
        empty(self.files().allocate(handle.0, offset, length, mode & KEEP_SIZE != 0), reply);
    }
}
