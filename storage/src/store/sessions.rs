//! Sessions: families of refresh tokens, of which one is valid at a time (RFC 9700 section 4.14.2, refresh token rotation).

use eyrie_types::{SessionId, TenantId, UserId, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{Col, col};
use super::store::{Backend, sqlite_or};
use super::{Store, StoreError};

/// Most sessions of one user; a further sign-in ends the one used longest ago.
pub const SESSIONS_PER_USER_MAX: u32 = 32;
/// Spent tokens remembered per session, to see one being used again: a week of use at one rotation per ten minutes. An older
/// one is refused just as well; only the family is not ended by it.
const SPENT_TOKENS_MAX: i64 = 1008;
const SESSION: &str = "session";

/// The SHA-256 of a refresh token: all the store ever sees of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of `token`, which must be random (at least 128 bits), so that no salt is needed.
    pub fn of(token: &str) -> Self {
        Self(sha256(token.as_bytes()))
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    hash
}

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose user.
    pub tenant: TenantId,
    /// Who signed in.
    pub user: UserId,
    /// When.
    pub created_at: WallTime,
    /// When its token was last rotated.
    pub rotated_at: WallTime,
    /// When it ends unless it is rotated before.
    pub expires_at: WallTime,
}

/// What came of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was the valid one; the next one is valid from now on.
    Rotated(Session),
    /// It had been used before: somebody else may hold a copy. The session has been ended.
    Reused(Session),
    /// The session ran out; it is gone.
    Expired,
    /// No session has such a token.
    Unknown,
}

impl Store {
    /// Starts `session` with its first refresh token; beyond [`SESSIONS_PER_USER_MAX`] the user's oldest ends.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for its id or token, [`StoreError::NotFound`] for its user.
    pub async fn create_session(&self, session: Session, token: TokenHash) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.create_session(session, token));
        db.write(move |connection| {
            let tenant = Col(session.tenant.clone());
            let mut user = connection.prepare_cached("SELECT 1 FROM users WHERE tenant = ?1 AND id = ?2")?;
            if !user.exists(params![tenant, Col(session.user)])? {
                return Err(StoreError::NotFound("user"));
            }
            let made = connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO sessions (tenant, id, user, created_us, rotated_us, expires_us)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    tenant,
                    Col(session.id),
                    Col(session.user),
                    Col(session.created_at),
                    Col(session.rotated_at),
                    Col(session.expires_at)
                ])?;
            if made == 0 {
                return Err(StoreError::AlreadyExists(SESSION));
            }
            add_token(connection, &session, token, 0)?;
            let sql = "SELECT id FROM sessions WHERE tenant = ?1 AND user = ?2 AND id <> ?3
                       ORDER BY rotated_us DESC LIMIT -1 OFFSET ?4";
            let mut surplus = connection.prepare_cached(sql)?;
            let asked = params![tenant, Col(session.user), Col(session.id), SESSIONS_PER_USER_MAX - 1];
            let surplus = surplus.query_map(asked, |row| row.get::<_, Col<SessionId>>(0))?;
            for id in surplus.collect::<Result<Vec<_>, _>>()? {
                end(connection, &session.tenant, id.0)?;
            }
            Ok(())
        })
        .await
    }

    /// Exchanges the refresh token `presented` for `next`, in one step: of two exchanges of one token, the second finds it
    /// spent. A spent token ends its session, even where the first answer was merely lost: a thief and an unlucky client
    /// look the same.
    pub async fn rotate_session(
        &self,
        tenant: &TenantId,
        presented: TokenHash,
        next: TokenHash,
        now: WallTime,
        expires_at: WallTime,
    ) -> Result<Rotation, StoreError> {
        let db = sqlite_or!(self, cql => cql.rotate_session(tenant, presented, next, now, expires_at));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let sql = "SELECT session, number, spent FROM refresh_tokens WHERE tenant = ?1 AND hash = ?2";
            let found = connection
                .prepare_cached(sql)?
                .query_row(params![Col(tenant.clone()), presented.0], |row| {
                    Ok((col::<SessionId>(row, 0)?, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?))
                })
                .optional()?;
            let Some((id, number, spent)) = found else { return Ok(Rotation::Unknown) };
            let Some(mut session) = get(connection, &tenant, id)? else { return Ok(Rotation::Unknown) };
            if spent {
                end(connection, &tenant, id)?;
                metrics::counter!("eyrie_store_refresh_tokens_reused_total").increment(1);
                return Ok(Rotation::Reused(session));
            }
            if session.expires_at <= now {
                end(connection, &tenant, id)?;
                return Ok(Rotation::Expired);
            }
            connection
                .prepare_cached("UPDATE refresh_tokens SET spent = 1 WHERE tenant = ?1 AND hash = ?2")?
                .execute(params![Col(tenant.clone()), presented.0])?;
            connection
                .prepare_cached("DELETE FROM refresh_tokens WHERE tenant = ?1 AND session = ?2 AND number <= ?3")?
                .execute(params![Col(tenant.clone()), Col(id), number - SPENT_TOKENS_MAX])?;
            add_token(connection, &session, next, number + 1)?;
            (session.rotated_at, session.expires_at) = (now, expires_at);
            connection
                .prepare_cached("UPDATE sessions SET rotated_us = ?3, expires_us = ?4 WHERE tenant = ?1 AND id = ?2")?
                .execute(params![Col(tenant), Col(id), Col(now), Col(expires_at)])?;
            Ok(Rotation::Rotated(session))
        })
        .await
    }

    /// The session `id` if it has not ended by `now`: whether an access token's sign-in still stands.
    pub async fn session(
        &self,
        tenant: &TenantId,
        id: SessionId,
        now: WallTime,
    ) -> Result<Option<Session>, StoreError> {
        let found = match &self.backend {
            Backend::Cql(cql) => cql.session(tenant, id).await?,
            Backend::Sqlite(db) => {
                let tenant = tenant.clone();
                db.read(move |connection| get(connection, &tenant, id)).await?
            }
        };
        Ok(found.filter(|session| session.expires_at > now))
    }

    /// Ends the session that `token`, valid or spent, belongs to: signing out. Returns it; `None` when there is none.
    pub async fn end_session_by_token(
        &self,
        tenant: &TenantId,
        token: TokenHash,
    ) -> Result<Option<Session>, StoreError> {
        let db = sqlite_or!(self, cql => cql.end_session_by_token(tenant, token));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let sql = "SELECT session FROM refresh_tokens WHERE tenant = ?1 AND hash = ?2";
            let found = connection
                .prepare_cached(sql)?
                .query_row(params![Col(tenant.clone()), token.0], |row| row.get::<_, Col<SessionId>>(0))
                .optional()?;
            let Some(Col(id)) = found else { return Ok(None) };
            let session = get(connection, &tenant, id)?;
            end(connection, &tenant, id)?;
            Ok(session)
        })
        .await
    }

    /// Ends all sessions of a user but `keep`.
    pub async fn end_sessions_of_user(
        &self,
        tenant: &TenantId,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.end_sessions_of_user(tenant, user, keep));
        let tenant = tenant.clone();
        db.write(move |connection| end_all_of_user(connection, &tenant, user, keep)).await
    }

    /// Removes the sessions of **all tenants** that ran out before `now`, at most `limit` a call; returns how many.
    pub async fn purge_sessions(&self, now: WallTime, limit: u32) -> Result<usize, StoreError> {
        let db = sqlite_or!(self, cql => cql.purge_sessions(now, limit));
        db.write(move |connection| {
            let mut old =
                connection.prepare_cached("SELECT tenant, id FROM sessions WHERE expires_us <= ?1 LIMIT ?2")?;
            let read = |row: &Row<'_>| Ok((col::<TenantId>(row, 0)?, col::<SessionId>(row, 1)?));
            let old = old.query_map(params![Col(now), limit], read)?.collect::<Result<Vec<_>, _>>()?;
            for (tenant, id) in &old {
                end(connection, tenant, *id)?;
            }
            Ok(old.len())
        })
        .await
    }
}

fn get(connection: &Connection, tenant: &TenantId, id: SessionId) -> Result<Option<Session>, StoreError> {
    let sql = "SELECT user, created_us, rotated_us, expires_us FROM sessions WHERE tenant = ?1 AND id = ?2";
    let read = |row: &Row<'_>| {
        Ok(Session {
            id,
            tenant: tenant.clone(),
            user: col(row, 0)?,
            created_at: col(row, 1)?,
            rotated_at: col(row, 2)?,
            expires_at: col(row, 3)?,
        })
    };
    Ok(connection.prepare_cached(sql)?.query_row(params![Col(tenant.clone()), Col(id)], read).optional()?)
}

fn add_token(connection: &Connection, session: &Session, token: TokenHash, number: i64) -> Result<(), StoreError> {
    let made = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO refresh_tokens (tenant, hash, session, number, spent) VALUES (?1, ?2, ?3, ?4, 0)",
        )?
        .execute(params![Col(session.tenant.clone()), token.0, Col(session.id), number])?;
    if made == 0 { Err(StoreError::AlreadyExists("refresh token")) } else { Ok(()) }
}

fn end(connection: &Connection, tenant: &TenantId, id: SessionId) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM refresh_tokens WHERE tenant = ?1 AND session = ?2",
        "DELETE FROM sessions WHERE tenant = ?1 AND id = ?2",
    ] {
        connection.prepare_cached(sql)?.execute(params![Col(tenant.clone()), Col(id)])?;
    }
    Ok(())
}

pub(super) fn end_all_of_user(
    connection: &Connection,
    tenant: &TenantId,
    user: UserId,
    keep: Option<SessionId>,
) -> Result<(), StoreError> {
    let mut all = connection.prepare_cached("SELECT id FROM sessions WHERE tenant = ?1 AND user = ?2")?;
    let all = all.query_map(params![Col(tenant.clone()), Col(user)], |row| row.get::<_, Col<SessionId>>(0))?;
    for Col(id) in all.collect::<Result<Vec<_>, _>>()? {
        if Some(id) != keep {
            end(connection, tenant, id)?;
        }
    }
    Ok(())
}
