use std::fs;
use std::time::Duration;

use eyrie_types::Monotonic;

/// Ticks of `/proc/self/stat` in a second: `USER_HZ` is 100 on every platform of Linux this is built for (proc(5), times(2)).
const TICKS_PER_SECOND: u64 = 100;
/// Bytes of a page, of which `/proc/self/statm` counts.
const PAGE_BYTES: u64 = 4096;

/// What the process takes of its machine. Two small reads of `/proc`, which is memory: neither waits for a disk.
#[derive(Debug, Default)]
pub(super) struct NodeLoad {
    last: Option<(Monotonic, u64)>,
}

impl NodeLoad {
    /// Thousandths of a core since the last time; 0 the first time, and where the system does not tell.
    pub(super) fn cpu_milli(&mut self, now: Monotonic) -> u32 {
        let Some(ticks) = fs::read_to_string("/proc/self/stat").ok().and_then(|text| cpu_ticks(&text)) else {
            return 0;
        };
        let Some((before, earlier)) = self.last.replace((now, ticks)) else { return 0 };
        milli(ticks.saturating_sub(earlier), now.since(before))
    }

    /// Resident bytes; 0 where the system does not tell.
    pub(super) fn memory_bytes() -> u64 {
        let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let pages = text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
        pages.unwrap_or(0).saturating_mul(PAGE_BYTES)
    }
}

fn milli(ticks: u64, span: Duration) -> u32 {
    let us = (span.as_micros() as u64).max(1);
    u32::try_from(ticks * (1_000_000_000 / TICKS_PER_SECOND) / us).unwrap_or(u32::MAX)
}

/// `utime` and `stime` of proc(5), fields 14 and 15. They are counted from behind the name, which may hold spaces and brackets.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_read_behind_a_name_with_brackets() {
        let stat = "42 (a) b) S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20 0";
        assert_eq!(cpu_ticks(stat), Some(150));
        assert_eq!(cpu_ticks("42 (eyrie"), None);
        assert_eq!(milli(50, Duration::from_secs(1)), 500);
        assert!(NodeLoad::memory_bytes() > 0);
    }
}
