use eyrie_types::{Role, TenantId, UserId, WallTime};

use super::cells::{Cell, Cells, cells};
use super::cql::{Cql, Walk, all_of};
use crate::store::fold::fold;
use crate::store::users::{Place, changed};
use crate::store::{Cursor, PasswordHash, StoreError, User, UserChange, UserPage};

const USER: &str = "user";

/// Raises the version of a tenant's users, on the condition that nobody else did: the first of the statements of every change.
const RAISE: &str = "UPDATE users SET version = ? WHERE tenant = ? IF version = ?";
const PUT_ID: &str = "INSERT INTO users (tenant, kind, key, id, username, role, password_hash, created_us, updated_us)
                      VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?)";
const PUT_NAME: &str = "INSERT INTO users (tenant, kind, key, id) VALUES (?, 1, ?, ?)";
const PUT_ADMIN: &str = "INSERT INTO users (tenant, kind, key, id) VALUES (?, 2, ?, ?)";
const DELETE: &str = "DELETE FROM users WHERE tenant = ? AND kind = ? AND key = ?";

type Changes = Vec<(&'static str, Vec<Cell>)>;

impl Cql {
    pub(in crate::store) async fn create_user(&self, user: User) -> Result<(), StoreError> {
        self.create(user, false).await.map(drop)
    }

    pub(in crate::store) async fn create_first_user(&self, user: User) -> Result<bool, StoreError> {
        self.create(user, true).await
    }

    async fn create(&self, user: User, only_first: bool) -> Result<bool, StoreError> {
        let (cql, tenant) = (self.clone(), user.tenant.clone());
        self.whole(async move {
            let _turn = cql.turn(tenant.as_str().as_bytes()).await;
            for number in 0.. {
                cql.again(number).await?;
                let version = cql.version_of_users(&tenant).await?;
                let any = "SELECT key FROM users WHERE tenant = ? AND kind = 0 LIMIT 1";
                if only_first && cql.one(USER, any, cells![tenant]).await?.is_some() {
                    return Ok(false);
                }
                let named = cql.id_of_user(&tenant, &user.username).await?;
                if named.is_some() || cql.user(&tenant, user.id).await?.is_some() {
                    return Err(StoreError::AlreadyExists(USER));
                }
                let mut changes = vec![(RAISE, cells![version.unwrap_or(0) + 1, tenant, version])];
                changes.extend(put(&user));
                if cql.run_all_if(changes).await? {
                    return Ok(true);
                }
            }
            Err(StoreError::Contended)
        })
        .await
    }

    pub(in crate::store) async fn user(&self, tenant: &TenantId, id: UserId) -> Result<Option<User>, StoreError> {
        let text = "SELECT tenant, id, username, role, password_hash, created_us, updated_us FROM users
                    WHERE tenant = ? AND kind = 0 AND key = ?";
        self.one(USER, text, cells![tenant, id]).await?.map(read).transpose()
    }

    pub(in crate::store) async fn user_by_name(
        &self,
        tenant: &TenantId,
        username: &str,
    ) -> Result<Option<User>, StoreError> {
        match self.id_of_user(tenant, username).await? {
            Some(id) => self.user(tenant, id).await,
            None => Ok(None),
        }
    }

    pub(in crate::store) async fn users(
        &self,
        tenant: &TenantId,
        after: String,
        limit: usize,
    ) -> Result<UserPage, StoreError> {
        let total = self.count("SELECT count(*) FROM users WHERE tenant = ? AND kind = 0", cells![tenant]).await?;
        let text = "SELECT id FROM users WHERE tenant = ? AND kind = 1 AND key > ?";
        let mut ids: Vec<UserId> = Vec::new();
        self.walk(USER, text, cells![tenant, after.as_bytes()], |mut row| {
            ids.push(row.get(0)?);
            Ok(if ids.len() > limit { Walk::Enough } else { Walk::On })
        })
        .await?;
        let more = ids.len() > limit;
        ids.truncate(limit);
        let users = all_of(ids.into_iter().map(|id| self.user(tenant, id)).collect()).await?;
        let items: Vec<User> = users.into_iter().flatten().collect();
        let next_cursor = match items.last() {
            Some(last) if more => Some(Cursor::write(&Place { username_folded: fold(&last.username) })?),
            _ => None,
        };
        Ok(UserPage { items, next_cursor, total })
    }

    pub(in crate::store) async fn update_user(
        &self,
        tenant: &TenantId,
        id: UserId,
        change: UserChange,
        now: WallTime,
    ) -> Result<User, StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let _turn = cql.turn(tenant.as_str().as_bytes()).await;
            for number in 0.. {
                cql.again(number).await?;
                let version = cql.version_of_users(&tenant).await?;
                let old = cql.user(&tenant, id).await?.ok_or(StoreError::NotFound(USER))?;
                if old.role == Role::Admin && change.role.is_some_and(|role| role != Role::Admin) {
                    cql.another_admin(&old).await?;
                }
                if let Some(name) = &change.username
                    && cql.id_of_user(&tenant, name).await?.is_some_and(|other| other != id)
                {
                    return Err(StoreError::AlreadyExists(USER));
                }
                let user = changed(old.clone(), &change, now);
                let mut changes = vec![(RAISE, cells![version.unwrap_or(0) + 1, tenant, version])];
                if fold(&old.username) != fold(&user.username) {
                    changes.push((DELETE, cells![tenant, 1i64, fold(&old.username).as_bytes()]));
                }
                if old.role == Role::Admin && user.role != Role::Admin {
                    changes.push((DELETE, cells![tenant, 2i64, id]));
                }
                changes.extend(put(&user));
                if change.password_hash.is_some() {
                    // Before and after: one that begins in between, with the old password, ends too; and where the process dies in
                    // between, those that were there have ended.
                    cql.end_sessions_of_user(&tenant, id, change.keep_session).await?;
                }
                if cql.run_all_if(changes).await? {
                    if change.password_hash.is_some() {
                        cql.end_sessions_of_user(&tenant, id, change.keep_session).await?;
                    }
                    return Ok(user);
                }
            }
            Err(StoreError::Contended)
        })
        .await
    }

    pub(in crate::store) async fn delete_user(&self, tenant: &TenantId, id: UserId) -> Result<(), StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let _turn = cql.turn(tenant.as_str().as_bytes()).await;
            for number in 0.. {
                cql.again(number).await?;
                let version = cql.version_of_users(&tenant).await?;
                let user = cql.user(&tenant, id).await?.ok_or(StoreError::NotFound(USER))?;
                if user.role == Role::Admin {
                    cql.another_admin(&user).await?;
                }
                cql.end_sessions_of_user(&tenant, id, None).await?;
                let changes = vec![
                    (RAISE, cells![version.unwrap_or(0) + 1, tenant, version]),
                    (DELETE, cells![tenant, 0i64, id]),
                    (DELETE, cells![tenant, 1i64, fold(&user.username).as_bytes()]),
                    (DELETE, cells![tenant, 2i64, id]),
                ];
                if cql.run_all_if(changes).await? {
                    // Again, for one that began in between.
                    cql.end_sessions_of_user(&tenant, id, None).await?;
                    return cql.delete_layouts_of_user(&tenant, id).await;
                }
            }
            Err(StoreError::Contended)
        })
        .await
    }

    /// Writes the rows of a user, in a keyspace that nobody uses yet.
    pub(in crate::store) async fn put_user_rows(&self, user: &User) -> Result<(), StoreError> {
        self.know_tenant(&user.tenant).await?;
        for (text, values) in put(user) {
            self.run(text, values).await?;
        }
        Ok(())
    }

    async fn version_of_users(&self, tenant: &TenantId) -> Result<Option<i64>, StoreError> {
        let row = self.one_settled(USER, "SELECT version FROM users WHERE tenant = ? LIMIT 1", cells![tenant]).await?;
        row.map_or(Ok(None), |mut row| row.get(0))
    }

    async fn id_of_user(&self, tenant: &TenantId, username: &str) -> Result<Option<UserId>, StoreError> {
        let text = "SELECT id FROM users WHERE tenant = ? AND kind = 1 AND key = ?";
        self.one(USER, text, cells![tenant, fold(username).as_bytes()]).await?.map(|mut row| row.get(0)).transpose()
    }

    /// Passes when the tenant has an admin besides `user`.
    async fn another_admin(&self, user: &User) -> Result<(), StoreError> {
        let text = "SELECT id FROM users WHERE tenant = ? AND kind = 2 LIMIT 2";
        let mut others = false;
        for mut admin in self.few(USER, text, cells![user.tenant]).await? {
            others |= admin.get::<UserId>(0)? != user.id;
        }
        if others { Ok(()) } else { Err(StoreError::LastAdmin) }
    }
}

/// The rows of a user.
fn put(user: &User) -> Changes {
    let User { id, tenant, username, role, password_hash, created_at, updated_at } = user;
    let row = cells![tenant, id, id, username, role, password_hash.as_str(), created_at, updated_at];
    let mut changes = vec![(PUT_ID, row), (PUT_NAME, cells![tenant, fold(username).as_bytes(), id])];
    if *role == Role::Admin {
        changes.push((PUT_ADMIN, cells![tenant, id, id]));
    }
    changes
}

pub(in crate::store) fn read(mut row: Cells) -> Result<User, StoreError> {
    Ok(User {
        tenant: row.get(0)?,
        id: row.get(1)?,
        username: row.get(2)?,
        role: row.get(3)?,
        password_hash: PasswordHash::new(row.get::<String>(4)?),
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    })
}
