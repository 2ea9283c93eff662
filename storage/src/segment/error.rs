use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use eyrie_types::KeyId;

/// Why bytes are not what format v1 says they must be, or why values cannot be written in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The bytes end before the box does.
    #[error("the {0} is cut short")]
    Truncated(&'static str),
    /// Another box stands where this one must.
    #[error("no {0} where one must stand")]
    NotFound(&'static str),
    /// A version this program does not read.
    #[error("format version {0} is not one this program reads")]
    Version(u8),
    /// A cipher this program does not know.
    #[error("cipher {0} is not one this program knows")]
    Cipher(u8),
    /// The box's CRC32C does not match its bytes.
    #[error("the checksum of the {0} does not match")]
    Checksum(&'static str),
    /// A field holds what the format does not allow.
    #[error("the field '{0}' holds what the format does not allow")]
    Field(&'static str),
    /// The fragment or footer was written for another segment, camera, epoch or tenant.
    #[error("the {0} belongs to another segment")]
    Foreign(&'static str),
    /// The fragments are not in their order.
    #[error("fragment {found} stands where fragment {expected} must")]
    OutOfOrder {
        /// The number that follows from its place.
        expected: u32,
        /// The number its header gives.
        found: u32,
    },
    /// The BLAKE3 hash of the stored bytes does not match.
    #[error("the stored bytes of the {0} do not match their hash")]
    StoredHash(&'static str),
    /// The SHA-256 of the plaintext does not match.
    #[error("the plaintext of fragment {0} does not match its leaf")]
    Leaf(u32),
    /// The header in the file is not the one the fragment table tells of.
    #[error("fragment {0} is not the one the fragment table tells of")]
    Entry(u32),
    /// The cipher refused the bytes: changed, moved, or sealed with another key.
    #[error("the {0} cannot be unsealed: it was changed, or the key is another")]
    Tag(&'static str),
    /// The Merkle root does not follow from the leaves.
    #[error("the Merkle root does not follow from the leaves")]
    MerkleRoot,
    /// The segment is sealed and no key was given, or another one than its header names.
    #[error("the segment needs {0:?}")]
    KeyNeeded(KeyId),
    /// More bytes than the format allows.
    #[error("the {what} has {bytes} bytes, and at most {max} are allowed")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// Its size.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// A part that must not be empty is.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// The segment holds all the fragments it may.
    #[error("the segment holds {0} fragments, which is all it may")]
    SegmentFull(u32),
}

/// Why a segment file cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SegmentError {
    /// The file system refused.
    #[error("cannot {action} {path}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// The system's answer.
        source: Arc<io::Error>,
    },
    /// The bytes are not a sound segment.
    #[error("{path}: at byte {offset}")]
    Format {
        /// Which file.
        path: PathBuf,
        /// Where the box at fault begins.
        offset: u64,
        /// What is wrong.
        source: FormatError,
    },
    /// Not a regular file: a directory, device, pipe or symbolic link.
    #[error("{0} is not a regular file")]
    NotAFile(PathBuf),
}
