use scylla::value::CqlValue;

use crate::store::cql::cells::Cell;

/// The rows of a table, summed up: equal for equal rows, in whatever order they come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableSum {
    /// How many rows.
    pub rows: u64,
    /// The sum of the first 16 bytes of their BLAKE3 hashes.
    pub hashes: u128,
}

impl TableSum {
    /// Adds a row.
    pub(super) fn add(&mut self, row: &[Cell]) {
        let mut hasher = blake3::Hasher::new();
        for cell in row {
            let (tag, bytes) = match cell {
                None => (b'n', Vec::new()),
                Some(CqlValue::BigInt(number)) => (b'i', number.to_be_bytes().to_vec()),
                Some(CqlValue::Boolean(value)) => (b'i', i64::from(*value).to_be_bytes().to_vec()),
                Some(CqlValue::Text(text)) => (b't', text.as_bytes().to_vec()),
                Some(CqlValue::Blob(bytes)) => (b'b', bytes.clone()),
                // No table has others.
                Some(other) => (b'?', format!("{other:?}").into_bytes()),
            };
            hasher.update(&[tag]);
            hasher.update(&(bytes.len() as u64).to_be_bytes());
            hasher.update(&bytes);
        }
        let mut first = [0; 16];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        self.rows += 1;
        self.hashes = self.hashes.wrapping_add(u128::from_be_bytes(first));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::cql::cells::cells;

    #[test]
    fn order_does_not_matter_and_every_cell_does() {
        let sum = |rows: &[Vec<Cell>]| {
            let mut sum = TableSum::default();
            rows.iter().for_each(|row| sum.add(row));
            sum
        };
        let (a, b) = (cells!["x", 1i64, None::<i64>], cells!["y", 2i64, vec![1u8]]);
        assert_eq!(sum(&[a.clone(), b.clone()]), sum(&[b.clone(), a.clone()]));
        for other in [cells!["x", 1i64, 0i64], cells!["x1", None::<i64>, None::<i64>], cells!["x", 1i64, ""]] {
            assert_ne!(sum(&[other, b.clone()]), sum(&[a.clone(), b.clone()]));
        }
        assert_eq!(sum(&[cells![true]]), sum(&[cells![1i64]]), "SQLite has no booleans");
    }
}
