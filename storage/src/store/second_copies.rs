use std::ops::Range;

use eyrie_types::{
    CameraId, FragmentEntry, NodeId, Placement, Run, SegmentId, SegmentRow, TenantId, TimeRange, WallTime,
};
use rusqlite::{Connection, Row, params};

use super::column::{Col, col};
use super::store::sqlite_or;
use super::{SEGMENT_SPAN_MAX, Store, StoreError, day_rollups, runs_codec};
use crate::leb128::{put, take};
use crate::ledger::{GAP_MIN, joined};

/// Most second copies in an answer: one of every segment of a month cut every minute.
pub const SECOND_COPIES_MAX: usize = 50_000;
/// The version of the column of numbers.
const VERSION: u8 = 1;
/// Most ranges of numbers in a row: every other fragment of the longest segment.
const RANGES_MAX: usize = 32_768;

/// What a node keeps of a segment after a loss: fragments as their recorder wrote them, durable on the node's disk. A row is
/// written by the node that keeps the copy, and by no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondCopy {
    /// Who recorded it.
    pub placement: Placement,
    /// Which segment.
    pub segment: SegmentId,
    /// When the segment begins: with it its index row is found.
    pub start: WallTime,
    /// The node that keeps the copy.
    pub node: NodeId,
    /// The disk, by the name its configuration gives it.
    pub disk: String,
    /// The numbers of the fragments: sorted, none touching the next.
    pub numbers: Vec<Range<u32>>,
    /// The time they cover: sorted, none touching the next.
    pub runs: Vec<Run>,
    /// Bytes of the fragments.
    pub bytes: u64,
}

impl SecondCopy {
    /// A copy of `row` at `node` without any fragment yet.
    pub fn empty(row: &SegmentRow, node: NodeId, disk: &str) -> Self {
        let (placement, segment, start, disk) = (row.placement.clone(), row.segment, row.start, disk.to_owned());
        Self { placement, segment, start, node, disk, numbers: Vec::new(), runs: Vec::new(), bytes: 0 }
    }

    /// Whether fragment `number` is in it.
    pub fn holds(&self, number: u32) -> bool {
        let behind = self.numbers.partition_point(|range| range.end <= number);
        self.numbers.get(behind).is_some_and(|range| range.contains(&number))
    }

    /// The same with exactly those of `table`, the segment's, that `keep` says.
    #[must_use]
    pub fn with(mut self, table: &[FragmentEntry], keep: impl Fn(&FragmentEntry) -> bool) -> Self {
        self.numbers.clear();
        self.bytes = 0;
        let mut covered = Vec::new();
        for entry in table.iter().filter(|entry| keep(entry)) {
            match self.numbers.last_mut() {
                Some(last) if last.end == entry.number => last.end += 1,
                _ => self.numbers.push(entry.number..entry.number.saturating_add(1)),
            }
            self.bytes += u64::from(entry.length);
            covered.push(TimeRange { start: entry.start.max(self.start), end: entry.end() });
        }
        covered.retain(|range| range.start < range.end);
        self.runs = joined(covered, GAP_MIN);
        self
    }

    /// It as a row of the index, beside that of `rows` that it is a copy of; `None` where that is not among them.
    pub(crate) fn as_row(&self, rows: &[SegmentRow]) -> Option<SegmentRow> {
        let of = rows.iter().find(|row| row.segment == self.segment)?;
        Some(SegmentRow { node: self.node, runs: self.runs.clone(), bytes: self.bytes, ..of.clone() })
    }

    /// The time it says something about.
    pub(super) fn reach(&self) -> TimeRange {
        TimeRange { start: self.start, end: self.runs.last().map_or(self.start, |run| run.end) }
    }

    /// The column of its numbers: a version byte, then for each range how far behind the last it begins, and how long it is.
    pub(super) fn encoded_numbers(&self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![VERSION];
        let mut at = 0;
        for range in &self.numbers {
            if range.start < at || range.is_empty() {
                return Err(StoreError::Invalid(format!("copy of {}: numbers must be sorted and apart", self.segment)));
            }
            put(&mut bytes, u64::from(range.start - at));
            put(&mut bytes, u64::from(range.end - range.start));
            at = range.end;
        }
        Ok(bytes)
    }

    /// The column of its runs.
    pub(super) fn encoded_runs(&self) -> Result<Vec<u8>, StoreError> {
        let encoded = runs_codec::encode(self.start, &self.runs);
        encoded.ok_or_else(|| StoreError::Invalid(format!("copy of {}: runs must be sorted and apart", self.segment)))
    }

    /// Takes what its two columns hold.
    pub(super) fn decoded(mut self, numbers: &[u8], runs: &[u8]) -> Result<Self, StoreError> {
        let damaged = || StoreError::damaged("second copy", "not numbers and runs");
        self.numbers = decode(numbers).ok_or_else(damaged)?;
        self.runs = runs_codec::decode(self.start, runs).ok_or_else(damaged)?;
        Ok(self)
    }
}

fn decode(bytes: &[u8]) -> Option<Vec<Range<u32>>> {
    let (&version, mut rest) = bytes.split_first()?;
    if version != VERSION {
        return None;
    }
    let (mut ranges, mut at) = (Vec::new(), 0u32);
    while !rest.is_empty() {
        let start = at.checked_add(u32::try_from(take(&mut rest)?).ok()?)?;
        at = start.checked_add(u32::try_from(take(&mut rest)?).ok()?)?;
        if at == start || ranges.len() == RANGES_MAX {
            return None;
        }
        ranges.push(start..at);
    }
    Some(ranges)
}

impl Store {
    /// Writes or replaces what the index knows of a copy; it is found again by (segment, node). Only what is durable on that node's
    /// disk may be in it.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when numbers or runs are not sorted.
    pub async fn put_second_copy(&self, copy: SecondCopy) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.put_second_copy(copy));
        let (numbers, runs) = (copy.encoded_numbers()?, copy.encoded_runs()?);
        db.write(move |connection| {
            let Placement { tenant, camera, slot, epoch } = copy.placement.clone();
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO second_copies (tenant, camera, day, segment, node, start_us, slot, epoch,
                       disk, numbers, runs, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                )?
                .execute(params![
                    Col(tenant.clone()),
                    Col(camera),
                    copy.start.utc_day(),
                    Col(copy.segment),
                    Col(copy.node),
                    Col(copy.start),
                    Col(slot),
                    Col(epoch),
                    copy.disk,
                    numbers,
                    runs,
                    Col(copy.bytes),
                ])?;
            day_rollups::forget(connection, &tenant, camera, copy.reach())
        })
        .await
    }

    /// The copies of a camera's segments that can overlap `range`: of each segment that begins within it, or no longer before it
    /// than a segment can be.
    ///
    /// # Errors
    /// [`StoreError::TooMany`].
    pub async fn second_copies(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        range: TimeRange,
    ) -> Result<Vec<SecondCopy>, StoreError> {
        let db = sqlite_or!(self, cql => cql.second_copies(tenant, camera, range));
        let tenant = tenant.clone();
        db.read(move |connection| within(connection, &tenant, camera, range)).await
    }

    /// The copies of one segment, which begins at `start`.
    pub async fn second_copies_of(
        &self,
        placement: &Placement,
        start: WallTime,
        segment: SegmentId,
    ) -> Result<Vec<SecondCopy>, StoreError> {
        let db = sqlite_or!(self, cql => cql.second_copies_of(placement, start, segment));
        let Placement { tenant, camera, .. } = placement.clone();
        db.read(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM second_copies WHERE tenant = ?1 AND camera = ?2 AND day = ?3 AND segment = ?4
                 ORDER BY node"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let asked = params![Col(tenant), Col(camera), start.utc_day(), Col(segment)];
            statement.query_map(asked, read)?.map(|row| unpack(row?)).collect()
        })
        .await
    }

    /// Removes what the index knows of a copy, before its file is deleted. Removing what is not there is no error.
    pub async fn remove_second_copy(&self, copy: SecondCopy) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.remove_second_copy(copy));
        db.write(move |connection| {
            let Placement { tenant, camera, .. } = copy.placement.clone();
            let sql = "DELETE FROM second_copies WHERE tenant = ?1 AND camera = ?2 AND day = ?3 AND segment = ?4
                       AND node = ?5";
            let key =
                params![Col(tenant.clone()), Col(camera), copy.start.utc_day(), Col(copy.segment), Col(copy.node)];
            connection.prepare_cached(sql)?.execute(key)?;
            day_rollups::forget(connection, &tenant, camera, copy.reach())
        })
        .await
    }
}

const COLUMNS: &str = "tenant, camera, slot, epoch, segment, start_us, node, disk, numbers, runs, bytes";

type Packed = (SecondCopy, Vec<u8>, Vec<u8>);

fn read(row: &Row<'_>) -> rusqlite::Result<Packed> {
    let copy = SecondCopy {
        placement: Placement { tenant: col(row, 0)?, camera: col(row, 1)?, slot: col(row, 2)?, epoch: col(row, 3)? },
        segment: col(row, 4)?,
        start: col(row, 5)?,
        node: col(row, 6)?,
        disk: row.get(7)?,
        numbers: Vec::new(),
        runs: Vec::new(),
        bytes: col(row, 10)?,
    };
    Ok((copy, row.get(8)?, row.get(9)?))
}

fn unpack((copy, numbers, runs): Packed) -> Result<SecondCopy, StoreError> {
    copy.decoded(&numbers, &runs)
}

pub(super) fn within(
    connection: &Connection,
    tenant: &TenantId,
    camera: CameraId,
    range: TimeRange,
) -> Result<Vec<SecondCopy>, StoreError> {
    let earliest = range.start - SEGMENT_SPAN_MAX;
    let sql = format!(
        "SELECT {COLUMNS} FROM second_copies WHERE tenant = ?1 AND camera = ?2 AND day BETWEEN ?3 AND ?4
           AND start_us >= ?5 AND start_us < ?6 ORDER BY day, segment, node LIMIT {}",
        SECOND_COPIES_MAX + 1
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let (first, last) = (earliest.utc_day(), range.end.utc_day());
    let asked = params![Col(tenant.clone()), Col(camera), first, last, Col(earliest), Col(range.end)];
    let copies: Vec<_> =
        statement.query_map(asked, read)?.map(|row| unpack(row?)).collect::<Result<_, StoreError>>()?;
    if copies.len() > SECOND_COPIES_MAX {
        return Err(StoreError::TooMany { what: "second copies in the range", max: SECOND_COPIES_MAX });
    }
    Ok(copies)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_numbers_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(ranges) = decode(&bytes) {
                prop_assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
            }
        }
    }
}
