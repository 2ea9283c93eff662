use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use eyrie_types::FragmentEntry;
use rustix::fs::OFlags;

use super::boxes;
use super::opener::{FRAGMENT_START_BYTES, STORED_FRAGMENT_BYTES_MAX, SegmentOpener, ftyp_length};
use super::{Footer, FormatError, FragmentHead, Scan, SegmentError, SegmentHead, scan};
use crate::keys::SegmentKey;

/// Reads one segment file, open, closed or damaged. Every answer was verified: hashes always, tags where the key is known.
///
/// It blocks on the disk; call it from a thread that may. It holds one file descriptor and, of a closed file, the table.
pub struct SegmentReader {
    path: PathBuf,
    file: File,
    opener: SegmentOpener,
    footer: Option<Footer>,
}

impl SegmentReader {
    /// Opens a file and reads its header and, if it has one, its footer. Without `key` a sealed segment can still be scanned
    /// and its stored bytes verified.
    ///
    /// # Errors
    /// When the file cannot be read, is not a segment, its header was changed, or `key` is not the one it names. A damaged or
    /// missing footer is no error: the segment counts as unclosed.
    pub fn open(path: impl Into<PathBuf>, key: Option<&SegmentKey>) -> Result<Self, SegmentError> {
        let path = path.into();
        let file = open_regular(&path)?;
        let format = |offset, source| SegmentError::Format { path: path.clone(), offset, source };
        let ftyp = read_at(&path, &file, 0, 8)?.unwrap_or_default();
        let ftyp_length = ftyp_length(&ftyp).map_err(|source| format(0, source))?;
        let at = u64::from(ftyp_length);
        let opener = read_at(&path, &file, at, SegmentHead::LENGTH)?
            .ok_or(FormatError::Truncated("segment header"))
            .and_then(|bytes| SegmentHead::parse(&bytes))
            .and_then(|head| SegmentOpener::new(head, ftyp_length, key))
            .map_err(|source| format(at, source))?;
        let mut reader = Self { path, file, opener, footer: None };
        reader.footer = reader.read_footer()?;
        Ok(reader)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its header.
    pub fn head(&self) -> &SegmentHead {
        self.opener.head()
    }

    /// Its footer; `None` while, or because, it was not closed.
    pub fn footer(&self) -> Option<&Footer> {
        self.footer.as_ref()
    }

    /// Whether somebody deleted the file meanwhile.
    ///
    /// # Errors
    /// When the file system does not tell.
    pub fn is_deleted(&self) -> Result<bool, SegmentError> {
        self.file.metadata().map(|meta| meta.nlink() == 0).map_err(|source| io_error("measure", &self.path, source))
    }

    /// Bytes of the file right now.
    ///
    /// # Errors
    /// When the file system does not tell.
    pub fn bytes(&self) -> Result<u64, SegmentError> {
        self.file.metadata().map(|meta| meta.len()).map_err(|source| io_error("measure", &self.path, source))
    }

    /// The init segment: `ftyp` and `moov`, unsealed.
    ///
    /// # Errors
    /// When it was changed or its key is not known.
    pub fn init(&self) -> Result<Bytes, SegmentError> {
        let (ftyp, stored) = self.stored_init()?;
        self.opener.init(&ftyp, &stored).map_err(|source| self.format(self.init_offset(), source))
    }

    /// The plaintext of a fragment: `moof` and `mdat`. `entry` comes from the footer, a scan, or the index, and must agree with
    /// the file to the last bit.
    ///
    /// # Errors
    /// When anything was changed, moved or cut, or the key is not known.
    pub fn fragment(&self, entry: &FragmentEntry) -> Result<Bytes, SegmentError> {
        let stored = self.read_fragment(entry.number, entry.offset, entry.length)?;
        self.opener.fragment(entry, &stored.into()).map_err(|source| self.format(entry.offset, source))
    }

    /// The first bytes of a fragment's plaintext, and how many it has in all: its `moof`, which one sealed chunk (64 KiB) holds
    /// with room to spare, for the price of reading that. Of a sealed fragment these bytes are authentic; of a plain one only
    /// its header was checked, so read the fragment whole before what its `moof` says is relied upon.
    ///
    /// # Errors
    /// When the header or these bytes were changed, moved or cut, or the key is not known.
    pub fn fragment_start(&self, entry: &FragmentEntry) -> Result<(Bytes, u32), SegmentError> {
        let length = entry.length.min(FRAGMENT_START_BYTES);
        let stored = self.read_fragment(entry.number, entry.offset, length)?;
        self.opener.fragment_start(entry, &stored.into()).map_err(|source| self.format(entry.offset, source))
    }

    /// Checks a fragment's header and stored bytes without any key: what scrubbing does.
    ///
    /// # Errors
    /// When they were changed, moved or cut.
    pub fn verify_stored(&self, entry: &FragmentEntry) -> Result<(), SegmentError> {
        let stored = self.read_fragment(entry.number, entry.offset, entry.length)?;
        self.opener.check_entry(entry, &stored).map(drop).map_err(|source| self.format(entry.offset, source))
    }

    /// The first bytes of the file up to its first fragment, as stored, checked.
    ///
    /// # Errors
    /// When they were changed or cut.
    pub fn stored_head(&self) -> Result<Bytes, SegmentError> {
        let (ftyp, init) = self.stored_init()?;
        let head = self.head().encode();
        Ok([ftyp, head, init].concat().into())
    }

    /// Fragment `number`, which begins at `offset`, as stored: `length` bytes, header and all, checked without any key. Of less
    /// than all of it, its header alone is checked.
    ///
    /// # Errors
    /// When it is not there, or was changed, moved or cut.
    pub fn stored_fragment(&self, number: u32, offset: u64, length: u32) -> Result<Bytes, SegmentError> {
        let format = |source| self.format(offset, source);
        let stored = self.read_fragment(number, offset, length)?;
        let head = self.opener.check_place(number, &stored).map_err(format)?;
        if head.entry(offset).length <= length {
            self.opener.check(number, &stored).map_err(format)?;
        }
        Ok(stored.into())
    }

    /// Checks everything there is: init segment, each fragment, and that the footer tells of the very fragments that are there.
    /// With the key the plaintext too; without it the stored bytes.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn verify(&self) -> Result<Scan, SegmentError> {
        let sealed_away = self.opener.is_sealed_away();
        if sealed_away {
            self.stored_init().map(drop)?
        } else {
            self.init().map(drop)?
        }
        let scan = self.scan(0)?;
        if let scan::ScanEnd::Damaged { reason } = &scan.end {
            return Err(self.format(scan.bytes, reason.clone()));
        }
        if !sealed_away {
            for entry in &scan.fragments {
                self.fragment(entry)?;
            }
        }
        Ok(scan)
    }

    /// Walks the file from its first fragment and stops at the first damage. Headers are checked everywhere, stored bytes (which
    /// means reading them) only of fragments that begin at or after byte `verify_from`: 0 for all of them, or what the index knew
    /// to be durable.
    ///
    /// # Errors
    /// When the disk fails; damage is part of the answer.
    pub fn scan(&self, verify_from: u64) -> Result<Scan, SegmentError> {
        scan::scan(self, verify_from)
    }

    /// `ftyp` and the stored init bytes, checked against their hash.
    fn stored_init(&self) -> Result<(Vec<u8>, Vec<u8>), SegmentError> {
        let at = self.init_offset();
        let cut = || self.format(at, FormatError::Truncated("init segment"));
        let ftyp = self.read(0, self.head().ftyp_length as usize)?.ok_or_else(cut)?;
        let stored = self.read(at, self.head().init_length as usize)?.ok_or_else(cut)?;
        self.opener.check_init(&ftyp, &stored).map_err(|source| self.format(at, source))?;
        Ok((ftyp, stored))
    }

    /// `length` bytes of the fragment `number` that begins at `offset`, unchecked.
    fn read_fragment(&self, number: u32, offset: u64, length: u32) -> Result<Vec<u8>, SegmentError> {
        if u64::from(length) > STORED_FRAGMENT_BYTES_MAX {
            return Err(self.format(offset, FormatError::Entry(number)));
        }
        let bytes = self.read(offset, length as usize)?;
        bytes.ok_or_else(|| self.format(offset, FormatError::Truncated("fragment")))
    }

    fn read_footer(&self) -> Result<Option<Footer>, SegmentError> {
        let end = self.bytes()?;
        let Some(trailer_at) = end.checked_sub(Footer::TRAILER as u64) else { return Ok(None) };
        let Some(trailer) = self.read(trailer_at, Footer::TRAILER)? else { return Ok(None) };
        let Some(length) = Footer::length_from_trailer(&trailer) else { return Ok(None) };
        let Some(at) = end.checked_sub(length as u64) else { return Ok(None) };
        let bytes = self.read(at, length)?;
        Ok(bytes.and_then(|bytes| self.parse_footer(&bytes, at).ok()))
    }

    pub(super) fn parse_footer(&self, bytes: &[u8], at: u64) -> Result<Footer, FormatError> {
        Footer::parse(bytes, at, self.head(), self.opener.cipher())
    }

    pub(super) fn binding(&self) -> &[u8; 32] {
        self.opener.binding()
    }

    /// `length` bytes at `offset`, or `None` when the file ends before.
    pub(super) fn read(&self, offset: u64, length: usize) -> Result<Option<Vec<u8>>, SegmentError> {
        read_at(&self.path, &self.file, offset, length)
    }

    fn init_offset(&self) -> u64 {
        u64::from(self.head().ftyp_length) + SegmentHead::LENGTH as u64
    }

    fn format(&self, offset: u64, source: FormatError) -> SegmentError {
        SegmentError::Format { path: self.path.clone(), offset, source }
    }
}

/// Bytes of a fragment's plaintext: what is left of its stored length without header box and, where it is sealed, seals.
pub fn plain_length(entry: &FragmentEntry, sealed: bool) -> u32 {
    let stored = entry.length.saturating_sub(FragmentHead::LENGTH as u32);
    if sealed { unsealed_length(stored) } else { stored }
}

/// Undoes [`super::cipher::sealed_box_length`].
pub(super) fn unsealed_length(stored: u32) -> u32 {
    let chunks = stored.saturating_sub(boxes::UUID_BOX_HEAD as u32);
    chunks.saturating_sub(chunks.div_ceil(64 * 1024) * super::cipher::TAG as u32)
}

/// Opens a regular file for reading; neither follows a symbolic link nor waits for a pipe's other end.
fn open_regular(path: &Path) -> Result<File, SegmentError> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
    let file = File::options().read(true).custom_flags(flags).open(path);
    let file = file.map_err(|source| match rustix::io::Errno::from_io_error(&source) {
        Some(rustix::io::Errno::LOOP) => SegmentError::NotAFile(path.to_owned()),
        _ => io_error("open", path, source),
    })?;
    let meta = file.metadata().map_err(|source| io_error("measure", path, source))?;
    if meta.is_file() { Ok(file) } else { Err(SegmentError::NotAFile(path.to_owned())) }
}

fn read_at(path: &Path, file: &File, offset: u64, length: usize) -> Result<Option<Vec<u8>>, SegmentError> {
    let mut bytes = vec![0; length];
    match file.read_exact_at(&mut bytes, offset) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(source) => Err(io_error("read", path, source)),
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> SegmentError {
    SegmentError::Io { action, path: path.to_owned(), source: Arc::new(source) }
}
