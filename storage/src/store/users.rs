use std::fmt;

use eyrie_types::{Role, SessionId, TenantId, UserId, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::column::{Col, col};
use super::cursor::Cursor;
use super::fold::fold;
use super::store::sqlite_or;
use super::{Store, StoreError, layouts, sessions};

/// Most users on one page.
pub const USER_PAGE_MAX: usize = 1000;
const USER: &str = "user";

/// A password's argon2 hash, as the text of its crate (PHC string). `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a hash.
    pub fn new(phc: impl Into<String>) -> Self {
        Self(phc.into())
    }

    /// The hash, for whoever checks a password.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Whose.
    pub tenant: TenantId,
    /// The name to sign in with; unique in any case.
    pub username: String,
    /// What it may do.
    pub role: Role,
    /// The hash of its password.
    pub password_hash: PasswordHash,
    /// When it was made.
    pub created_at: WallTime,
    /// When it last changed.
    pub updated_at: WallTime,
}

/// What changes about a user; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// The name.
    pub username: Option<String>,
    /// The role.
    pub role: Option<Role>,
    /// The password. A new one ends all of the user's sessions but `keep_session`.
    pub password_hash: Option<PasswordHash>,
    /// The session that a change of password leaves alone: the one it was made from.
    pub keep_session: Option<SessionId>,
}

/// A page of users, sorted by name.
#[derive(Debug, Clone)]
pub struct UserPage {
    /// The users.
    pub items: Vec<User>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<Cursor>,
    /// How many users there are.
    pub total: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    #[serde(rename = "u")]
    pub(super) username_folded: String,
}

impl Store {
    /// Makes a user.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for its id or its name in any case.
    pub async fn create_user(&self, user: User) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.create_user(user));
        db.write(move |connection| insert(connection, &user)).await
    }

    /// Makes the first user of a tenant; `false` when it has users already. Asking and making are one step, so that of two
    /// starts only one makes an admin.
    pub async fn create_first_user(&self, user: User) -> Result<bool, StoreError> {
        let db = sqlite_or!(self, cql => cql.create_first_user(user));
        db.write(move |connection| {
            let any = "SELECT 1 FROM users WHERE tenant = ?1 LIMIT 1";
            if connection.prepare_cached(any)?.exists([Col(user.tenant.clone())])? {
                return Ok(false);
            }
            insert(connection, &user).map(|()| true)
        })
        .await
    }

    /// The user `id`, if there is one.
    pub async fn user(&self, tenant: &TenantId, id: UserId) -> Result<Option<User>, StoreError> {
        let db = sqlite_or!(self, cql => cql.user(tenant, id));
        let tenant = tenant.clone();
        db.read(move |connection| get(connection, &tenant, id)).await
    }

    /// The user who signs in as `username` (in any case), if there is one.
    pub async fn user_by_name(&self, tenant: &TenantId, username: &str) -> Result<Option<User>, StoreError> {
        let db = sqlite_or!(self, cql => cql.user_by_name(tenant, username));
        let (tenant, folded) = (tenant.clone(), fold(username));
        db.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM users WHERE tenant = ?1 AND username_folded = ?2");
            Ok(connection.prepare_cached(&sql)?.query_row(params![Col(tenant), folded], read).optional()?)
        })
        .await
    }

    /// A page of users: up to `limit` (clamped to 1…[`USER_PAGE_MAX`]) after `cursor`.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`].
    pub async fn users(
        &self,
        tenant: &TenantId,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Result<UserPage, StoreError> {
        let after: Option<Place> = cursor.map(Cursor::read).transpose()?;
        let after = after.map_or_else(String::new, |place| place.username_folded);
        let (tenant, limit) = (tenant.clone(), limit.clamp(1, USER_PAGE_MAX));
        let db = sqlite_or!(self, cql => cql.users(&tenant, after, limit));
        db.read(move |connection| {
            let Col(total) = connection
                .prepare_cached("SELECT count(*) FROM users WHERE tenant = ?1")?
                .query_row([Col(tenant.clone())], |row| row.get::<_, Col<u64>>(0))?;
            let sql = format!(
                "SELECT {COLUMNS} FROM users WHERE tenant = ?1 AND username_folded > ?2
                 ORDER BY username_folded LIMIT ?3"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params![Col(tenant), after, limit as u32 + 1], read)?;
            let mut items = rows.collect::<Result<Vec<_>, _>>()?;
            let more = items.len() > limit;
            items.truncate(limit);
            let next_cursor = match items.last() {
                Some(last) if more => Some(Cursor::write(&Place { username_folded: fold(&last.username) })?),
                _ => None,
            };
            Ok(UserPage { items, next_cursor, total })
        })
        .await
    }

    /// Changes a user; returns what it is now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::AlreadyExists`] for its name, [`StoreError::LastAdmin`].
    pub async fn update_user(
        &self,
        tenant: &TenantId,
        id: UserId,
        change: UserChange,
        now: WallTime,
    ) -> Result<User, StoreError> {
        let db = sqlite_or!(self, cql => cql.update_user(tenant, id, change, now));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let user = get(connection, &tenant, id)?.ok_or(StoreError::NotFound(USER))?;
            if user.role == Role::Admin && change.role.is_some_and(|role| role != Role::Admin) {
                another_admin(connection, &user)?;
            }
            if let Some(username) = &change.username {
                let taken = "SELECT 1 FROM users WHERE tenant = ?1 AND username_folded = ?2 AND id <> ?3";
                let asked = params![Col(tenant.clone()), fold(username), Col(id)];
                if connection.prepare_cached(taken)?.exists(asked)? {
                    return Err(StoreError::AlreadyExists(USER));
                }
            }
            if change.password_hash.is_some() {
                sessions::end_all_of_user(connection, &tenant, id, change.keep_session)?;
            }
            let user = changed(user, &change, now);
            connection
                .prepare_cached(
                    "UPDATE users SET username = ?3, username_folded = ?4, role = ?5, password_hash = ?6,
                       updated_us = ?7 WHERE tenant = ?1 AND id = ?2",
                )?
                .execute(params![
                    Col(tenant),
                    Col(id),
                    user.username,
                    fold(&user.username),
                    Col(user.role),
                    user.password_hash.0,
                    Col(now)
                ])?;
            Ok(user)
        })
        .await
    }

    /// Deletes a user and ends its sessions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::LastAdmin`].
    pub async fn delete_user(&self, tenant: &TenantId, id: UserId) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.delete_user(tenant, id));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let user = get(connection, &tenant, id)?.ok_or(StoreError::NotFound(USER))?;
            if user.role == Role::Admin {
                another_admin(connection, &user)?;
            }
            sessions::end_all_of_user(connection, &tenant, id, None)?;
            layouts::delete_all_of_user(connection, &tenant, id)?;
            connection
                .prepare_cached("DELETE FROM users WHERE tenant = ?1 AND id = ?2")?
                .execute(params![Col(tenant), Col(id)])?;
            Ok(())
        })
        .await
    }
}

/// What `user` is after a change.
pub(super) fn changed(user: User, change: &UserChange, now: WallTime) -> User {
    User {
        username: change.username.clone().unwrap_or(user.username),
        role: change.role.unwrap_or(user.role),
        password_hash: change.password_hash.clone().unwrap_or(user.password_hash),
        updated_at: now,
        ..user
    }
}

const COLUMNS: &str = "tenant, id, username, role, password_hash, created_us, updated_us";

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        tenant: col(row, 0)?,
        id: col(row, 1)?,
        username: row.get(2)?,
        role: col(row, 3)?,
        password_hash: PasswordHash(row.get(4)?),
        created_at: col(row, 5)?,
        updated_at: col(row, 6)?,
    })
}

fn get(connection: &Connection, tenant: &TenantId, id: UserId) -> Result<Option<User>, StoreError> {
    let mut found = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE tenant = ?1 AND id = ?2"))?;
    Ok(found.query_row(params![Col(tenant.clone()), Col(id)], read).optional()?)
}

fn insert(connection: &Connection, user: &User) -> Result<(), StoreError> {
    let made = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO users (tenant, id, username, username_folded, role, password_hash, created_us,
               updated_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            Col(user.tenant.clone()),
            Col(user.id),
            user.username,
            fold(&user.username),
            Col(user.role),
            user.password_hash.0,
            Col(user.created_at),
            Col(user.updated_at)
        ])?;
    if made == 0 { Err(StoreError::AlreadyExists(USER)) } else { Ok(()) }
}

/// Passes when the tenant has an admin besides `user`.
fn another_admin(connection: &Connection, user: &User) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM users WHERE tenant = ?1 AND role = ?2 AND id <> ?3 LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let others = statement.exists(params![Col(user.tenant.clone()), Col(Role::Admin), Col(user.id)])?;
    if others { Ok(()) } else { Err(StoreError::LastAdmin) }
}
