use std::fmt;

/// What happened, line by line: kept as text when asked for, always as a running hash, by which two runs of one seed are compared.
#[derive(Debug, Default)]
pub(super) struct Journal {
    keep: bool,
    lines: Vec<String>,
    hash: u64,
    count: u64,
}

impl Journal {
    pub(super) fn new(keep: bool) -> Self {
        Self { keep, hash: 0xcbf2_9ce4_8422_2325, ..Self::default() }
    }

    pub(super) fn note(&mut self, now_us: u64, what: fmt::Arguments<'_>) {
        let line = format!("{:>12.6} {what}", now_us as f64 / 1e6);
        // FNV-1a.
        self.hash = line.bytes().fold(self.hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        self.count += 1;
        if self.keep {
            self.lines.push(line);
        }
    }

    pub(super) fn into_parts(self) -> (u64, u64, Vec<String>) {
        (self.hash, self.count, self.lines)
    }
}
