use eyrie_types::{KeyId, NodeId, SegmentId};

use super::ElsewhereError;
use crate::segment::SegmentError;
use crate::store::StoreError;

/// Why footage cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FootageError {
    /// The index has no such segment of this camera.
    #[error("no such segment")]
    UnknownSegment,
    /// The index knows the segment, but no disk of this node holds its file.
    #[error("the file of segment {0} is gone")]
    Lost(SegmentId),
    /// Another node holds it, and it cannot be had from there now. That says nothing about the file.
    #[error("this footage lies on node {node}")]
    Elsewhere {
        /// Which node.
        node: NodeId,
        /// Why.
        #[source]
        source: ElsewhereError,
    },
    /// Its key was shredded, or is sealed to a key pair unknown here.
    #[error("the key {0:?} cannot be opened")]
    KeyGone(KeyId),
    /// The file cannot be read, or its bytes are not what was written.
    #[error(transparent)]
    Damaged(#[from] SegmentError),
    /// The index does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The reading thread panicked.
    #[error("reading the file failed inside")]
    Panicked,
}

impl FootageError {
    /// Whether the file holds something else than was written: reading it again will not help.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(SegmentError::Format { .. }))
    }

    /// Whether it lies on a node that does not answer now. For some seconds, ranges are read without that node.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Elsewhere { source, .. } if source.is_silence())
    }

    /// Whether the node that has it sent something else, or something that is no answer. For some seconds, ranges are read without
    /// what it garbled, where another recording has the same.
    pub fn is_garbage(&self) -> bool {
        let Self::Elsewhere { source, .. } = self else { return false };
        matches!(source, ElsewhereError::Garbage(_) | ElsewhereError::Refused(_))
    }
}
