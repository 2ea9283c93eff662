use std::collections::BTreeMap;

use eyrie_types::{GapCause, TimeRange, WallTime};

use super::{Ledger, Summary};
use crate::leb128::{put, take};

/// Most stretches of a day: where there are more, each minute becomes one. A year on a screen has steps of hours.
const STEPS: usize = 1440;
const DAY_US: i64 = 86_400_000_000;
/// The version of the bytes; another one is drawn up anew.
const VERSION: u8 = 1;
/// Most items and causes read back: more than a day has steps is not ours.
const ITEMS_MAX: u64 = STEPS as u64;

/// What a stretch of a timeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DayKind {
    /// Footage is there.
    Recorded,
    /// Footage was there until retention deleted it.
    Deleted,
    /// Footage is missing, and why for the most part.
    Missing(GapCause),
}

/// A stretch of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayItem {
    /// Its first moment.
    pub start: WallTime,
    /// The first moment after it.
    pub end: WallTime,
    /// What it is. Where footage is missing, that is told before all else.
    pub kind: DayKind,
    /// What of it is missing, in microseconds: all of it, or less where it was merged with what is there.
    pub missing_us: u64,
}

/// A UTC day of a camera drawn up: its account to the microsecond, and its timeline, to the minute
/// where it is a busy one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayRollup {
    /// The account.
    pub summary: Summary,
    /// The timeline: sorted, none overlapping.
    pub items: Vec<DayItem>,
}

impl DayRollup {
    /// The time of a UTC day.
    pub fn range(day: u32) -> TimeRange {
        let start = WallTime::from_unix_us(i64::from(day) * DAY_US);
        TimeRange { start, end: start.offset_us(DAY_US) }
    }

    /// Draws up a day out of its ledger.
    pub fn of(ledger: &Ledger, day: u32) -> Self {
        let items = coarsen(&items(ledger), Self::range(day), STEPS);
        Self { summary: ledger.summary.clone(), items }
    }

    /// The bytes that are kept: a version, the numbers, then the items as steps from the one before; all as LEB128.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        let Summary { expected_us, durable_us, deleted_us, pending_us, missing_us_by_cause, .. } = &self.summary;
        let day = self.items.first().map_or(0, |item| item.start.utc_day());
        for number in [u64::from(day), *expected_us, *durable_us, *deleted_us, *pending_us] {
            put(&mut bytes, number);
        }
        put(&mut bytes, missing_us_by_cause.len() as u64);
        for (cause, missing) in missing_us_by_cause {
            put(&mut bytes, code(DayKind::Missing(*cause)));
            put(&mut bytes, *missing);
        }
        let mut at = Self::range(day).start;
        for item in &self.items {
            put(&mut bytes, code(item.kind));
            put(&mut bytes, item.start.signed_us_since(at).unsigned_abs());
            put(&mut bytes, item.end.signed_us_since(item.start).unsigned_abs());
            put(&mut bytes, item.missing_us);
            at = item.end;
        }
        bytes
    }

    /// Reads back what [`DayRollup::encode`] wrote; `None` for anything else, such as what another release wrote.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&version, mut rest) = bytes.split_first()?;
        if version != VERSION {
            return None;
        }
        let mut next = || take(&mut rest);
        let day = u32::try_from(next()?).ok()?;
        let mut summary = Summary {
            expected_us: next()?,
            durable_us: next()?,
            deleted_us: next()?,
            pending_us: next()?,
            ..Summary::default()
        };
        let causes = next().filter(|causes| *causes <= ITEMS_MAX)?;
        for _ in 0..causes {
            let DayKind::Missing(cause) = kind(next()?)? else { return None };
            let missing = next()?;
            summary.missing_us = summary.missing_us.checked_add(missing)?;
            summary.missing_us_by_cause.insert(cause, missing);
        }
        let mut items = Vec::new();
        let mut at = Self::range(day).start;
        while !rest.is_empty() {
            let mut next = || take(&mut rest);
            let kind = kind(next()?)?;
            let start = at.offset_us(i64::try_from(next()?).ok()?);
            let end = start.offset_us(i64::try_from(next()?).ok()?);
            let missing_us = next()?;
            if items.len() as u64 == ITEMS_MAX || end <= start {
                return None;
            }
            items.push(DayItem { start, end, kind, missing_us });
            at = end;
        }
        Some(Self { summary, items })
    }
}

/// The timeline of a ledger, as exact as it is. Footage that was not asked for is on it, too.
pub fn items(ledger: &Ledger) -> Vec<DayItem> {
    let item = |start, end, kind, missing_us| DayItem { start, end, kind, missing_us };
    let mut items: Vec<DayItem> = Vec::new();
    for span in &ledger.spans {
        match items.last_mut() {
            // Who recorded it makes no difference here.
            Some(last) if last.end == span.start => last.end = span.end,
            _ => items.push(item(span.start, span.end, DayKind::Recorded, 0)),
        }
    }
    items.extend(ledger.deleted.iter().map(|range| item(range.start, range.end, DayKind::Deleted, 0)));
    items.extend(ledger.gaps.iter().map(|gap| {
        item(gap.start, gap.end, DayKind::Missing(gap.cause), gap.end.signed_us_since(gap.start).unsigned_abs())
    }));
    items.sort_by_key(|item| item.start);
    items
}

/// What is missing of a part of an item: of one that was merged before, the part's share.
fn share(item: &DayItem, part: TimeRange) -> u64 {
    let us = |start: WallTime, end: WallTime| u128::from(end.signed_us_since(start).unsigned_abs());
    let share = u128::from(item.missing_us) * us(part.start, part.end) / us(item.start, item.end).max(1);
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// What one step of a timeline holds.
#[derive(Default)]
struct Cell {
    recorded_us: u64,
    deleted_us: u64,
    missing_us: BTreeMap<GapCause, u64>,
    first: Option<WallTime>,
    last: Option<WallTime>,
}

impl Cell {
    fn add(&mut self, part: TimeRange, item: &DayItem) {
        let length = part.end.signed_us_since(part.start).unsigned_abs();
        match item.kind {
            DayKind::Recorded => self.recorded_us += length,
            DayKind::Deleted => self.deleted_us += length,
            DayKind::Missing(cause) => *self.missing_us.entry(cause).or_default() += share(item, part),
        }
        self.first = Some(self.first.map_or(part.start, |first| first.min(part.start)));
        self.last = Some(self.last.map_or(part.end, |last| last.max(part.end)));
    }

    /// Missing footage is told before footage, so that none is hidden by it.
    fn item(&self) -> Option<DayItem> {
        let (start, end) = (self.first?, self.last?);
        let most = self.missing_us.iter().max_by_key(|(_, missing)| **missing).map(|(cause, _)| *cause);
        let kind = match most {
            Some(cause) => DayKind::Missing(cause),
            None if self.recorded_us >= self.deleted_us => DayKind::Recorded,
            None => DayKind::Deleted,
        };
        Some(DayItem { start, end, kind, missing_us: self.missing_us.values().sum() })
    }
}

/// `items` (sorted by start) within `range`, in at most `steps` of them: as they are where they are few enough, else merged
/// within equal steps, neighbours of one kind made one.
pub fn coarsen(items: &[DayItem], range: TimeRange, steps: usize) -> Vec<DayItem> {
    let clipped = |item: &DayItem| {
        let part = (TimeRange { start: item.start, end: item.end }).intersect(&range)?;
        Some(DayItem { start: part.start, end: part.end, missing_us: share(item, part), ..*item })
    };
    let few: Vec<DayItem> = items.iter().filter_map(clipped).take(steps.saturating_add(1)).collect();
    if few.len() <= steps {
        return few;
    }
    let steps = i64::try_from(steps.max(1)).unwrap_or(i64::MAX);
    let length = range.end.signed_us_since(range.start).max(1);
    let step = (length.saturating_add(steps - 1) / steps).max(1);
    let mut merged: Vec<DayItem> = Vec::new();
    let mut push = |cell: &Cell| {
        let Some(item) = cell.item() else { return };
        match merged.last_mut() {
            Some(last) if last.kind == item.kind && item.start.signed_us_since(last.end) < step => {
                last.end = item.end;
                last.missing_us += item.missing_us;
            }
            _ => merged.push(item),
        }
    };
    let (mut cell, mut at) = (Cell::default(), 0);
    for item in items {
        let Some(within) = (TimeRange { start: item.start, end: item.end }).intersect(&range) else { continue };
        let mut from = within.start;
        while from < within.end {
            let index = from.signed_us_since(range.start) / step;
            if index != at {
                push(&std::mem::take(&mut cell));
                at = index;
            }
            let until = range.start.offset_us((index + 1).saturating_mul(step)).min(within.end);
            cell.add(TimeRange { start: from, end: until }, item);
            from = until;
        }
    }
    push(&cell);
    merged
}

fn code(kind: DayKind) -> u64 {
    match kind {
        DayKind::Recorded => 0,
        DayKind::Deleted => 1,
        // Every cause is listed, in an order that only grows at its end.
        DayKind::Missing(cause) => 2 + CODES.iter().position(|known| *known == cause).unwrap_or(0) as u64,
    }
}

fn kind(code: u64) -> Option<DayKind> {
    match code {
        0 => Some(DayKind::Recorded),
        1 => Some(DayKind::Deleted),
        code => CODES.get(usize::try_from(code - 2).ok()?).map(|cause| DayKind::Missing(*cause)),
    }
}

/// The causes by their numbers in stored days: new ones go to the end.
const CODES: [GapCause; 18] = [
    GapCause::Unknown,
    GapCause::CameraUnreachable,
    GapCause::CameraSilent,
    GapCause::CameraRefused,
    GapCause::CameraSessionLimit,
    GapCause::StreamInvalid,
    GapCause::PacketsLost,
    GapCause::Starting,
    GapCause::NodeDown,
    GapCause::ProcessRestart,
    GapCause::MemoryLimit,
    GapCause::DiskFull,
    GapCause::DiskReadOnly,
    GapCause::DiskSlow,
    GapCause::DiskError,
    GapCause::KeyUnavailable,
    GapCause::Damaged,
    GapCause::NodeUnreachable,
];

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn at(us: i64) -> WallTime {
        WallTime::from_unix_us(20_000 * DAY_US + us)
    }

    fn item(start: i64, end: i64, kind: DayKind, missing: i64) -> DayItem {
        DayItem { start: at(start), end: at(end), kind, missing_us: missing as u64 }
    }

    #[test]
    fn every_cause_has_a_number_of_its_own_and_reads_back() {
        for cause in GapCause::ALL {
            assert_eq!(kind(code(DayKind::Missing(cause))), Some(DayKind::Missing(cause)));
        }
        assert_eq!(kind(2 + CODES.len() as u64), None);
    }

    #[test]
    fn a_gap_of_a_second_is_not_hidden_by_a_year_of_footage_and_its_length_stays() {
        let gap = DayKind::Missing(GapCause::CameraSilent);
        let year = 365 * DAY_US;
        let items = [
            item(0, DAY_US, DayKind::Recorded, 0),
            item(DAY_US, DAY_US + 1_000_000, gap, 1_000_000),
            item(DAY_US + 1_000_000, year, DayKind::Recorded, 0),
        ];
        let range = TimeRange { start: at(0), end: at(year) };
        for steps in [1, 10, 1000] {
            let merged = coarsen(&items, range, steps);
            assert!(merged.len() <= steps.max(1), "{merged:?}");
            assert_eq!(merged.iter().map(|item| item.missing_us).sum::<u64>(), 1_000_000, "{merged:?}");
            assert!(merged.iter().any(|item| item.kind == gap), "{merged:?}");
        }
    }

    #[test]
    fn a_merged_step_names_the_cause_of_most_of_it_and_neighbours_of_a_kind_are_one() {
        let (silent, down) = (DayKind::Missing(GapCause::CameraSilent), DayKind::Missing(GapCause::NodeDown));
        let items = [
            item(0, 10, silent, 10),
            item(10, 40, down, 30),
            item(40, 100, DayKind::Recorded, 0),
            item(100, 200, DayKind::Recorded, 0),
            item(250, 300, DayKind::Deleted, 0),
        ];
        let merged = coarsen(&items, TimeRange { start: at(0), end: at(300) }, 3);
        assert_eq!(
            merged,
            [item(0, 100, down, 40), item(100, 200, DayKind::Recorded, 0), item(250, 300, DayKind::Deleted, 0)]
        );
    }

    #[test]
    fn a_day_reads_back_and_garbage_does_not() {
        let summary = Summary {
            expected_us: 100,
            durable_us: 50,
            deleted_us: 20,
            missing_us: 30,
            pending_us: 0,
            missing_us_by_cause: [(GapCause::DiskFull, 10), (GapCause::Unknown, 20)].into_iter().collect(),
        };
        let items = vec![
            item(5, MINUTE, DayKind::Recorded, 0),
            item(MINUTE, 2 * MINUTE, DayKind::Missing(GapCause::DiskFull), 10),
            item(3 * MINUTE, 4 * MINUTE, DayKind::Deleted, 0),
        ];
        let day = DayRollup { summary, items };
        let bytes = day.encode();
        assert_eq!(DayRollup::decode(&bytes), Some(day));
        assert_eq!(DayRollup::decode(&DayRollup::default().encode()), Some(DayRollup::default()));
        for cut in [0, 1, bytes.len() - 1] {
            assert_eq!(DayRollup::decode(&bytes[..cut]), None, "{cut}");
        }
        assert_eq!(DayRollup::decode(&[9, 0, 0]), None);
    }
}
