use eyrie_types::{Layout, LayoutGrid, LayoutId, TenantId, UserId, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::column::{Col, Json, col};
use super::store::sqlite_or;
use super::{Store, StoreError};

/// Most layouts of one user: they are listed whole.
pub const LAYOUTS_PER_USER_MAX: usize = 50;
const LAYOUT: &str = "layout";

impl Store {
    /// Makes a layout of `user`.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] for its id, [`StoreError::TooMany`] beyond [`LAYOUTS_PER_USER_MAX`].
    pub async fn create_layout(&self, tenant: &TenantId, user: UserId, layout: Layout) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.create_layout(tenant, user, layout));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let Col(count) = connection
                .prepare_cached("SELECT count(*) FROM layouts WHERE tenant = ?1 AND user = ?2")?
                .query_row(params![Col(tenant.clone()), Col(user)], |row| row.get::<_, Col<u64>>(0))?;
            if count >= LAYOUTS_PER_USER_MAX as u64 {
                return Err(StoreError::TooMany { what: "layouts of one user", max: LAYOUTS_PER_USER_MAX });
            }
            let made = connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO layouts (tenant, user, id, grid, created_us, updated_us)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    Col(tenant),
                    Col(user),
                    Col(layout.id),
                    Json(&layout.grid),
                    Col(layout.created_at),
                    Col(layout.updated_at)
                ])?;
            if made == 0 { Err(StoreError::AlreadyExists(LAYOUT)) } else { Ok(()) }
        })
        .await
    }

    /// All layouts of `user`, in the order they were made.
    pub async fn layouts(&self, tenant: &TenantId, user: UserId) -> Result<Vec<Layout>, StoreError> {
        let db = sqlite_or!(self, cql => cql.layouts(tenant, user));
        let tenant = tenant.clone();
        db.read(move |connection| {
            // Ids sort by the time of their making.
            let sql =
                "SELECT id, grid, created_us, updated_us FROM layouts WHERE tenant = ?1 AND user = ?2 ORDER BY id";
            let mut statement = connection.prepare_cached(sql)?;
            let layouts = statement.query_map(params![Col(tenant), Col(user)], read)?.collect::<Result<_, _>>()?;
            Ok(layouts)
        })
        .await
    }

    /// Replaces what a layout of `user` shows; returns what it is now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn update_layout(
        &self,
        tenant: &TenantId,
        user: UserId,
        id: LayoutId,
        grid: LayoutGrid,
        now: WallTime,
    ) -> Result<Layout, StoreError> {
        let db = sqlite_or!(self, cql => cql.update_layout(tenant, user, id, grid, now));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let sql = "UPDATE layouts SET grid = ?4, updated_us = ?5 WHERE tenant = ?1 AND user = ?2 AND id = ?3
                       RETURNING id, grid, created_us, updated_us";
            let mut update = connection.prepare_cached(sql)?;
            let asked = params![Col(tenant), Col(user), Col(id), Json(&grid), Col(now)];
            update.query_row(asked, read).optional()?.ok_or(StoreError::NotFound(LAYOUT))
        })
        .await
    }

    /// Deletes a layout of `user`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_layout(&self, tenant: &TenantId, user: UserId, id: LayoutId) -> Result<(), StoreError> {
        let db = sqlite_or!(self, cql => cql.delete_layout(tenant, user, id));
        let tenant = tenant.clone();
        db.write(move |connection| {
            let gone = connection
                .prepare_cached("DELETE FROM layouts WHERE tenant = ?1 AND user = ?2 AND id = ?3")?
                .execute(params![Col(tenant), Col(user), Col(id)])?;
            if gone == 0 { Err(StoreError::NotFound(LAYOUT)) } else { Ok(()) }
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Layout> {
    let Json(grid) = row.get(1)?;
    Ok(Layout { id: col(row, 0)?, grid, created_at: col(row, 2)?, updated_at: col(row, 3)? })
}

/// Layouts are their user's alone and go with it.
pub(super) fn delete_all_of_user(connection: &Connection, tenant: &TenantId, user: UserId) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM layouts WHERE tenant = ?1 AND user = ?2")?
        .execute(params![Col(tenant.clone()), Col(user)])?;
    Ok(())
}
