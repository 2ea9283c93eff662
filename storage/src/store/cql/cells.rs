//! How the shared values stand in CQL columns: ids as `blob` (which sorts by bytes, as SQLite's do), every number as `bigint`,
//! words as `text`.

use eyrie_types::{
    AuditId, CameraId, DrillRunId, Epoch, EventId, GapCause, KeyId, LayoutId, MarkerId, NodeId, RecordingMode, Role,
    SegmentId, SegmentState, SessionId, SiteId, Slot, TenantId, UserId, WallTime,
};
use scylla::value::CqlValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::column::{mode_from_word, mode_word, state_from_word, state_word};
use crate::store::{SealedSecret, StoreError};

/// A column of a row, or a value of a statement.
pub(in crate::store) type Cell = Option<CqlValue>;

/// Values for a statement, in the order of its `?`s.
macro_rules! cells {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::cql::cells::ToCell::to_cell(&$value)),*] };
}
pub(in crate::store) use cells;

/// What can stand in a column.
pub(in crate::store) trait ToCell {
    fn to_cell(&self) -> Cell;
}

/// What can be read from a column; `None` for what is no such value.
pub(in crate::store) trait FromCell: Sized {
    fn from_cell(cell: Cell) -> Option<Self>;
}

/// A row of an answer.
#[derive(Debug)]
pub(in crate::store) struct Cells {
    what: &'static str,
    cells: Vec<Cell>,
}

impl Cells {
    /// A row of `what`, as errors shall call it.
    pub(in crate::store) fn new(what: &'static str, cells: Vec<Cell>) -> Self {
        Self { what, cells }
    }

    /// The cells that are left.
    pub(in crate::store) fn into_cells(self) -> Vec<Cell> {
        self.cells
    }

    /// Takes the value of column `index`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where it holds none of this kind.
    pub(in crate::store) fn get<T: FromCell>(&mut self, index: usize) -> Result<T, StoreError> {
        let cell = self.cells.get_mut(index).and_then(Option::take);
        T::from_cell(cell).ok_or_else(|| StoreError::damaged(self.what, format!("column {index} holds no such value")))
    }

    /// As [`Self::get`], and leaves the value where it is.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(in crate::store) fn peek<T: FromCell>(&self, index: usize) -> Result<T, StoreError> {
        let cell = self.cells.get(index).cloned().flatten();
        T::from_cell(cell).ok_or_else(|| StoreError::damaged(self.what, format!("column {index} holds no such value")))
    }

    /// Reads column `index` as JSON.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub(in crate::store) fn json<T: DeserializeOwned>(&mut self, index: usize) -> Result<T, StoreError> {
        let text: String = self.get(index)?;
        serde_json::from_str(&text).map_err(|error| StoreError::damaged(self.what, error))
    }
}

/// A number of rows or seconds: what CQL itself takes as `int`.
pub(in crate::store) fn limit(number: u32) -> Cell {
    Some(CqlValue::Int(i32::try_from(number).unwrap_or(i32::MAX)))
}

/// A value as JSON text.
///
/// # Errors
/// When it has something that JSON cannot hold.
pub(in crate::store) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::damaged("value", error))
}

impl<T: ToCell + ?Sized> ToCell for &T {
    fn to_cell(&self) -> Cell {
        (**self).to_cell()
    }
}

impl<T: ToCell> ToCell for Option<T> {
    fn to_cell(&self) -> Cell {
        self.as_ref().and_then(ToCell::to_cell)
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell {
            None => Some(None),
            some => T::from_cell(some).map(Some),
        }
    }
}

macro_rules! id_cells {
    ($($id:ty),* $(,)?) => {$(
        impl ToCell for $id {
            fn to_cell(&self) -> Cell {
                Some(CqlValue::Blob(self.as_uuid().as_bytes().to_vec()))
            }
        }

        impl FromCell for $id {
            fn from_cell(cell: Cell) -> Option<Self> {
                let bytes = <[u8; 16]>::from_cell(cell)?;
                Some(<$id>::from_uuid(uuid::Uuid::from_bytes(bytes)))
            }
        }
    )*};
}
id_cells!(
    AuditId, CameraId, DrillRunId, EventId, KeyId, LayoutId, MarkerId, NodeId, SegmentId, SessionId, SiteId, UserId
);

macro_rules! word_cells {
    ($($word:ty, $write:expr, $read:expr;)*) => {$(
        impl ToCell for $word {
            fn to_cell(&self) -> Cell {
                let write: fn(&$word) -> &str = $write;
                write(self).to_cell()
            }
        }

        impl FromCell for $word {
            fn from_cell(cell: Cell) -> Option<Self> {
                let read: fn(&str) -> Option<$word> = $read;
                read(&String::from_cell(cell)?)
            }
        }
    )*};
}
word_cells! {
    TenantId, |tenant| tenant.as_str(), |word| word.parse().ok();
    Role, |role| role.as_str(), Role::from_word;
    GapCause, |cause| cause.as_str(), GapCause::from_word;
    RecordingMode, mode_word, mode_from_word;
    SegmentState, state_word, state_from_word;
}

macro_rules! number_cells {
    ($($number:ty, $write:expr, $read:expr;)*) => {$(
        impl ToCell for $number {
            fn to_cell(&self) -> Cell {
                let write: fn(&$number) -> i64 = $write;
                Some(CqlValue::BigInt(write(self)))
            }
        }

        impl FromCell for $number {
            fn from_cell(cell: Cell) -> Option<Self> {
                let read: fn(i64) -> Option<$number> = $read;
                match cell? {
                    CqlValue::BigInt(number) => read(number),
                    _ => None,
                }
            }
        }
    )*};
}
number_cells! {
    i64, |number| *number, Some;
    u32, |number| (*number).into(), |number| number.try_into().ok();
    // Counts and sizes of ours are far below 2^63.
    u64, |number| i64::try_from(*number).unwrap_or(i64::MAX), |number| number.try_into().ok();
    WallTime, |time| time.as_unix_us(), |us| Some(WallTime::from_unix_us(us));
    Slot, |slot| slot.0.into(), |number| number.try_into().ok().map(Slot);
    // Below 2^53 by construction.
    Epoch, |epoch| epoch.as_u64() as i64, |number| Epoch::from_u64(number.try_into().ok()?);
}

impl ToCell for bool {
    fn to_cell(&self) -> Cell {
        Some(CqlValue::Boolean(*self))
    }
}

impl FromCell for bool {
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell? {
            CqlValue::Boolean(value) => Some(value),
            _ => None,
        }
    }
}

impl ToCell for str {
    fn to_cell(&self) -> Cell {
        Some(CqlValue::Text(self.to_owned()))
    }
}

impl ToCell for String {
    fn to_cell(&self) -> Cell {
        self.as_str().to_cell()
    }
}

impl FromCell for String {
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell? {
            CqlValue::Text(text) | CqlValue::Ascii(text) => Some(text),
            _ => None,
        }
    }
}

impl ToCell for [u8] {
    fn to_cell(&self) -> Cell {
        Some(CqlValue::Blob(self.to_vec()))
    }
}

impl ToCell for Vec<u8> {
    fn to_cell(&self) -> Cell {
        self.as_slice().to_cell()
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(cell: Cell) -> Option<Self> {
        match cell? {
            CqlValue::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl<const N: usize> ToCell for [u8; N] {
    fn to_cell(&self) -> Cell {
        self.as_slice().to_cell()
    }
}

impl<const N: usize> FromCell for [u8; N] {
    fn from_cell(cell: Cell) -> Option<Self> {
        Vec::from_cell(cell)?.try_into().ok()
    }
}

impl ToCell for SealedSecret {
    fn to_cell(&self) -> Cell {
        self.as_bytes().to_cell()
    }
}

impl FromCell for SealedSecret {
    fn from_cell(cell: Cell) -> Option<Self> {
        Vec::from_cell(cell).map(Self::new)
    }
}
