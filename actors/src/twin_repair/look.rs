//! Looks through what lies on this node's disks, so that damage is found before somebody needs the footage, and while its twin
//! still has it.

use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::footage::FootageError;
use eyrie_storage::segment::FoundSegment;
use eyrie_storage::store::StoreError;
use eyrie_types::{FragmentEntry, Incident, SegmentRow, SegmentState, TimeRange};

use super::copies::Copies;
use super::pace::Pace;
use super::telemetry;
use crate::context::NodeContext;

/// How much is read in a second at most: some percent of what a disk can, 8 TB in six days.
const BYTES_PER_S: u64 = 16 << 20;
/// The first pass begins so long after the start at the latest.
const FIRST_AFTER: Duration = Duration::from_secs(300);

/// Looks through everything, pass by pass, for as long as it is polled.
pub(crate) async fn run(node: Arc<NodeContext>) {
    telemetry::describe();
    let every = || node.settings.load().repair.look_every;
    tokio::time::sleep(every().min(FIRST_AFTER)).await;
    loop {
        let began = node.clock.monotonic();
        let look = Look { node: Arc::clone(&node), pace: Pace::new(BYTES_PER_S) };
        if let Err(error) = look.pass().await {
            tracing::warn!(%error, "recordings could not be looked through to the end");
        }
        let took = node.clock.monotonic().since(began);
        metrics::gauge!("eyrie_repair_look_through_seconds").set(took.as_secs_f64());
        // Never at once again, however long it took.
        tokio::time::sleep(every().saturating_sub(took).max(Duration::from_secs(1))).await;
    }
}

struct Look {
    node: Arc<NodeContext>,
    pace: Pace,
}

impl Look {
    async fn pass(&self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = self.node.store.segments_after(after.take()).await?;
            let Some(last) = page.last().cloned() else { break };
            let own = |row: &SegmentRow| row.node == self.node.config.node && row.state != SegmentState::Open;
            for row in page.into_iter().filter(own) {
                // What is on its way into the index is not what the index says yet.
                if !self.node.index.awaits(row.segment) {
                    self.segment(&row).await?;
                }
            }
            after = Some(last);
        }
        // The sweep of repairs sees to what is none.
        let mut copies = Copies::on(&self.node.disks);
        while let Some((_, found)) = copies.next().await {
            self.copy(found).await?;
        }
        Ok(())
    }

    /// Compares a segment's file with the index, and books what is damaged, or is no longer.
    async fn segment(&self, row: &SegmentRow) -> Result<(), StoreError> {
        let (tenant, camera) = (&row.placement.tenant, row.placement.camera);
        let whole = TimeRange { start: row.start, end: row.end.max(row.start.offset_us(1)) };
        let mut known = self.node.store.damage(tenant, camera, whole).await?;
        known.retain(|damage| (damage.slot, damage.epoch) == (row.placement.slot, row.placement.epoch));
        let table = self.node.store.fragments(tenant, camera, row.segment).await?;
        if let Err(error) = self.node.footage.look_at_file(row, false).await {
            if matches!(error, FootageError::Lost(_)) || error.is_damage() {
                self.bad(row, &table, &known, &table, &error).await;
            }
            return Ok(());
        }
        let (mut bad, mut reason) = (Vec::new(), None);
        for entry in &table {
            match self.node.footage.look_through(row, entry, false).await {
                Ok(()) => {}
                Err(FootageError::Store(error)) => return Err(error),
                Err(error) if matches!(error, FootageError::Lost(_)) || error.is_damage() => {
                    bad.push(*entry);
                    reason = Some(error);
                }
                Err(error) => {
                    tracing::warn!(%error, segment = %row.segment, "a recording could not be looked through");
                    return Ok(());
                }
            }
            self.paid(entry).await;
        }
        if let Some(reason) = reason {
            self.bad(row, &table, &known, &bad, &reason).await;
        }
        // What was booked and is as it was written: its disk was away, or read wrong.
        let is_bad = |entry: &FragmentEntry| bad.iter().any(|bad| bad.number == entry.number);
        let mended: Vec<Incident> = known
            .iter()
            .filter(|damage| damage.start >= row.start && damage.end.is_some_and(|end| end <= row.end))
            .filter(|damage| {
                let touched: Vec<_> = table.iter().filter(|entry| within(damage, entry)).collect();
                !touched.is_empty() && !touched.into_iter().any(is_bad)
            })
            .copied()
            .collect();
        for damage in mended {
            match self.node.footage.note_sound(row, &damage).await {
                Err(FootageError::Store(error)) => return Err(error),
                _ => self.node.footage.forget(row.segment),
            }
        }
        Ok(())
    }

    /// Books what of `bad` is not known yet, a stretch at a time.
    async fn bad(
        &self,
        row: &SegmentRow,
        table: &[FragmentEntry],
        known: &[Incident],
        bad: &[FragmentEntry],
        reason: &FootageError,
    ) {
        let new = |entry: &FragmentEntry| {
            bad.iter().any(|bad| bad.number == entry.number) && !known.iter().any(|damage| within(damage, entry))
        };
        let stretches = table.chunk_by(|entry, next| new(entry) == new(next));
        let stretches: Vec<_> = stretches.filter(|stretch| stretch.iter().all(new)).collect();
        for stretch in stretches {
            if let (Some(first), Some(last)) = (stretch.first(), stretch.last()) {
                metrics::counter!("eyrie_repair_damage_found_total", "what" => "recording")
                    .increment(stretch.len() as u64);
                self.node.footage.note_damage(row, first.start, last.end(), reason).await;
            }
        }
        self.node.footage.forget(row.segment);
    }

    /// Compares a second copy with the index; what is damaged of it is no copy any more, and is fetched again.
    async fn copy(&self, found: FoundSegment) -> Result<(), StoreError> {
        let (store, head) = (&self.node.store, &found.head);
        let (tenant, camera) = (&head.placement.tenant, head.placement.camera);
        let moment = TimeRange { start: head.start, end: head.start.offset_us(1) };
        let rows = store.segments(tenant, camera, moment).await?;
        let Some(row) = rows.into_iter().find(|row| row.segment == head.segment) else { return Ok(()) };
        let Some(copy) = self.own_copy(&row).await? else { return Ok(()) };
        let table = store.fragments(tenant, camera, row.segment).await?;
        let mut bad = Vec::new();
        let held: Vec<_> = table.iter().filter(|entry| copy.holds(entry.number)).copied().collect();
        for entry in &held {
            match self.node.footage.look_through(&row, entry, true).await {
                Ok(()) => {}
                Err(FootageError::Store(error)) => return Err(error),
                Err(error) if matches!(error, FootageError::Lost(_)) || error.is_damage() => bad.push(entry.number),
                Err(_) => return Ok(()),
            }
            self.paid(entry).await;
        }
        if bad.is_empty() {
            return Ok(());
        }
        metrics::counter!("eyrie_repair_damage_found_total", "what" => "copy").increment(bad.len() as u64);
        tracing::error!(segment = %row.segment, fragments = bad.len(), "a second copy is damaged; it is fetched again");
        // More may have been fetched meanwhile.
        if let Some(now) = self.own_copy(&row).await? {
            let before = now.clone();
            let left = now.with(&table, |entry| before.holds(entry.number) && !bad.contains(&entry.number));
            store.put_second_copy(left).await?;
        }
        self.node.footage.copies_changed(&row);
        Ok(())
    }

    async fn own_copy(&self, row: &SegmentRow) -> Result<Option<eyrie_storage::store::SecondCopy>, StoreError> {
        let copies = self.node.store.second_copies_of(&row.placement, row.start, row.segment).await?;
        Ok(copies.into_iter().find(|copy| copy.node == self.node.config.node))
    }

    async fn paid(&self, entry: &FragmentEntry) {
        metrics::counter!("eyrie_repair_looked_through_bytes_total").increment(u64::from(entry.length));
        self.pace.spend(u64::from(entry.length)).await;
    }
}

/// Whether `damage` says that `entry` is damaged.
fn within(damage: &Incident, entry: &FragmentEntry) -> bool {
    let middle = entry.start.offset_us(i64::from(entry.duration_us / 2));
    damage.start <= middle && damage.end.is_none_or(|end| middle < end)
}
