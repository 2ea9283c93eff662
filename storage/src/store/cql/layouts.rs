use eyrie_types::{Layout, LayoutGrid, LayoutId, TenantId, UserId, WallTime};

use super::cells::{Cells, cells, json};
use super::cql::Cql;
use crate::store::{LAYOUTS_PER_USER_MAX, StoreError};

const LAYOUT: &str = "layout";

impl Cql {
    /// As on SQLite; two made at the same moment may be one more than [`LAYOUTS_PER_USER_MAX`].
    pub(in crate::store) async fn create_layout(
        &self,
        tenant: &TenantId,
        user: UserId,
        layout: Layout,
    ) -> Result<(), StoreError> {
        let count = "SELECT count(*) FROM layouts WHERE tenant = ? AND user = ?";
        if self.count(count, cells![tenant, user]).await? >= LAYOUTS_PER_USER_MAX as u64 {
            return Err(StoreError::TooMany { what: "layouts of one user", max: LAYOUTS_PER_USER_MAX });
        }
        let text = "INSERT INTO layouts (tenant, user, id, grid, created_us, updated_us) VALUES (?, ?, ?, ?, ?, ?)
                    IF NOT EXISTS";
        let Layout { id, grid, created_at, updated_at } = &layout;
        let made = self.run_if(text, cells![tenant, user, id, json(grid)?, created_at, updated_at]).await?;
        if made { Ok(()) } else { Err(StoreError::AlreadyExists(LAYOUT)) }
    }

    pub(in crate::store) async fn layouts(&self, tenant: &TenantId, user: UserId) -> Result<Vec<Layout>, StoreError> {
        let text = "SELECT id, grid, created_us, updated_us FROM layouts WHERE tenant = ? AND user = ?";
        self.all(LAYOUT, text, cells![tenant, user], read).await
    }

    pub(in crate::store) async fn update_layout(
        &self,
        tenant: &TenantId,
        user: UserId,
        id: LayoutId,
        grid: LayoutGrid,
        now: WallTime,
    ) -> Result<Layout, StoreError> {
        let text = "UPDATE layouts SET grid = ?, updated_us = ? WHERE tenant = ? AND user = ? AND id = ? IF EXISTS";
        if !self.run_if(text, cells![json(&grid)?, now, tenant, user, id]).await? {
            return Err(StoreError::NotFound(LAYOUT));
        }
        let found = "SELECT id, grid, created_us, updated_us FROM layouts WHERE tenant = ? AND user = ? AND id = ?";
        let row = self.one(LAYOUT, found, cells![tenant, user, id]).await?;
        let layout = row.map(read).transpose()?.ok_or(StoreError::NotFound(LAYOUT))?;
        Ok(Layout { grid, updated_at: now, ..layout })
    }

    pub(in crate::store) async fn delete_layout(
        &self,
        tenant: &TenantId,
        user: UserId,
        id: LayoutId,
    ) -> Result<(), StoreError> {
        let text = "DELETE FROM layouts WHERE tenant = ? AND user = ? AND id = ? IF EXISTS";
        let gone = self.run_if(text, cells![tenant, user, id]).await?;
        if gone { Ok(()) } else { Err(StoreError::NotFound(LAYOUT)) }
    }

    /// Layouts are their user's alone and go with it.
    pub(in crate::store) async fn delete_layouts_of_user(
        &self,
        tenant: &TenantId,
        user: UserId,
    ) -> Result<(), StoreError> {
        for layout in self.layouts(tenant, user).await? {
            match self.delete_layout(tenant, user, layout.id).await {
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn read(mut row: Cells) -> Result<Layout, StoreError> {
    Ok(Layout { id: row.get(0)?, grid: row.json(1)?, created_at: row.get(2)?, updated_at: row.get(3)? })
}
