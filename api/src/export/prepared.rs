use aws_lc_rs::digest::{Context, SHA256};
use eyrie_media::export::ExportLayout;
use eyrie_storage::footage::FootagePiece;
use eyrie_types::{FragmentEntry, Gap, SegmentRow, TimeRange};

/// Bytes of the hash that an ETag has: enough that no two files share one.
const ETAG_BYTES: usize = 16;

/// A file that can be sent, from any byte on.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) layout: ExportLayout,
    /// The segments its fragments lie in.
    pub(crate) rows: Vec<SegmentRow>,
    /// By the layout's numbers: the position of the segment, and which fragment of it.
    pub(crate) fragments: Vec<(u32, FragmentEntry)>,
    /// From the start of its first fragment to the end of its last.
    pub(crate) covered: TimeRange,
    /// What is missing of the range asked for.
    pub(crate) gaps: Vec<Gap>,
    /// Strong: the same text means the same bytes.
    pub(crate) etag: String,
    /// What the index said when it was made.
    pub(crate) signature: [u8; 32],
}

impl Prepared {
    /// Bytes of memory it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.layout.memory_bytes()
            + self.fragments.capacity() * size_of::<(u32, FragmentEntry)>()
            + self.rows.len() * size_of::<SegmentRow>()
            + self.gaps.len() * size_of::<Gap>()
    }
}

/// Names the fragments that the index tells of.
pub(super) fn signature(pieces: &[FootagePiece]) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    for piece in pieces {
        hash.update(piece.row.segment.as_uuid().as_bytes());
        piece.entries.iter().for_each(|entry| hash.update(&entry.leaf));
    }
    finish(hash)
}

/// The ETag of the file made of these fragments: their content, and the version of how files are made.
pub(super) fn etag(rows: &[SegmentRow], fragments: &[(u32, FragmentEntry)]) -> String {
    let mut hash = Context::new(&SHA256);
    hash.update(b"eyrie export 1");
    for (row, entry) in fragments {
        if let Some(row) = rows.get(*row as usize) {
            hash.update(row.segment.as_uuid().as_bytes());
        }
        hash.update(&entry.leaf);
    }
    let hex = |hash: &[u8]| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("\"{}\"", hex(finish(hash).get(..ETAG_BYTES).unwrap_or_default()))
}

fn finish(hash: Context) -> [u8; 32] {
    let mut out = [0; 32];
    // SHA-256 has 32 bytes (FIPS 180-4), so the lengths agree.
    out.copy_from_slice(hash.finish().as_ref());
    out
}
