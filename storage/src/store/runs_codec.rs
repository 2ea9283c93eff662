//! How a segment's runs stand in their column: a version byte, then for each run two LEB128 numbers of microseconds: from the
//! end of the run before (the segment's start for the first) to its start, and its length. Six to eight bytes a run: a row is
//! rewritten every 10 s, and a flapping camera makes many runs.

use eyrie_types::{Run, TimeRange, WallTime};

use crate::leb128::{put, take};

const VERSION: u8 = 1;
/// Most runs in a row: one hour cut every 100 ms, far below any gap that counts.
const RUNS_MAX: usize = 36_000;

/// The column of `runs`, which must be sorted, none overlapping the next, none before `start`; `None` when they are not.
pub(super) fn encode(start: WallTime, runs: &[Run]) -> Option<Vec<u8>> {
    if runs.len() > RUNS_MAX {
        return None;
    }
    let mut bytes = vec![VERSION];
    let mut at = start;
    for run in runs {
        if run.start < at || run.end <= run.start {
            return None;
        }
        put(&mut bytes, run.start.signed_us_since(at) as u64);
        put(&mut bytes, run.end.signed_us_since(run.start) as u64);
        at = run.end;
    }
    Some(bytes)
}

/// Reads back what [`encode`] wrote; `None` for anything else.
pub(super) fn decode(start: WallTime, bytes: &[u8]) -> Option<Vec<Run>> {
    let (&version, mut rest) = bytes.split_first()?;
    if version != VERSION {
        return None;
    }
    let mut runs = Vec::new();
    let mut at = start;
    while !rest.is_empty() {
        if runs.len() == RUNS_MAX {
            return None;
        }
        let from = at.offset_us(i64::try_from(take(&mut rest)?).ok()?);
        at = from.offset_us(i64::try_from(take(&mut rest)?).ok()?);
        runs.push(TimeRange::new(from, at).ok()?);
    }
    Some(runs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(start: i64, end: i64) -> Run {
        TimeRange { start: WallTime::from_unix_us(start), end: WallTime::from_unix_us(end) }
    }

    #[test]
    fn the_bytes_of_version_1_stay_as_they_are() {
        let start = WallTime::from_unix_us(1_000_000);
        let bytes = encode(start, &[run(1_000_000, 1_000_300), run(1_000_301, 3_000_301)]).unwrap();
        assert_eq!(hex::encode(bytes), "0100ac020180897a");
    }

    #[test]
    fn runs_out_of_order_are_not_written() {
        let start = WallTime::from_unix_us(10);
        for bad in [vec![run(0, 20)], vec![run(10, 10)], vec![run(20, 30), run(25, 40)]] {
            assert_eq!(encode(start, &bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn runs_read_back(steps in prop::collection::vec((0u32.., 1u32..), 0..50)) {
            let start = WallTime::from_unix_us(1_700_000_000_000_000);
            let mut at = start;
            let runs: Vec<Run> = steps.into_iter().map(|(hole, length)| {
                let from = at.offset_us(hole.into());
                at = from.offset_us(length.into());
                TimeRange { start: from, end: at }
            }).collect();
            prop_assert_eq!(decode(start, &encode(start, &runs).unwrap()), Some(runs));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(WallTime::from_unix_us(5), &bytes);
        }
    }
}
