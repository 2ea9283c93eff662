//! Fragment tables: chunks of entries, appended while a segment grows, never changed. A partition is one segment: an hour of
//! one-second fragments is 400 kB.

use eyrie_types::{CameraId, FragmentEntry, SegmentId, TenantId};
use rusqlite::params;

use super::column::Col;
use super::store::sqlite_or;
use super::{Store, StoreError, fragment_codec};

/// Most entries appended at once: an hour of one-second fragments.
pub const FRAGMENT_CHUNK_MAX: usize = 3600;
/// Most chunks read of one segment: one every second for two hours.
pub(super) const CHUNKS_MAX: usize = 7200;

impl Store {
    /// Appends the next `entries` (numbered without a hole) to a segment's table. Appending the same chunk again is no
    /// error, other content under the same first number is.
    ///
    /// # Errors
    /// [`StoreError::Immutable`], [`StoreError::TooMany`] beyond [`FRAGMENT_CHUNK_MAX`], [`StoreError::Invalid`] when the
    /// numbers have a hole.
    pub async fn append_fragments(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        segment: SegmentId,
        entries: &[FragmentEntry],
    ) -> Result<(), StoreError> {
        let Some(first) = entries.first().map(|entry| entry.number) else { return Ok(()) };
        if entries.len() > FRAGMENT_CHUNK_MAX {
            return Err(StoreError::TooMany { what: "fragments in one chunk", max: FRAGMENT_CHUNK_MAX });
        }
        if entries.windows(2).any(|pair| pair[0].number.checked_add(1) != Some(pair[1].number)) {
            return Err(StoreError::Invalid(
                "entries: fragments of a chunk must be numbered without a hole".to_owned(),
            ));
        }
        let chunk = fragment_codec::encode(entries);
        let db = sqlite_or!(self, cql => cql.append_fragments(tenant, camera, segment, first, chunk));
        let key = (Col(tenant.clone()), Col(camera), Col(segment));
        db.write(move |connection| {
            let (tenant, camera, segment) = key;
            connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO fragments (tenant, camera, segment, first, entries)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![tenant, camera, segment, first, chunk])?;
            let same = "SELECT 1 FROM fragments
                        WHERE tenant = ?1 AND camera = ?2 AND segment = ?3 AND first = ?4 AND entries = ?5";
            let kept = connection.prepare_cached(same)?.exists(params![tenant, camera, segment, first, chunk])?;
            if kept { Ok(()) } else { Err(StoreError::Immutable("chunk of fragments")) }
        })
        .await
    }

    /// The fragment table of a segment, by number.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a chunk does not read back.
    pub async fn fragments(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        segment: SegmentId,
    ) -> Result<Vec<FragmentEntry>, StoreError> {
        let db = sqlite_or!(self, cql => cql.fragments(tenant, camera, segment));
        let tenant = tenant.clone();
        db.read(move |connection| {
            let sql = format!(
                "SELECT entries FROM fragments WHERE tenant = ?1 AND camera = ?2 AND segment = ?3
                 ORDER BY first LIMIT {CHUNKS_MAX}"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params![Col(tenant), Col(camera), Col(segment)])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                let chunk = row.get_ref(0)?.as_blob().map_err(|error| StoreError::damaged("fragment table", error))?;
                let chunk = fragment_codec::decode(chunk);
                entries.extend(
                    chunk.ok_or_else(|| StoreError::damaged("fragment table", "a chunk is no list of entries"))?,
                );
            }
            Ok(entries)
        })
        .await
    }
}
