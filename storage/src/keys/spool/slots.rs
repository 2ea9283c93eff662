use std::collections::{BTreeMap, BTreeSet};

use eyrie_types::KeyId;

use super::SPOOL_ROWS_MAX;
use crate::keys::KeyRow;

/// A row in its slot.
#[derive(Debug)]
struct Kept {
    slot: usize,
    row: KeyRow,
    /// The store will not take it, however often it is asked; it stays here.
    refused: bool,
}

/// Which row lies in which slot.
#[derive(Debug, Default)]
pub(super) struct Slots {
    rows: BTreeMap<KeyId, Kept>,
    free: BTreeSet<usize>,
    /// Slots from here on were never used.
    end: usize,
}

impl Slots {
    /// Takes note of the next slot of a file that is being read.
    pub(super) fn found(&mut self, row: Option<KeyRow>) {
        let slot = self.end;
        self.end += 1;
        match row {
            Some(row) => self.put(slot, row),
            None => drop(self.free.insert(slot)),
        }
    }

    /// Takes the first free slot; `None` at the limit.
    pub(super) fn take(&mut self) -> Option<usize> {
        if let Some(slot) = self.free.pop_first() {
            return Some(slot);
        }
        let slot = self.end;
        (slot < SPOOL_ROWS_MAX).then(|| {
            self.end += 1;
            slot
        })
    }

    /// Gives a slot back: nothing that counts lies in it.
    pub(super) fn give_back(&mut self, slot: usize) {
        self.free.insert(slot);
    }

    /// `row` lies durably in `slot`.
    pub(super) fn put(&mut self, slot: usize, row: KeyRow) {
        if let Some(before) = self.rows.insert(row.key, Kept { slot, row, refused: false }) {
            self.free.insert(before.slot);
        }
    }

    /// The row is durably gone.
    pub(super) fn remove(&mut self, key: KeyId) {
        if let Some(kept) = self.rows.remove(&key) {
            self.free.insert(kept.slot);
        }
    }

    /// Where the row lies.
    pub(super) fn slot(&self, key: KeyId) -> Option<usize> {
        self.rows.get(&key).map(|kept| kept.slot)
    }

    /// The row.
    pub(super) fn row(&self, key: KeyId) -> Option<&KeyRow> {
        self.rows.get(&key).map(|kept| &kept.row)
    }

    /// The store will never take the row.
    pub(super) fn refuse(&mut self, key: KeyId) {
        if let Some(kept) = self.rows.get_mut(&key) {
            kept.refused = true;
        }
    }

    /// Rows that wait for the store.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &KeyRow> {
        self.rows.values().filter(|kept| !kept.refused).map(|kept| &kept.row)
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use eyrie_types::{SegmentId, TenantId};

    use super::*;

    fn row() -> KeyRow {
        KeyRow {
            key: KeyId::random(),
            tenant: TenantId::default_tenant(),
            segment: SegmentId::generate(),
            tenant_key_version: 1,
            kem_output: [0; 32],
            sealed_key: [0; 48],
        }
    }

    #[test]
    fn slots_are_used_again_and_end_at_the_limit() {
        let mut slots = Slots::default();
        let rows: Vec<_> = (0..SPOOL_ROWS_MAX).map(|_| row()).collect();
        for row in &rows {
            let slot = slots.take().unwrap();
            slots.put(slot, row.clone());
        }
        assert_eq!((slots.take(), slots.len()), (None, SPOOL_ROWS_MAX));
        slots.remove(rows[5].key);
        assert_eq!((slots.take(), slots.take()), (Some(5), None));
        slots.give_back(5);
        assert_eq!(slots.take(), Some(5));
    }

    #[test]
    fn what_the_store_refuses_for_good_holds_up_no_other() {
        let mut slots = Slots::default();
        let (bad, good) = (row(), row());
        slots.found(Some(bad.clone()));
        slots.found(None);
        slots.found(Some(good.clone()));
        slots.refuse(bad.key);
        assert!(slots.waiting().eq([&good]));
        assert_eq!(slots.row(bad.key), Some(&bad));
        assert_eq!(slots.take(), Some(1));
    }
}
