//! What this node hands over to other nodes of the cell: bytes as they lie on its disks, checked without any key.

use std::sync::Arc;

use bytes::Bytes;
use eyrie_types::{FragmentEntry, SegmentRow, TimeRange};

use super::{Footage, FootageError, SegmentName, StoredPlace};
use crate::segment::SegmentReader;

impl Footage {
    /// What the file of a segment on this node's disks, or its second copy, begins with, up to its first fragment, as stored. Its
    /// header says that it is
    /// the segment of that name: of that tenant, camera, slot and epoch.
    ///
    /// # Errors
    /// [`FootageError::Lost`] when no disk has it; see [`FootageError`].
    pub async fn stored_head(&self, name: &SegmentName) -> Result<Bytes, FootageError> {
        match self.stored_head_of(name, false).await {
            Err(FootageError::Lost(_) | FootageError::Damaged(_)) => self.stored_head_of(name, true).await,
            head => head,
        }
    }

    async fn stored_head_of(&self, name: &SegmentName, copy: bool) -> Result<Bytes, FootageError> {
        let reader = self.own(name, copy).await?;
        let read = self.blocking(move || reader.stored_head().map(|head| (head, reader.is_deleted()))).await?;
        match read {
            Ok((head, Ok(false))) => Ok(head),
            Ok(_) => {
                self.handed_over.forget(&(name.segment, copy));
                Err(FootageError::Lost(name.segment))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A fragment on this node's disks, or the first bytes of it, as stored: as it was recorded here, or of a second copy. What is
    /// damaged, by this node's own index, is booked here, whatever was asked for.
    ///
    /// # Errors
    /// As [`Footage::stored_head`].
    pub async fn stored_fragment(&self, name: &SegmentName, place: StoredPlace) -> Result<Bytes, FootageError> {
        let error = match self.stored_fragment_of(name, place, false).await {
            Err(error @ (FootageError::Lost(_) | FootageError::Damaged(_))) => error,
            read => return read,
        };
        self.handed_over.forget(&(name.segment, false));
        if error.is_damage()
            && let Some((row, entry)) = self.indexed(name, place.number).await?
        {
            // The question may have been wrong; the index is asked what should be there.
            let reader = self.own(name, false).await?;
            if let Err(error) = self.blocking(move || reader.verify_stored(&entry)).await?.map_err(FootageError::from)
                && error.is_damage()
            {
                self.note_damage(&row, entry.start, entry.end(), &error).await;
            }
        }
        self.stored_fragment_of(name, place, true).await.map_err(|_| error)
    }

    async fn stored_fragment_of(
        &self,
        name: &SegmentName,
        StoredPlace { number, offset, length }: StoredPlace,
        copy: bool,
    ) -> Result<Bytes, FootageError> {
        let reader = self.own(name, copy).await?;
        Ok(self.blocking(move || reader.stored_fragment(number, offset, length)).await??)
    }

    /// The file of this node that is the segment `name`, or its second copy of that.
    async fn own(&self, name: &SegmentName, copy: bool) -> Result<Arc<SegmentReader>, FootageError> {
        let reader = match self.handed_over.get(&(name.segment, copy)) {
            Some(reader) => reader,
            None => {
                let paths = if copy { self.copy_paths(name).collect() } else { self.own_paths(name).collect() };
                let reader = self.first_of(paths, None).await?.ok_or(FootageError::Lost(name.segment))?;
                self.handed_over.put((name.segment, copy), Arc::clone(&reader));
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
