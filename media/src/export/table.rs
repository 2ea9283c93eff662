/// A table of runs of equal values as `stts` and `ctts` hold them: count and value, 32 bits each, big-endian. The last run stays
/// open, so that the last sample can still be changed.
#[derive(Debug, Default)]
pub(super) struct RunTable {
    bytes: Vec<u8>,
    count: u32,
    value: u32,
}

impl RunTable {
    pub(super) fn push(&mut self, value: u32) {
        if self.count > 0 && self.value == value && self.count < u32::MAX {
            self.count += 1;
            return;
        }
        self.close();
        (self.count, self.value) = (1, value);
    }

    /// The value of the last sample; `None` before the first.
    pub(super) fn last(&self) -> Option<u32> {
        (self.count > 0).then_some(self.value)
    }

    /// Gives the last sample another value.
    pub(super) fn set_last(&mut self, value: u32) {
        if self.count > 0 && self.value != value {
            self.count -= 1;
            self.close();
            (self.count, self.value) = (1, value);
        }
    }

    /// Whether every sample has this one value.
    pub(super) fn is_all(&self, value: u32) -> bool {
        self.bytes.is_empty() && (self.count == 0 || self.value == value)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// The table's bytes, and how many entries they are.
    pub(super) fn finish(mut self) -> (Vec<u8>, u32) {
        self.close();
        let entries = (self.bytes.len() / 8) as u32;
        (self.bytes, entries)
    }

    fn close(&mut self) {
        if self.count > 0 {
            self.bytes.extend_from_slice(&self.count.to_be_bytes());
            self.bytes.extend_from_slice(&self.value.to_be_bytes());
            self.count = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_joined_and_the_last_sample_can_change() {
        let mut table = RunTable::default();
        for value in [5, 5, 5, 7] {
            table.push(value);
        }
        table.set_last(9);
        table.push(9);
        assert_eq!(table.last(), Some(9));
        let (bytes, entries) = table.finish();
        assert_eq!(entries, 2);
        assert_eq!(bytes, [0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 9]);
    }

    #[test]
    fn changing_the_last_of_a_run_leaves_the_others() {
        let mut table = RunTable::default();
        table.push(5);
        table.push(5);
        table.set_last(6);
        assert_eq!(table.finish(), (vec![0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 6], 2));
    }
}
