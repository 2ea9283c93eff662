//! Sessions. A session's row names its one valid token, and rotation exchanges it by compare-and-set; tokens lead to their session,
//! valid or spent, for as long as a thief could use one.

use std::time::Duration;

use eyrie_types::{SessionId, TenantId, UserId, WallTime};

use super::cells::{Cell, Cells, cells};
use super::cql::{Cql, all_of};
use super::directories::Of;
use super::logins::ttl;
use crate::store::sessions::TokenHash;
use crate::store::{Rotation, SESSIONS_PER_USER_MAX, Session, StoreError};

const SESSION: &str = "session";
/// A token is remembered for so long after its session would have run out: an older one is refused just as well, only the session
/// is not ended by it.
const TOKEN_KEPT_AFTER: Duration = Duration::from_secs(7 * 86_400);
/// One of a store that is moved, for so long: longer than any session lasts.
const MOVED_TOKEN_KEPT: Duration = Duration::from_secs(60 * 86_400);
/// How far back the first purge of a cluster looks for sessions that ran out: longer than any session of ours lasts.
const PURGE_BACK_DAYS: u32 = 60;
const PURGED: Of<'static> = Of::Progress("sessions purged");

impl Cql {
    pub(in crate::store) async fn create_session(&self, session: Session, token: TokenHash) -> Result<(), StoreError> {
        let cql = self.clone();
        self.whole(async move {
            let Session { id, tenant, user, created_at, rotated_at, expires_at } = &session;
            if cql.user(tenant, *user).await?.is_none() {
                return Err(StoreError::NotFound("user"));
            }
            if cql.session_of_token(tenant, token).await?.is_some() {
                return Err(StoreError::AlreadyExists("refresh token"));
            }
            cql.list_session(&session).await?;
            let text = "INSERT INTO sessions (tenant, id, user, created_us, rotated_us, expires_us, valid_token)
                        VALUES (?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS";
            let values = cells![tenant, id, user, created_at, rotated_at, expires_at, token.as_bytes()];
            if !cql.run_if(text, values).await? {
                return Err(StoreError::AlreadyExists(SESSION));
            }
            cql.add_token(&session, token).await?;
            let mut others = cql.sessions_of_user(tenant, *user).await?;
            others.retain(|other| other.id != *id);
            others.sort_unstable_by_key(|other| std::cmp::Reverse(other.rotated_at));
            for surplus in others.iter().skip(SESSIONS_PER_USER_MAX as usize - 1) {
                cql.end_session(surplus).await?;
            }
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn rotate_session(
        &self,
        tenant: &TenantId,
        presented: TokenHash,
        next: TokenHash,
        now: WallTime,
        expires_at: WallTime,
    ) -> Result<Rotation, StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let Some(id) = cql.session_of_token(&tenant, presented).await? else { return Ok(Rotation::Unknown) };
            let Some((old, valid)) = cql.session_row(&tenant, id).await? else { return Ok(Rotation::Unknown) };
            if valid != *presented.as_bytes() {
                return cql.reused(old).await;
            }
            if old.expires_at <= now {
                cql.end_session(&old).await?;
                return Ok(Rotation::Expired);
            }
            let new = Session { rotated_at: now, expires_at, ..old.clone() };
            // The next token first: once it is valid, it must lead to its session.
            cql.add_token(&new, next).await?;
            cql.list_session(&new).await?;
            let text = "UPDATE sessions SET valid_token = ?, rotated_us = ?, expires_us = ? WHERE tenant = ? AND id = ?
                        IF valid_token = ?";
            let values = cells![next.as_bytes(), now, expires_at, tenant, id, presented.as_bytes()];
            if cql.run_if(text, values).await? { Ok(Rotation::Rotated(new)) } else { cql.reused(old).await }
        })
        .await
    }

    async fn reused(&self, session: Session) -> Result<Rotation, StoreError> {
        self.end_session(&session).await?;
        metrics::counter!("eyrie_store_refresh_tokens_reused_total").increment(1);
        Ok(Rotation::Reused(session))
    }

    pub(in crate::store) async fn session(
        &self,
        tenant: &TenantId,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        Ok(self.session_row(tenant, id).await?.map(|(session, _)| session))
    }

    pub(in crate::store) async fn end_session_by_token(
        &self,
        tenant: &TenantId,
        token: TokenHash,
    ) -> Result<Option<Session>, StoreError> {
        let Some(id) = self.session_of_token(tenant, token).await? else { return Ok(None) };
        let session = self.session(tenant, id).await?;
        if let Some(session) = &session {
            self.end_session(session).await?;
        }
        Ok(session)
    }

    pub(in crate::store) async fn end_sessions_of_user(
        &self,
        tenant: &TenantId,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<(), StoreError> {
        let sessions = self.sessions_of_user(tenant, user).await?;
        let mut others = sessions;
        others.retain(|session| Some(session.id) != keep);
        all_of(others.iter().map(|session| self.end_session(session)).collect()).await.map(drop)
    }

    /// Goes along the days on which sessions were to end, from the last one that was finished on.
    pub(in crate::store) async fn purge_sessions(&self, now: WallTime, limit: u32) -> Result<usize, StoreError> {
        let today = now.utc_day();
        let done = self.numbers_with_values(PURGED).await?.first().map(|(_, day)| *day);
        let first = done.and_then(|day| u32::try_from(day + 1).ok()).unwrap_or(today.saturating_sub(PURGE_BACK_DAYS));
        let mut ended = 0;
        for day in first..=today {
            let of = Of::EndingSessions(day);
            for name in self.names(of, None).await? {
                let Some((id, tenant)) = ending(&name) else { continue };
                match self.session(&tenant, id).await? {
                    Some(session) if session.expires_at <= now => {
                        if ended == limit as usize {
                            return Ok(ended);
                        }
                        self.end_session(&session).await?;
                        ended += 1;
                    }
                    // It runs out later today.
                    Some(session) if session.expires_at.utc_day() <= day => continue,
                    // It was rotated, and is listed on a later day; or has ended.
                    _ => {}
                }
                self.unlist_now(of, 0, &name).await?;
            }
            if day < today {
                self.list_most(PURGED, 0, day.into()).await?;
            }
        }
        Ok(ended)
    }

    /// Lists the session with its user, and on the day on which it ends.
    pub(in crate::store) async fn list_session(&self, session: &Session) -> Result<(), StoreError> {
        let id = session.id.as_uuid().as_bytes();
        self.list(Of::Sessions(&session.tenant, session.user), 0, id).await?;
        let name = [&id[..], session.tenant.as_str().as_bytes()].concat();
        self.list(Of::EndingSessions(session.expires_at.utc_day()), 0, &name).await
    }

    async fn sessions_of_user(&self, tenant: &TenantId, user: UserId) -> Result<Vec<Session>, StoreError> {
        let of = Of::Sessions(tenant, user);
        let names = self.names(of, None).await?;
        let sessions = names.into_iter().map(|name| async move {
            let id = <[u8; 16]>::try_from(&name[..])
                .map_err(|_| StoreError::damaged(SESSION, "its id has another length"))?;
            self.session(tenant, SessionId::from_uuid(uuid::Uuid::from_bytes(id))).await
        });
        Ok(all_of(sessions.collect()).await?.into_iter().flatten().collect())
    }

    async fn session_row(&self, tenant: &TenantId, id: SessionId) -> Result<Option<(Session, [u8; 32])>, StoreError> {
        let text = "SELECT tenant, id, user, created_us, rotated_us, expires_us, valid_token FROM sessions
                    WHERE tenant = ? AND id = ?";
        self.one(SESSION, text, cells![tenant, id]).await?.map(read).transpose()
    }

    async fn session_of_token(&self, tenant: &TenantId, token: TokenHash) -> Result<Option<SessionId>, StoreError> {
        let text = "SELECT session FROM refresh_tokens WHERE tenant = ? AND hash = ?";
        let values = cells![tenant, token.as_bytes()];
        self.one("refresh token", text, values).await?.map(|mut row| row.get(0)).transpose()
    }

    async fn add_token(&self, session: &Session, token: TokenHash) -> Result<(), StoreError> {
        let lasts = session.expires_at.since(session.rotated_at) + TOKEN_KEPT_AFTER;
        let text = "INSERT INTO refresh_tokens (tenant, hash, session) VALUES (?, ?, ?) USING TTL ?";
        let mut values = cells![session.tenant, token.as_bytes(), session.id];
        values.push(ttl(lasts));
        self.run(text, values).await
    }

    /// Writes a token of a store that is moved: `tenant, hash, session`.
    pub(in crate::store) async fn put_token(&self, mut values: Vec<Cell>) -> Result<(), StoreError> {
        values.push(ttl(MOVED_TOKEN_KEPT));
        self.run("INSERT INTO refresh_tokens (tenant, hash, session) VALUES (?, ?, ?) USING TTL ?", values).await
    }

    /// Its tokens lead nowhere then.
    async fn end_session(&self, session: &Session) -> Result<(), StoreError> {
        let Session { id, tenant, user, .. } = session;
        self.run_if("DELETE FROM sessions WHERE tenant = ? AND id = ? IF EXISTS", cells![tenant, id]).await?;
        self.unlist_now(Of::Sessions(tenant, *user), 0, id.as_uuid().as_bytes()).await
    }
}

/// The session that an entry of [`Of::EndingSessions`] names.
fn ending(name: &[u8]) -> Option<(SessionId, TenantId)> {
    let (id, tenant) = name.split_first_chunk::<16>()?;
    let tenant = std::str::from_utf8(tenant).ok()?.parse().ok()?;
    Some((SessionId::from_uuid(uuid::Uuid::from_bytes(*id)), tenant))
}

pub(in crate::store) fn read(mut row: Cells) -> Result<(Session, [u8; 32]), StoreError> {
    let session = Session {
        tenant: row.get(0)?,
        id: row.get(1)?,
        user: row.get(2)?,
        created_at: row.get(3)?,
        rotated_at: row.get(4)?,
        expires_at: row.get(5)?,
    };
    Ok((session, row.get(6)?))
}
