//! Fetches what was planned, keeps it durable, and sees that no copy outlives what it is a copy of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use eyrie_storage::disk::{Disk, DiskState};
use eyrie_storage::footage::{ElsewhereError, FootageError};
use eyrie_storage::segment::{FoundSegment, SegmentPath};
use eyrie_storage::store::{SecondCopy, StoreError};
use eyrie_types::{FragmentEntry, NodeId, SegmentId, SegmentRow, TimeRange, WallTime};

use super::copies::Copies;
use super::in_vain::InVain;
use super::pace::Pace;
use super::plan::{Fetch, chosen};
use super::round::Seen;
use crate::context::NodeContext;
use crate::node::WhenFull;

/// Bytes fetched before they are made durable and told to the index.
const BATCH_BYTES_MAX: usize = 8 << 20;
/// The same, in fragments.
const BATCH_FRAGMENTS_MAX: usize = 64;
/// Fragments of one segment that are asked for in vain before the rest of it is left to a later round.
const FAILURES_MAX: usize = 4;
/// The share of a disk that stays free for recorders, beyond its reserve: that from which on retention makes room.
const SPARE_PERCENT: u64 = 1;
/// Room is short below so many times that: retention makes up to two of it free at once.
const SHORT_SPARES: u64 = 3;

/// See the module.
pub(super) struct Keeper {
    node: Arc<NodeContext>,
    in_vain: InVain,
}

/// What was fetched of a segment and is not durable yet.
#[derive(Default)]
struct Batch {
    head: Bytes,
    fragments: Vec<(u64, Bytes)>,
    numbers: BTreeSet<u32>,
    bytes: usize,
}

impl Keeper {
    pub(super) fn new(node: Arc<NodeContext>) -> Self {
        Self { node, in_vain: InVain::default() }
    }

    /// What is not to be asked for yet.
    pub(super) fn avoided(&self) -> BTreeSet<(SegmentId, NodeId)> {
        self.in_vain.avoided(self.node.clock.monotonic())
    }

    /// Carries out a part of a plan. What cannot be fetched or kept is left to a later round.
    ///
    /// # Errors
    /// When the index does not answer.
    pub(super) async fn fetch(&mut self, fetch: &Fetch, seen: &Seen<'_>) -> Result<(), StoreError> {
        let find = |rows: &[SegmentRow]| rows.iter().find(|row| row.segment == fetch.segment).cloned();
        let (Some(row), Some(sound)) = (find(seen.rows), find(seen.sound)) else { return Ok(()) };
        let me = self.node.config.node;
        let copy_at = |node| seen.copies.iter().find(|copy| copy.segment == fetch.segment && copy.node == node);
        let recorded = |entry: &FragmentEntry| {
            let middle = entry.start.offset_us(i64::from(entry.duration_us / 2));
            sound.runs.iter().any(|run| run.start <= middle && middle < run.end)
        };
        let has = |node: NodeId, entry: &FragmentEntry| {
            (node == row.node && recorded(entry)) || copy_at(node).is_some_and(|copy| copy.holds(entry.number))
        };
        let (tenant, camera) = (&row.placement.tenant, row.placement.camera);
        let table = self.node.store.fragments(tenant, camera, row.segment).await?;
        let wanted = chosen(&table, &fetch.ranges, |entry| has(fetch.from, entry), |entry| has(me, entry));
        let known = copy_at(me).cloned();
        let Some(disk) = self.disk(known.as_ref()) else { return Ok(()) };
        let mut copy = known.unwrap_or_else(|| SecondCopy::empty(&row, me, &disk.config().name));
        let pace = Pace::new(self.node.settings.load().repair.bytes_per_s.as_u64());
        let (mut batch, mut failures) = (Batch::default(), 0);
        for entry in wanted {
            match self.node.footage.stored_at(&row, &entry, fetch.from).await {
                Ok(stored) => {
                    batch.bytes += stored.bytes.len();
                    batch.head = stored.head;
                    batch.fragments.push((entry.offset, stored.bytes));
                    batch.numbers.insert(entry.number);
                }
                Err(FootageError::Store(error)) => return Err(error),
                Err(error) => {
                    let reason = reason(&error);
                    metrics::counter!("eyrie_repair_failed_total", "reason" => reason).increment(1);
                    tracing::warn!(%error, segment = %row.segment, number = entry.number, from = %fetch.from, reason,
                        "a second copy could not be fetched");
                    failures += 1;
                    // One that is bad there says nothing about those beside it; a node that does not answer does.
                    if error.is_silence() || failures == FAILURES_MAX {
                        break;
                    }
                    continue;
                }
            }
            // Recording goes first: what is fetched is paid for in time.
            pace.spend(u64::from(entry.length)).await;
            if batch.bytes >= BATCH_BYTES_MAX || batch.fragments.len() >= BATCH_FRAGMENTS_MAX {
                let kept = self.keep(&disk, &row, &table, copy.clone(), std::mem::take(&mut batch)).await?;
                let Some(kept) = kept else { return Ok(()) };
                copy = kept;
            }
        }
        let asked = (row.segment, fetch.from);
        if failures == 0 {
            self.in_vain.worked(asked);
        } else {
            self.in_vain.failed(asked, self.node.clock.monotonic());
        }
        self.keep(&disk, &row, &table, copy, batch).await?;
        Ok(())
    }

    /// Takes out of `copies`, and out of the index, those of this node whose file is not there any more.
    ///
    /// # Errors
    /// When the index does not answer.
    pub(super) async fn check_own(
        &mut self,
        rows: &[SegmentRow],
        copies: &mut Vec<SecondCopy>,
    ) -> Result<(), StoreError> {
        let (me, mut gone) = (self.node.config.node, Vec::new());
        let own: Vec<SecondCopy> = copies.iter().filter(|copy| copy.node == me).cloned().collect();
        for copy in own {
            let Some(row) = rows.iter().find(|row| row.segment == copy.segment) else { continue };
            match self.node.footage.look_at_file(row, true).await {
                Err(error) if matches!(error, FootageError::Lost(_)) || error.is_damage() => {
                    metrics::counter!("eyrie_repair_damage_found_total", "what" => "copy").increment(1);
                    tracing::error!(%error, segment = %copy.segment, "a second copy is gone; it is fetched again");
                    self.node.store.remove_second_copy(copy.clone()).await?;
                    self.node.footage.copies_changed(row);
                    gone.push(copy.segment);
                }
                Err(FootageError::Store(error)) => return Err(error),
                _ => {}
            }
        }
        copies.retain(|copy| copy.node != me || !gone.contains(&copy.segment));
        Ok(())
    }

    /// Makes a batch durable, then tells the index. `None` where the disk does not take it.
    async fn keep(
        &mut self,
        disk: &Disk,
        row: &SegmentRow,
        table: &[FragmentEntry],
        copy: SecondCopy,
        batch: Batch,
    ) -> Result<Option<SecondCopy>, StoreError> {
        if batch.fragments.is_empty() {
            return Ok(Some(copy));
        }
        let Batch { head, fragments, numbers, bytes } = batch;
        let path = SegmentPath::new(row.placement.clone(), row.segment, row.start);
        if let Err(error) = disk.keep_copy(&path, head, fragments, spare_bytes(disk)).await {
            metrics::counter!("eyrie_repair_failed_total", "reason" => error.cause().as_str())
                .increment(numbers.len() as u64);
            tracing::warn!(%error, segment = %row.segment, "a second copy could not be kept");
            return Ok(None);
        }
        let before = copy.clone();
        let copy = copy.with(table, |entry| before.holds(entry.number) || numbers.contains(&entry.number));
        self.node.store.put_second_copy(copy.clone()).await?;
        self.node.footage.copies_changed(row);
        metrics::counter!("eyrie_repair_fragments_total").increment(numbers.len() as u64);
        metrics::counter!("eyrie_repair_bytes_total").increment(bytes as u64);
        tracing::info!(camera = %row.placement.camera, segment = %row.segment, recorder = %row.node,
            fragments = numbers.len(), bytes, "second copies are here");
        Ok(Some(copy))
    }

    /// While room is short and the oldest recordings go for it: when the oldest of this node's own began. What is older than that
    /// would
    /// have gone before.
    pub(super) fn room_reaches_back_to(&self) -> Option<WallTime> {
        let short = |disk: &Disk| disk.check_spare(spare_bytes(disk) * SHORT_SPARES).is_err();
        let deletes = self.node.settings.load().retention.when_full == WhenFull::DeleteOldest;
        let outlook = self.node.outlook.load_full().filter(|_| deletes && self.node.disks.iter().any(short));
        outlook.and_then(|outlook| outlook.oldest)
    }

    /// The disk for a copy: the one it is on, or that with the most room; `None` while that one has trouble or too little room.
    fn disk(&self, known: Option<&SecondCopy>) -> Option<Disk> {
        let disks = || self.node.disks.iter();
        let known = known.and_then(|copy| disks().find(|disk| disk.config().name == copy.disk));
        let disk = known.or_else(|| disks().max_by_key(|disk| disk.health().free_bytes))?;
        let state = disk.health().state;
        let reason = match state {
            DiskState::Ok if disk.check_spare(spare_bytes(disk)).is_ok() => return Some(disk.clone()),
            DiskState::Ok | DiskState::Full => "no_room",
            DiskState::ReadOnly | DiskState::Slow | DiskState::Failing => "disk_in_trouble",
        };
        metrics::counter!("eyrie_repair_failed_total", "reason" => reason).increment(1);
        None
    }

    /// Deletes copies of segments that the index has no more, that are older than their camera's are kept, or that are older than
    /// all else on a node without room; and what the index does not know to be here, such as after a crash.
    ///
    /// # Errors
    /// When the index does not answer.
    pub(super) async fn sweep(
        &mut self,
        members: &BTreeMap<NodeId, bool>,
        dead: &BTreeSet<NodeId>,
    ) -> Result<(), StoreError> {
        let mut bytes = 0;
        let mut copies = Copies::on(&self.node.disks);
        while let Some((disk, found)) = copies.next().await {
            bytes += self.sweep_one(&disk, found, members, dead).await?;
        }
        metrics::gauge!("eyrie_repair_copies_bytes").set(bytes as f64);
        Ok(())
    }

    /// Answers the bytes that stay.
    async fn sweep_one(
        &mut self,
        disk: &Disk,
        found: FoundSegment,
        members: &BTreeMap<NodeId, bool>,
        dead: &BTreeSet<NodeId>,
    ) -> Result<u64, StoreError> {
        let (node, head) = (&self.node, &found.head);
        let (tenant, camera) = (&head.placement.tenant, head.placement.camera);
        let moment = TimeRange { start: head.start, end: head.start.offset_us(1) };
        let rows = node.store.segments(tenant, camera, moment).await?;
        let row = rows.into_iter().find(|row| row.segment == head.segment);
        let copies = node.store.second_copies_of(&head.placement, head.start, head.segment).await?;
        let own = copies.into_iter().find(|copy| copy.node == node.config.node);
        let camera = node.store.camera(tenant, camera).await?;
        let kept_for = camera.and_then(|stored| stored.camera.spec.recording.retention.max_age());
        let kept_for = kept_for.or(node.settings.load().retention.max_age);
        let oldest = kept_for.map(|age| node.clock.now() - age);
        let room = self.room_reaches_back_to();
        let before = |row: &SegmentRow, moment: Option<WallTime>| moment.is_some_and(|moment| row.end <= moment);
        let reason = match (&row, &own) {
            (None, _) => "segment_gone",
            (Some(row), _) if before(row, oldest) => "age",
            (Some(row), _) if before(row, room) => "room",
            (Some(_), None) => "unknown",
            (Some(_), Some(own)) => return Ok(own.bytes),
        };
        // The index first, so that it never offers what is not there.
        if let Some(own) = own {
            node.store.remove_second_copy(own).await?;
        }
        let path = SegmentPath::new(head.placement.clone(), head.segment, head.start);
        node.footage.forget(head.segment);
        if let Err(error) = disk.delete_copy(&path).await {
            tracing::warn!(%error, segment = %head.segment, "a second copy could not be deleted yet");
            return Ok(found.bytes);
        }
        metrics::counter!("eyrie_repair_copies_deleted_total", "reason" => reason).increment(1);
        // Nobody else deletes what a lost node recorded.
        if let Some(row) = row.filter(|_| matches!(reason, "age" | "room"))
            && (dead.contains(&row.node) || !members.contains_key(&row.node))
        {
            crate::retention::retire(node, row).await?;
        }
        Ok(0)
    }
}

/// Bytes of a disk that are left to recorders.
fn spare_bytes(disk: &Disk) -> u64 {
    disk.health().total_bytes.saturating_sub(disk.config().reserve.as_u64()) / 100 * SPARE_PERCENT
}

/// One word for metrics.
fn reason(error: &FootageError) -> &'static str {
    match error {
        FootageError::Elsewhere { source, .. } => match source {
            ElsewhereError::Silent(_) | ElsewhereError::TooSlow => "silent",
            ElsewhereError::Busy => "busy",
            ElsewhereError::Lost => "lost",
            ElsewhereError::Damaged => "damaged",
            ElsewhereError::Garbage(_) => "garbage",
            ElsewhereError::Refused(_) => "refused",
        },
        FootageError::KeyGone(_) => "key_gone",
        _ => "other",
    }
}
