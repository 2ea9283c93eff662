use eyrie_types::{By, CameraId, TenantId, WallTime};

use super::camera_settle::Unsettled;
use super::cameras::bucket;
use super::cql::{Cql, all_of};
use crate::store::camera_bulk::changed_spec;
use crate::store::cameras::updated;
use crate::store::{BulkChange, BulkOutcome, PasswordChange, StoreError};

type Outcome = (Result<BulkOutcome, StoreError>, Option<Unsettled>);

impl Cql {
    /// As on SQLite, but for what is wrong with the store in the midst of it: some cameras have changed then and some not.
    pub(in crate::store) async fn change_cameras(
        &self,
        tenant: &TenantId,
        ids: Vec<CameraId>,
        change: BulkChange,
        now: WallTime,
        by: By,
    ) -> Result<Vec<Result<BulkOutcome, StoreError>>, StoreError> {
        let (cql, tenant) = (self.clone(), tenant.clone());
        self.whole(async move {
            let one = |id| cql.change_one(&tenant, id, &change, now, &by);
            let all: Vec<Outcome> = all_of(ids.iter().copied().map(one).collect()).await?;
            let (outcomes, changes): (Vec<_>, Vec<_>) = all.into_iter().unzip();
            let changes: Vec<Unsettled> = changes.into_iter().flatten().collect();
            cql.settle(&changes).await?;
            for (id, outcome) in ids.iter().zip(&outcomes) {
                match outcome {
                    Ok(BulkOutcome::Changed(stored, _)) => cql.0.watches.tell(|watch| watch.put(stored)),
                    Ok(BulkOutcome::Deleted(event)) => cql.0.watches.tell(|watch| watch.gone(&event.tenant, *id)),
                    Ok(BulkOutcome::Unchanged) | Err(_) => {}
                }
            }
            Ok(outcomes)
        })
        .await
    }

    async fn change_one(
        &self,
        tenant: &TenantId,
        id: CameraId,
        change: &BulkChange,
        now: WallTime,
        by: &By,
    ) -> Result<Outcome, StoreError> {
        match self.try_change(tenant, id, change, now, by).await {
            // What is wrong with the store is wrong for all.
            Err(error) if error.is_unavailable() => Err(error),
            Err(error) => Ok((Err(error), None)),
            Ok((outcome, change)) => Ok((Ok(outcome), change)),
        }
    }

    async fn try_change(
        &self,
        tenant: &TenantId,
        id: CameraId,
        change: &BulkChange,
        now: WallTime,
        by: &By,
    ) -> Result<(BulkOutcome, Option<Unsettled>), StoreError> {
        let _turn = self.turn(&[bucket(id) as u8]).await;
        for number in 0.. {
            self.again(number).await?;
            let old = self.at_revision(tenant, id, None).await?;
            if *change == BulkChange::Delete {
                if let Some(change) = self.delete_row(&old.camera, now, by.clone()).await? {
                    return Ok((BulkOutcome::Deleted(change.intent.event.clone()), Some(change)));
                }
                continue;
            }
            let Some(spec) = changed_spec(&old.camera.spec, change)? else { return Ok((BulkOutcome::Unchanged, None)) };
            let (new, event) = updated(&old, spec, PasswordChange::Keep, now, by.clone());
            if let Some(change) = self.change_row(&old, &new, event.clone()).await? {
                return Ok((BulkOutcome::Changed(Box::new(new), event), Some(change)));
            }
        }
        Err(StoreError::Contended)
    }
}
