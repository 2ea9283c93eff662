use eyrie_types::WallTime;
use rusqlite::{Row, params};

use super::column::{Col, col};
use super::store::sqlite_or;
use super::{SealedSecret, Store, StoreError};

/// Most signing keys: a rotation a day, each verifying for two months.
pub(super) const SIGNING_KEYS_MAX: u32 = 64;

/// A key that signs access tokens, of the whole installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// Its name in tokens (RFC 7517 section 4.5).
    pub kid: String,
    /// It signs from this moment on.
    pub signs_from: WallTime,
    /// Its successor signs from this moment on.
    pub signs_until: WallTime,
    /// Tokens it signed verify until this moment.
    pub verifies_until: WallTime,
    /// The key, sealed.
    pub sealed: SealedSecret,
}

impl Store {
    /// Stores a signing key.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for its kid, [`StoreError::TooMany`] when too many verify at once.
    pub async fn create_signing_key(&self, key: SigningKeyRow) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.create_signing_key(key));
        db.write(move |connection| {
            let count: u32 =
                connection.prepare_cached("SELECT count(*) FROM signing_keys")?.query_row([], |row| row.get(0))?;
            if count >= SIGNING_KEYS_MAX {
                return Err(StoreError::TooMany { what: "signing keys", max: SIGNING_KEYS_MAX as usize });
            }
            let made = connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO signing_keys (kid, signs_from_us, signs_until_us, verifies_until_us, sealed)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    key.kid,
                    Col(key.signs_from),
                    Col(key.signs_until),
                    Col(key.verifies_until),
                    key.sealed.as_bytes()
                ])?;
            if made == 0 { Err(StoreError::AlreadyExists("signing key")) } else { Ok(()) }
        })
        .await
    }

    /// All stored signing keys, the one that began to sign last first.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRow>, StoreError> {
        let db = sqlite_or!(self, cql => cql.signing_keys());
        db.read(|connection| {
            let sql = "SELECT kid, signs_from_us, signs_until_us, verifies_until_us, sealed FROM signing_keys
                       ORDER BY signs_from_us DESC, kid";
            let mut statement = connection.prepare_cached(sql)?;
            let keys = statement.query_map([], read)?.collect::<Result<_, _>>()?;
            Ok(keys)
        })
        .await
    }

    /// Removes the signing keys whose tokens no longer verify at `now`; returns how many.
    pub async fn purge_signing_keys(&self, now: WallTime) -> Result<usize, StoreError> {
        let db = sqlite_or!(self, cql => cql.purge_signing_keys(now));
        db.write(move |connection| {
            let mut purge = connection.prepare_cached("DELETE FROM signing_keys WHERE verifies_until_us <= ?1")?;
            Ok(purge.execute([Col(now)])?)
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<SigningKeyRow> {
    Ok(SigningKeyRow {
        kid: row.get(0)?,
        signs_from: col(row, 1)?,
        signs_until: col(row, 2)?,
        verifies_until: col(row, 3)?,
        sealed: SealedSecret::new(row.get(4)?),
    })
}
