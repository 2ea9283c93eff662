use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use scylla::client::session::Session;
use scylla::statement::prepared::PreparedStatement;
use scylla::statement::unprepared::Statement;

use super::cql::failed;
use crate::store::StoreError;

/// Rows fetched at a time of an answer that may be long: some hundred kilobytes.
const PAGE_ROWS: i32 = 1000;

/// The statements prepared so far, by their text. The texts are constants of this crate, so there are never more than it has.
#[derive(Debug, Default)]
pub(in crate::store) struct Statements(RwLock<HashMap<&'static str, PreparedStatement>>);

impl Statements {
    /// `text`, prepared on every node the first time it is asked for.
    ///
    /// # Errors
    /// When no node of the cluster can prepare it.
    pub(in crate::store) async fn get(
        &self,
        session: &Session,
        text: &'static str,
    ) -> Result<PreparedStatement, StoreError> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(text) {
            return Ok(known.clone());
        }
        let mut prepared = session
            .prepare(Statement::new(text).with_page_size(PAGE_ROWS))
            .await
            .map_err(|error| failed(error.into()))?;
        // Plain statements of ours write the same however often they run, so the driver may try them again elsewhere. A
        // condition may have become false by its own first run.
        prepared.set_is_idempotent(!text.contains(" IF "));
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Ok(known.entry(text).or_insert(prepared).clone())
    }
}
