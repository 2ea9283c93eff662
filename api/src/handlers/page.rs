//! Pages of lists.

use eyrie_storage::store::Cursor;

use crate::Problem;
use crate::limits::{PAGE_DEFAULT, PAGE_MAX};

/// The entries asked for.
pub(super) fn limit(asked: Option<u32>) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::query("limit", format!("must be 1 to {PAGE_MAX}")));
    }
    Ok(limit as usize)
}

/// The place to go on from; an empty text is the beginning, as a form sends it.
pub(super) fn cursor(asked: Option<String>) -> Option<Cursor> {
    asked.filter(|text| !text.is_empty()).map(Cursor::new)
}

/// What to hand out.
pub(super) fn next(cursor: Option<Cursor>) -> Option<String> {
    cursor.map(|cursor| cursor.as_str().to_owned())
}
