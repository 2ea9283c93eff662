use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use eyrie_media::export::{ExportBuilder, ExportError, ExportInit, FragmentTables};
use eyrie_storage::footage::{ElsewhereError, Footage, FootageError, FootagePiece};
use eyrie_types::{FragmentEntry, Gap, GapCause, NodeId, ProblemCode, SegmentRow, TimeRange, WallTime};
use futures::StreamExt as _;

use super::prepared::{etag, signature};
use super::{ExportKey, Prepared};
use crate::{GatewayState, Problem};

/// Most fragments of a file: a day of four a second. Each is 150 bytes of a layout.
const FRAGMENTS_MAX: usize = 400_000;
/// Files up to this size are read and verified whole before the first byte leaves, so that damage is told beforehand: a minute
/// of 8 Mbit/s, half a second of a slow disk. Of larger ones, only the start of each fragment is read.
const VERIFIED_FIRST_BYTES_MAX: u64 = 64 << 20;
/// Starts of fragments read at once, of the 8 reads that all readers of footage share.
const READ_AHEAD: usize = 2;

/// Makes the layout of a range, or finds the one made before, as long as the index still tells the same. `gaps` are the ledger's,
/// drawn up without the nodes `silent`. `None` when another node ceased to answer meanwhile, but at the `last` try, whose file does
/// without what lies there and tells so.
///
/// # Errors
/// When there is no footage, more than fits into a file, or the index does not answer.
pub(crate) async fn prepare(
    state: &GatewayState,
    key: &ExportKey,
    gaps: Vec<Gap>,
    silent: &BTreeSet<NodeId>,
    last: bool,
) -> Result<Option<Arc<Prepared>>, Problem> {
    let tail = state.node().tails(&key.tenant, key.camera).await;
    let footage = state.node().footage();
    let found = footage.pieces(&key.tenant, key.camera, key.range, &tail).await.map_err(unreadable)?;
    if !found.silent.is_subset(silent) && !last {
        return Ok(None);
    }
    if let (true, Some(node)) = (found.pieces.is_empty(), found.silent.first()) {
        return Err(crate::playback::silent(*node));
    }
    let pieces = found.pieces;
    let signature = signature(&pieces);
    if let Some(known) = state.exports().layout(key).filter(|known| known.signature == signature) {
        return Ok(Some(known));
    }
    if pieces.iter().map(|piece| piece.entries.len()).sum::<usize>() > FRAGMENTS_MAX {
        return Err(Problem::query("to", format!("the range has more than {FRAGMENTS_MAX} fragments; ask for less")));
    }
    let started = state.clock().monotonic();
    let mut pass = FirstPass::new(footage, &pieces);
    for piece in &pieces {
        pass.piece(piece).await?;
    }
    let lost_a_node = pass.left_out.iter().any(|gap| gap.cause == GapCause::NodeUnreachable);
    if lost_a_node && !last {
        return Ok(None);
    }
    if let (true, Some(error)) = (pass.fragments.is_empty(), pass.out_of_reach.take()) {
        return Err(crate::playback::problem(error));
    }
    let prepared = Arc::new(pass.finish(key.range, gaps, signature)?);
    let took = state.clock().monotonic().since(started);
    metrics::histogram!("eyrie_export_first_pass_seconds").record(took.as_secs_f64());
    // One that does without what is out of reach is not what the index tells of.
    if !lost_a_node {
        state.exports().keep(key.clone(), Arc::clone(&prepared));
    }
    Ok(Some(prepared))
}

fn unreadable(error: FootageError) -> Problem {
    match error {
        FootageError::Store(error) => error.into(),
        error => {
            tracing::error!(%error, "footage cannot be looked up");
            Problem::new(ProblemCode::Unavailable, "The recordings cannot be read now.").retry_after(5)
        }
    }
}

/// The pass over the fragments of a range.
struct FirstPass<'a> {
    footage: &'a Footage,
    /// Read every fragment whole.
    whole: bool,
    builder: ExportBuilder,
    rows: Vec<SegmentRow>,
    fragments: Vec<(u32, FragmentEntry)>,
    /// What was recorded and is left out, and why.
    left_out: Vec<Gap>,
    /// Why the last of what lies on other nodes is left out.
    out_of_reach: Option<FootageError>,
    /// Nothing can be decoded before the next keyframe: at the start, and behind what was left out.
    seeking: bool,
    /// The next fragment may join the last one.
    joins: bool,
    last: Option<SegmentRow>,
}

impl<'a> FirstPass<'a> {
    fn new(footage: &'a Footage, pieces: &[FootagePiece]) -> Self {
        let bytes: u64 = pieces.iter().flat_map(|piece| &piece.entries).map(|entry| u64::from(entry.length)).sum();
        Self {
            footage,
            whole: bytes <= VERIFIED_FIRST_BYTES_MAX,
            builder: ExportBuilder::new(),
            rows: Vec::new(),
            fragments: Vec::new(),
            left_out: Vec::new(),
            out_of_reach: None,
            seeking: true,
            joins: false,
            last: None,
        }
    }

    async fn piece(&mut self, piece: &FootagePiece) -> Result<(), Problem> {
        let init = match self.footage.init(&piece.row).await {
            Ok(init) => ExportInit::parse(&init).map_err(|_| GapCause::Damaged),
            Err(FootageError::Store(error)) => return Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, segment = %piece.row.segment, "an export leaves out a segment");
                Err(self.cause(error))
            }
        };
        let init = match init {
            Ok(init) => init,
            Err(cause) => {
                piece.entries.iter().for_each(|entry| self.leave_out(entry, cause));
                return Ok(());
            }
        };
        // Another incarnation has another clock, whatever its times look like.
        let same = self.last.as_ref().is_some_and(|last| last.placement == piece.row.placement);
        self.joins &= same;
        self.last = Some(piece.row.clone());
        let row = self.rows.len() as u32;
        self.rows.push(piece.row.clone());
        let (footage, whole) = (self.footage, self.whole);
        let reads = piece.entries.iter().copied().map(move |entry| async move {
            let read = read(footage, &piece.row, &entry, whole).await;
            (entry, read)
        });
        let mut reads = futures::stream::iter(reads).buffered(READ_AHEAD);
        while let Some((entry, read)) = reads.next().await {
            let tables = match read {
                Ok((start, length)) => FragmentTables::parse(&init, &start, length).map_err(|_| GapCause::Damaged),
                Err(FootageError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    let segment = piece.row.segment;
                    tracing::warn!(%error, %segment, number = entry.number, "an export leaves out a fragment");
                    Err(self.cause(error))
                }
            };
            self.fragment(row, &entry, &init, tables)?;
        }
        Ok(())
    }

    fn fragment(
        &mut self,
        row: u32,
        entry: &FragmentEntry,
        init: &ExportInit,
        tables: Result<FragmentTables, GapCause>,
    ) -> Result<(), Problem> {
        let tables = match tables {
            Ok(tables) => tables,
            Err(cause) => {
                self.leave_out(entry, cause);
                return Ok(());
            }
        };
        if self.seeking && !entry.starts_gop {
            // At the start it was not asked for; behind what was left out it is of no use.
            if let (false, Some(last)) = (self.fragments.is_empty(), self.left_out.last()) {
                self.leave_out(entry, last.cause);
            }
            return Ok(());
        }
        let number = self.fragments.len() as u32;
        let joins = self.joins && !entry.discontinuity;
        self.builder.push(number, init, &tables, joins).map_err(too_much)?;
        self.fragments.push((row, *entry));
        (self.seeking, self.joins) = (false, true);
        Ok(())
    }

    fn leave_out(&mut self, entry: &FragmentEntry, cause: GapCause) {
        metrics::counter!("eyrie_export_fragments_left_out_total").increment(1);
        (self.seeking, self.joins) = (true, false);
        let (start, end) = (entry.start, entry.end());
        match self.left_out.last_mut() {
            Some(last) if last.cause == cause && last.end.signed_us_since(start).abs() < 500_000 => {
                last.end = last.end.max(end);
            }
            _ if start < end => self.left_out.push(Gap { start, end, cause }),
            _ => {}
        }
    }

    /// Why what cannot be read for `error` is missing.
    fn cause(&mut self, error: FootageError) -> GapCause {
        match error {
            FootageError::Elsewhere { source: ElsewhereError::Lost | ElsewhereError::Damaged, .. } => GapCause::Damaged,
            FootageError::Elsewhere { .. } => {
                self.out_of_reach = Some(error);
                GapCause::NodeUnreachable
            }
            _ => GapCause::Damaged,
        }
    }

    fn finish(mut self, range: TimeRange, mut gaps: Vec<Gap>, signature: [u8; 32]) -> Result<Prepared, Problem> {
        let nothing = || Problem::new(ProblemCode::NotFound, "Nothing was recorded in this range.");
        let (Some((_, first)), Some((_, last))) = (self.fragments.first(), self.fragments.last()) else {
            return Err(nothing());
        };
        let covered = TimeRange { start: first.start, end: last.end().max(first.start.offset_us(1)) };
        let created: WallTime = first.start;
        gaps.extend(self.left_out.iter().filter_map(|gap| {
            let within = TimeRange { start: gap.start, end: gap.end }.intersect(&range)?;
            Some(Gap { start: within.start, end: within.end, cause: gap.cause })
        }));
        gaps.sort_by_key(|gap| gap.start);
        self.fragments.shrink_to_fit();
        let layout = self.builder.finish(created).map_err(|error| match error {
            ExportError::Empty => nothing(),
            error => too_much(error),
        })?;
        let etag = etag(&self.rows, &self.fragments);
        let (rows, fragments) = (self.rows, self.fragments);
        Ok(Prepared { layout, rows, fragments, covered, gaps, etag, signature })
    }
}

/// The start of a fragment and how long it is.
async fn read(
    footage: &Footage,
    row: &SegmentRow,
    entry: &FragmentEntry,
    whole: bool,
) -> Result<(Bytes, u32), FootageError> {
    if !whole {
        return footage.fragment_start(row, entry).await;
    }
    let plain = footage.fragment(row, entry).await?;
    // Fragments have at most 16 MiB.
    let length = u32::try_from(plain.len()).unwrap_or(u32::MAX);
    Ok((plain, length))
}

fn too_much(error: ExportError) -> Problem {
    Problem::query("to", format!("{error}; ask for a shorter range"))
}
