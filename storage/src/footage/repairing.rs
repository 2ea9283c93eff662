//! What keeping a second copy needs of footage: bytes as stored, from whoever has them, verified; and looking through what lies on
//! this node's own disks.

use bytes::Bytes;
use eyrie_types::{FragmentEntry, GapCause, Incident, NodeId, SegmentRow};

use super::holders::Holder;
use super::opened::Source;
use super::{Footage, FootageError};
use crate::segment::SegmentOpener;

/// A fragment as its recorder stored it, verified to the last bit.
#[derive(Debug, Clone)]
pub struct StoredFragment {
    /// What its file begins with, up to the first fragment.
    pub head: Bytes,
    /// The fragment, header and all.
    pub bytes: Bytes,
}

impl Footage {
    /// Fetches a fragment from another node as it is stored there: the one that recorded it, or one that keeps a copy. Header and
    /// hash, and with the key also tag and leaf, agree with `entry`, or it is refused.
    ///
    /// # Errors
    /// See [`FootageError`]; what does not agree is [`super::ElsewhereError::Garbage`], and nobody's damage.
    pub async fn stored_at(
        &self,
        row: &SegmentRow,
        entry: &FragmentEntry,
        node: NodeId,
    ) -> Result<StoredFragment, FootageError> {
        let opened = self.opened(row, Holder { node, copy: node != row.node }).await?;
        let Source::There(file) = &opened.source else { return Err(FootageError::Lost(row.segment)) };
        let head = file.stored_head.clone();
        let verified = |opener: &SegmentOpener, entry: &FragmentEntry, stored: &Bytes| {
            opener.fragment(entry, stored)?;
            Ok(stored.clone())
        };
        let bytes = self.fetch((row, node), file, entry, entry.length, verified).await?;
        Ok(StoredFragment { head, bytes })
    }

    /// Looks whether the file of a segment on this node's own disks is there and begins as it should: of what was recorded here, or
    /// of a second copy. Nothing is booked.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn look_at_file(&self, row: &SegmentRow, copy: bool) -> Result<(), FootageError> {
        let holder = Holder { node: self.node, copy };
        let opened = self.opened(row, holder).await?;
        let Source::Here(reader) = &opened.source else { return Err(FootageError::Lost(row.segment)) };
        let read = self.read(row, holder, reader, |reader| Ok((reader.is_deleted()?, reader.stored_head()?)));
        let (deleted, _) = read.await?;
        if deleted {
            self.forget(row.segment);
            return Err(FootageError::Lost(row.segment));
        }
        Ok(())
    }

    /// Reads a fragment on this node's own disks and compares it with `entry`, without any key: of what was recorded here, or of
    /// a second copy. Nothing is booked.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn look_through(&self, row: &SegmentRow, entry: &FragmentEntry, copy: bool) -> Result<(), FootageError> {
        let holder = Holder { node: self.node, copy };
        let opened = self.opened(row, holder).await?;
        let Source::Here(reader) = &opened.source else { return Err(FootageError::Lost(row.segment)) };
        let asked = *entry;
        let read = self.read(row, holder, reader, move |reader| {
            let there = !reader.is_deleted()?;
            if there { reader.verify_stored(&asked).map(|()| true) } else { Ok(false) }
        });
        match read.await {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.forget(row.segment);
                Err(FootageError::Lost(row.segment))
            }
            Err(error) => Err(error),
        }
    }

    /// Takes back that what a segment of this node holds is damaged: it was looked through and is as it was written, such as after
    /// a disk came back. `damage` is an incident that lies within it.
    ///
    /// # Errors
    /// When the index does not answer.
    pub async fn note_sound(&self, row: &SegmentRow, damage: &Incident) -> Result<(), FootageError> {
        debug_assert!(damage.cause == GapCause::Damaged, "nothing else is told by looking at a file");
        let (placement, damage) = (&row.placement, *damage);
        self.store.remove_incident(&placement.tenant, placement.camera, damage).await?;
        tracing::info!(camera = %placement.camera, segment = %row.segment, "what was booked as damaged is sound");
        Ok(())
    }

    /// What a second copy, or its end, changes about where a segment can be had is known here at once.
    pub fn copies_changed(&self, row: &SegmentRow) {
        self.forget(row.segment);
    }
}
