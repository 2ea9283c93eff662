//! What this node hands over to other nodes of the cell: bytes as they lie on its disks, checked without any key.

use std::sync::Arc;

use bytes::Bytes;
use eyrie_types::{FragmentEntry, SegmentRow, TimeRange};

use super::{Footage, FootageError, SegmentName, StoredPlace};
use crate::segment::SegmentReader;

impl Footage {
    /// What the file of a segment on this node's disks begins with, up to its first fragment, as stored. Its header says that it is
    /// the segment of that name: of that tenant, camera, slot and epoch.
    ///
    /// # Errors
    /// [`FootageError::Lost`] when no disk has it; see [`FootageError`].
    pub async fn stored_head(&self, name: &SegmentName) -> Result<Bytes, FootageError> {
        let reader = self.own(name).await?;
        let read = self.blocking(move || reader.stored_head().map(|head| (head, reader.is_deleted()))).await?;
        match read {
            Ok((head, Ok(false))) => Ok(head),
            Ok(_) => {
                self.handed_over.forget(name.segment);
                Err(FootageError::Lost(name.segment))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A fragment on this node's disks, or the first bytes of it, as stored. What is damaged, by this node's own index, is booked
    /// here, whatever was asked for.
    ///
    /// # Errors
    /// As [`Footage::stored_head`].
    pub async fn stored_fragment(&self, name: &SegmentName, place: StoredPlace) -> Result<Bytes, FootageError> {
        let reader = self.own(name).await?;
        let StoredPlace { number, offset, length } = place;
        let read = self.blocking(move || reader.stored_fragment(number, offset, length)).await?;
        let error = match read {
            Ok(stored) => return Ok(stored),
            Err(error) => FootageError::from(error),
        };
        self.handed_over.forget(name.segment);
        if error.is_damage()
            && let Some((row, entry)) = self.indexed(name, number).await?
        {
            // The question may have been wrong; the index is asked what should be there.
            let reader = self.own(name).await?;
            if let Err(error) = self.blocking(move || reader.verify_stored(&entry)).await?.map_err(FootageError::from)
                && error.is_damage()
            {
                self.note_damage(&row, entry.start, entry.end(), &error).await;
            }
        }
        Err(error)
    }

    /// The file of this node that is the segment `name`.
    async fn own(&self, name: &SegmentName) -> Result<Arc<SegmentReader>, FootageError> {
        let reader = match self.handed_over.get(name.segment) {
            Some(reader) => reader,
            None => {
                let opened = self.first_of(self.own_paths(name).collect(), None).await?;
                let reader = opened.ok_or(FootageError::Lost(name.segment))?;
                self.handed_over.put(name.segment, Arc::clone(&reader));
                reader
            }
        };
        let head = reader.head();
        let same = head.placement == name.placement && head.segment == name.segment && head.start == name.start;
        // Another tenant's, camera's or epoch's file is not to be had under a name of one's own.
        if same { Ok(reader) } else { Err(FootageError::Lost(name.segment)) }
    }

    /// What this node's index says of a fragment of its own.
    async fn indexed(
        &self,
        name: &SegmentName,
        number: u32,
    ) -> Result<Option<(SegmentRow, FragmentEntry)>, FootageError> {
        let (tenant, camera) = (&name.placement.tenant, name.placement.camera);
        let moment = TimeRange { start: name.start, end: name.start.offset_us(1) };
        let rows = self.store.segments(tenant, camera, moment).await?;
        let own = |row: &SegmentRow| row.segment == name.segment && row.node == self.node;
        let Some(row) = rows.into_iter().find(own) else { return Ok(None) };
        let table = self.store.fragments(tenant, camera, name.segment).await?;
        Ok(table.into_iter().find(|entry| entry.number == number).map(|entry| (row, entry)))
    }
}
