//! Appending to the outbox: one order of all events of the cluster, without a gap and no place used twice.
//!
//! A row holds the events of one append, under the place of its first; rows lie in buckets of [`PLACES`] places. Each bucket knows
//! the next place (a static column), and whoever appends does so on the condition that it is still the next: of two nodes one is
//! refused, looks where the end is now, and tries again. Those of one process that append at the same time share a row.

use std::sync::{Mutex, PoisonError};

use eyrie_types::Event;
use tokio::sync::oneshot;

use super::cells::{cells, json};
use super::cql::{Cql, Walk};
use crate::store::{OUTBOX_BATCH_MAX, OUTBOX_MAX, StoreError};

/// Places in a bucket: a partition of some 2 MB. More than one row takes, so every bucket that is passed holds the beginning of a
/// row.
const PLACES: u64 = 4096;
/// The first place.
const FIRST: u64 = 1;

pub(in crate::store) fn bucket_of(place: u64) -> u64 {
    place / PLACES
}

/// Those who wait to append, and where the end is.
#[derive(Debug, Default)]
pub(in crate::store) struct Appender {
    waiting: Mutex<Vec<Waiting>>,
    end: tokio::sync::Mutex<Option<End>>,
}

#[derive(Debug)]
struct Waiting {
    /// As JSON.
    events: Vec<String>,
    reply: oneshot::Sender<Result<(), StoreError>>,
}

/// The end of the outbox.
#[derive(Debug, Clone, Copy)]
struct End {
    /// The next place.
    next: u64,
    /// Whether the bucket of the next place holds the beginning of a row.
    begun: bool,
    /// The first place that is kept.
    tail: u64,
}

impl Cql {
    /// Appends `events` in their order, all or none. An error may leave open which: whoever then appends them again may append them
    /// twice, under the same ids.
    ///
    /// # Errors
    /// When the cluster does not take them.
    pub(in crate::store) async fn append<'a>(
        &self,
        events: impl IntoIterator<Item = &'a Event>,
    ) -> Result<(), StoreError> {
        let events = events.into_iter().map(json).collect::<Result<Vec<_>, _>>()?;
        if events.is_empty() {
            return Ok(());
        }
        let (reply, answer) = oneshot::channel();
        self.0.appender.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(Waiting { events, reply });
        // Others may have put theirs into the same row by then, so it is written whoever goes away.
        let cql = self.clone();
        tokio::spawn(async move { cql.append_waiting().await });
        answer.await.unwrap_or(Err(StoreError::Panicked))
    }

    /// Appends what waits, up to one row.
    async fn append_waiting(&self) {
        let mut end = self.0.appender.end.lock().await;
        let mut group = Vec::new();
        {
            let mut waiting = self.0.appender.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let mut room = OUTBOX_BATCH_MAX;
            // One append is never larger than a row.
            let fits = waiting.iter().take_while(|next| {
                let fits = next.events.len() <= room;
                room = room.saturating_sub(next.events.len());
                fits
            });
            let count = fits.count();
            group.extend(waiting.drain(..count));
        }
        if group.is_empty() {
            // Another took ours along.
            return;
        }
        let events: Vec<&str> = group.iter().flat_map(|one| one.events.iter().map(String::as_str)).collect();
        metrics::histogram!("eyrie_store_write_group").record(group.len() as f64);
        let result = self.append_row(&mut end, &events).await;
        if result.is_err() {
            // What became of it is not known: the end is looked for again.
            *end = None;
        }
        for one in group {
            // A caller that went away does not want to know.
            let _ = one.reply.send(result.clone());
        }
    }

    async fn append_row(&self, end: &mut Option<End>, events: &[&str]) -> Result<(), StoreError> {
        let row = format!("[{}]", events.join(","));
        for number in 0.. {
            self.again(number).await?;
            let at = match *end {
                Some(at) => at,
                None => self.find_end(self.outbox_tail().await?).await?,
            };
            let next = at.next + events.len() as u64;
            let text = "UPDATE outbox SET next = ?, events = ? WHERE bucket = ? AND seq = ? IF next = ?";
            let values = cells![next, row, bucket_of(at.next), at.next, at.begun.then_some(at.next)];
            let applied = match self.run_if(text, values).await {
                Ok(applied) => applied,
                Err(error) => match self.row_at(at.next).await {
                    // The answer was lost, the row was not.
                    Ok(Some(found)) if found == row => true,
                    _ => return Err(error),
                },
            };
            if applied {
                let begun = bucket_of(next) == bucket_of(at.next);
                *end = Some(End { next, begun, ..at });
                if next - at.tail > OUTBOX_MAX {
                    let tail = next - OUTBOX_MAX;
                    metrics::counter!("eyrie_store_outbox_dropped_total").increment(tail - at.tail);
                    self.move_tail(at.tail, tail).await?;
                    *end = Some(End { next, begun, tail });
                }
                break;
            }
            *end = Some(self.find_end(at.tail).await?);
        }
        Ok(())
    }

    /// The first place that is kept.
    pub(in crate::store) async fn outbox_tail(&self) -> Result<u64, StoreError> {
        let row = self.one("end of the outbox", "SELECT tail FROM outbox_tail WHERE one = ?", cells![1i64]).await?;
        row.map_or(Ok(FIRST), |mut row| row.get(0))
    }

    /// The next place.
    pub(in crate::store) async fn outbox_next(&self) -> Result<u64, StoreError> {
        let tail = self.outbox_tail().await?;
        Ok(self.find_end(tail).await?.next)
    }

    /// Follows the buckets to the end.
    async fn find_end(&self, tail: u64) -> Result<End, StoreError> {
        // A row that began before the tail may reach over it into a bucket that has not begun. A row before that has.
        let mut next = tail.saturating_sub(OUTBOX_BATCH_MAX as u64).max(FIRST);
        loop {
            let bucket = bucket_of(next);
            let text = "SELECT next FROM outbox WHERE bucket = ? LIMIT 1";
            let row = self.one_settled("end of the outbox", text, cells![bucket]).await?;
            match row.map(|mut row| row.get::<Option<u64>>(0)).transpose()?.flatten() {
                None => return Ok(End { next, begun: false, tail }),
                Some(found) if bucket_of(found) == bucket => return Ok(End { next: found, begun: true, tail }),
                Some(found) => next = found,
            }
        }
    }

    async fn row_at(&self, place: u64) -> Result<Option<String>, StoreError> {
        let text = "SELECT events FROM outbox WHERE bucket = ? AND seq = ?";
        let row = self.one_settled("event", text, cells![bucket_of(place), place]).await?;
        row.map_or(Ok(None), |mut row| row.get(0))
    }

    /// Keeps nothing before `tail` any more, and takes the rows away that lie wholly before it.
    pub(in crate::store) async fn move_tail(&self, old: u64, tail: u64) -> Result<(), StoreError> {
        // Known before anything goes; the highest stays, whoever writes last.
        let text = "INSERT INTO outbox_tail (one, tail) VALUES (?, ?) USING TIMESTAMP ?";
        self.run(text, cells![1i64, tail, tail]).await?;
        let first = bucket_of(old.saturating_sub(OUTBOX_BATCH_MAX as u64));
        for bucket in first..=bucket_of(tail) {
            let text = "SELECT seq FROM outbox WHERE bucket = ? AND seq <= ? ORDER BY seq DESC LIMIT 1";
            let last = self.one("event", text, cells![bucket, tail]).await?;
            let Some(mut last) = last else { continue };
            let last: u64 = last.get(0)?;
            // In a bucket that is passed, the last row may reach over the tail, too; it goes with the next move.
            self.run("DELETE FROM outbox WHERE bucket = ? AND seq < ?", cells![bucket, last]).await?;
        }
        Ok(())
    }

    /// Writes one event of a store that is moved, in its place.
    pub(in crate::store) async fn put_moved_event(&self, place: u64, events: String) -> Result<(), StoreError> {
        let text = "INSERT INTO outbox (bucket, seq, events) VALUES (?, ?, ?)";
        self.run(text, cells![bucket_of(place), place, events]).await
    }

    /// Lets an outbox that was moved go on at `next`, with the places from `tail` on.
    pub(in crate::store) async fn end_moved_outbox(&self, tail: u64, next: u64) -> Result<(), StoreError> {
        let text = "UPDATE outbox SET next = ? WHERE bucket = ?";
        for bucket in bucket_of(tail.saturating_sub(OUTBOX_BATCH_MAX as u64))..=bucket_of(next) {
            let after = next.min((bucket + 1) * PLACES);
            // One that has not begun says nothing.
            if after > bucket * PLACES {
                self.run(text, cells![after, bucket]).await?;
            }
        }
        let text = "INSERT INTO outbox_tail (one, tail) VALUES (?, ?) USING TIMESTAMP ?";
        self.run(text, cells![1i64, tail, tail]).await
    }

    /// Goes along the events from place `from` on.
    pub(in crate::store) async fn walk_events(
        &self,
        from: u64,
        mut each: impl FnMut(u64, Event) -> Walk,
    ) -> Result<(), StoreError> {
        let wanted = from.max(self.outbox_tail().await?);
        let mut bucket = bucket_of(wanted);
        let mut end = self.end_of_bucket(bucket).await?;
        if end.is_some_and(|end| end <= wanted && bucket_of(end) == bucket) {
            // Nothing new: what those who follow mostly find.
            return Ok(());
        }
        let mut first = self.row_around(bucket, wanted).await?;
        if first.is_none() && bucket > 0 {
            // The row that holds it may have begun in the bucket before.
            first = self.row_around(bucket - 1, wanted).await?;
            if first.is_some() {
                bucket -= 1;
                end = self.end_of_bucket(bucket).await?;
            }
        }
        let (mut first, mut enough) = (first.unwrap_or(0), false);
        loop {
            let text = "SELECT seq, events FROM outbox WHERE bucket = ? AND seq >= ?";
            self.walk("event", text, cells![bucket, first], |mut row| {
                let place: u64 = row.get(0)?;
                for (place, event) in (place..).zip(row.json::<Vec<Event>>(1)?) {
                    if place >= wanted && !enough {
                        enough = each(place, event) == Walk::Enough;
                    }
                }
                Ok(if enough { Walk::Enough } else { Walk::On })
            })
            .await?;
            match end {
                Some(next) if !enough && bucket_of(next) > bucket => bucket = bucket_of(next),
                _ => return Ok(()),
            }
            (first, end) = (0, self.end_of_bucket(bucket).await?);
        }
    }

    /// The place after the last of the rows that began in a bucket.
    async fn end_of_bucket(&self, bucket: u64) -> Result<Option<u64>, StoreError> {
        let row =
            self.one("end of the outbox", "SELECT next FROM outbox WHERE bucket = ? LIMIT 1", cells![bucket]).await?;
        row.map_or(Ok(None), |mut row| row.get(0))
    }

    /// Where the last row of a bucket begins that begins no later than `place`.
    async fn row_around(&self, bucket: u64, place: u64) -> Result<Option<u64>, StoreError> {
        let text = "SELECT seq FROM outbox WHERE bucket = ? AND seq <= ? ORDER BY seq DESC LIMIT 1";
        self.one("event", text, cells![bucket, place]).await?.map(|mut row| row.get(0)).transpose()
    }
}
