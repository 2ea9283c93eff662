//! How the shared values stand in columns: ids as 16 bytes, times as microseconds since 1970, words as text.

use eyrie_types::{
    AuditId, CameraId, DrillRunId, Epoch, EventId, GapCause, KeyId, LayoutId, MarkerId, NodeId, RecordingMode, Role,
    SegmentId, SegmentState, SessionId, SiteId, Slot, TenantId, UserId, WallTime,
};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A shared value in a column; `types` knows nothing of SQL, so the conversions hang on this wrapper.
pub(super) struct Col<T>(pub(super) T);

/// A value kept as JSON text.
pub(super) struct Json<T>(pub(super) T);

/// The shared value in column `index`.
pub(super) fn col<T>(row: &Row<'_>, index: usize) -> rusqlite::Result<T>
where
    Col<T>: FromSql,
{
    row.get::<_, Col<T>>(index).map(|column| column.0)
}

/// An error of a stored value that is not what its column should hold.
fn wrong(what: &'static str) -> FromSqlError {
    FromSqlError::Other(format!("not a stored {what}").into())
}

macro_rules! id_columns {
    ($($id:ty),* $(,)?) => {$(
        impl ToSql for Col<$id> {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_uuid().as_bytes())))
            }
        }

        impl FromSql for Col<$id> {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Ok(Self(<$id>::from_uuid(uuid::Uuid::from_bytes(<[u8; 16]>::column_result(value)?))))
            }
        }
    )*};
}
id_columns!(
    AuditId, CameraId, DrillRunId, EventId, KeyId, LayoutId, MarkerId, NodeId, SegmentId, SessionId, SiteId, UserId
);

macro_rules! word_columns {
    ($($word:ty, $what:literal, $write:expr, $read:expr;)*) => {$(
        impl ToSql for Col<$word> {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                let write: fn(&$word) -> &str = $write;
                Ok(ToSqlOutput::Borrowed(ValueRef::Text(write(&self.0).as_bytes())))
            }
        }

        impl FromSql for Col<$word> {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let read: fn(&str) -> Option<$word> = $read;
                read(value.as_str()?).map(Self).ok_or_else(|| wrong($what))
            }
        }
    )*};
}
word_columns! {
    TenantId, "tenant", |tenant| tenant.as_str(), |word| word.parse().ok();
    Role, "role", |role| role.as_str(), Role::from_word;
    GapCause, "gap cause", |cause| cause.as_str(), GapCause::from_word;
    RecordingMode, "recording mode", mode_word, mode_from_word;
    SegmentState, "segment state", state_word, state_from_word;
}

pub(super) fn mode_word(mode: &RecordingMode) -> &str {
    match mode {
        RecordingMode::Continuous => "continuous",
        RecordingMode::Off => "off",
    }
}

pub(super) fn mode_from_word(word: &str) -> Option<RecordingMode> {
    [RecordingMode::Continuous, RecordingMode::Off].into_iter().find(|mode| mode_word(mode) == word)
}

pub(super) fn state_word(state: &SegmentState) -> &str {
    match state {
        SegmentState::Open => "open",
        SegmentState::Closed => "closed",
        SegmentState::Unclosed => "unclosed",
    }
}

pub(super) fn state_from_word(word: &str) -> Option<SegmentState> {
    [SegmentState::Open, SegmentState::Closed, SegmentState::Unclosed].into_iter().find(|s| state_word(s) == word)
}

impl ToSql for Col<WallTime> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_unix_us().into())
    }
}

impl FromSql for Col<WallTime> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|us| Self(WallTime::from_unix_us(us)))
    }
}

impl ToSql for Col<Slot> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.0.into())
    }
}

impl FromSql for Col<Slot> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        u8::column_result(value).map(|slot| Self(Slot(slot)))
    }
}

impl ToSql for Col<Epoch> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        // Below 2^53 by construction.
        Ok((self.0.as_u64() as i64).into())
    }
}

impl FromSql for Col<Epoch> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let Col(number) = Col::<u64>::column_result(value)?;
        Epoch::from_u64(number).map(Self).ok_or_else(|| wrong("epoch"))
    }
}

/// Counts and sizes; SQLite's integers are signed.
impl ToSql for Col<u64> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let signed = i64::try_from(self.0).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
        Ok(signed.into())
    }
}

impl FromSql for Col<u64> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let signed = value.as_i64()?;
        u64::try_from(signed).map(Self).map_err(|_| FromSqlError::OutOfRange(signed))
    }
}

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}
