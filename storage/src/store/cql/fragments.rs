use eyrie_types::{CameraId, FragmentEntry, SegmentId, TenantId};

use super::cells::cells;
use super::cql::{Cql, Walk};
use crate::store::fragments::CHUNKS_MAX;
use crate::store::{StoreError, fragment_codec};

const TABLE: &str = "fragment table";

impl Cql {
    /// Only the recorder of a segment appends to its table, so what is there is looked at first, without a transaction.
    pub(in crate::store) async fn append_fragments(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        segment: SegmentId,
        first: u32,
        chunk: Vec<u8>,
    ) -> Result<(), StoreError> {
        let text = "SELECT chunk FROM fragments WHERE tenant = ? AND camera = ? AND segment = ? AND first = ?";
        if let Some(mut stored) = self.one(TABLE, text, cells![tenant, camera, segment, first]).await? {
            let same = stored.get::<Vec<u8>>(0)? == chunk;
            return if same { Ok(()) } else { Err(StoreError::Immutable("chunk of fragments")) };
        }
        let text = "INSERT INTO fragments (tenant, camera, segment, first, chunk) VALUES (?, ?, ?, ?, ?)";
        self.run(text, cells![tenant, camera, segment, first, chunk]).await
    }

    pub(in crate::store) async fn fragments(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        segment: SegmentId,
    ) -> Result<Vec<FragmentEntry>, StoreError> {
        let text = "SELECT chunk FROM fragments WHERE tenant = ? AND camera = ? AND segment = ?";
        let (mut entries, mut chunks) = (Vec::new(), 0);
        self.walk(TABLE, text, cells![tenant, camera, segment], |mut row| {
            let chunk = fragment_codec::decode(&row.get::<Vec<u8>>(0)?);
            entries.extend(chunk.ok_or_else(|| StoreError::damaged(TABLE, "a chunk is no list of entries"))?);
            chunks += 1;
            Ok(if chunks < CHUNKS_MAX { Walk::On } else { Walk::Enough })
        })
        .await?;
        Ok(entries)
    }
}
