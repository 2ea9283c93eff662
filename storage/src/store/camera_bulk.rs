//! One change to many cameras, in one transaction.

use eyrie_types::{By, CameraId, CameraSpec, Event, Labels, TenantId, WallTime};
use rusqlite::Connection;

use super::cameras::{at_revision, delete, put_update};
use super::store::sqlite_or;
use super::{PasswordChange, Store, StoreError, StoredCamera};

/// Most cameras one bulk call changes: each is some statements within one transaction that others wait behind.
pub const BULK_MAX: usize = 1000;

/// One change to many cameras.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BulkChange {
    /// Switch them on.
    Enable,
    /// Switch them off.
    Disable,
    /// Delete them.
    Delete,
    /// Add these labels to them.
    AddLabels(Labels),
    /// Take these labels off them.
    RemoveLabels(Labels),
}

/// What became of one camera in a bulk change.
#[derive(Debug, Clone, PartialEq)]
pub enum BulkOutcome {
    /// It changed; this is what it is now, and the event that stands in the outbox.
    Changed(Box<StoredCamera>, Event),
    /// It was so already.
    Unchanged,
    /// It is gone, as the event in the outbox says.
    Deleted(Event),
}

impl Store {
    /// Applies one change to many cameras in one transaction; each has its own result, in the order of `ids`.
    ///
    /// # Errors
    /// [`StoreError::TooMany`] beyond [`BULK_MAX`]; what fails for one camera stands in its own result.
    pub async fn change_cameras(
        &self,
        tenant: &TenantId,
        ids: Vec<CameraId>,
        change: BulkChange,
        now: WallTime,
        by: By,
    ) -> Result<Vec<Result<BulkOutcome, StoreError>>, StoreError> {
        if ids.len() > BULK_MAX {
            return Err(StoreError::TooMany { what: "cameras in one bulk change", max: BULK_MAX });
        }
        let db = sqlite_or!(self, cql => cql.change_cameras(tenant, ids, change, now, by));
        let (tenant, watches, all) = (tenant.clone(), db.watches.clone(), ids.clone());
        let work = move |connection: &Connection| {
            let one = |id| match change_one(connection, &tenant, id, &change, now, &by) {
                // What is wrong with the store is wrong for all: undo the whole change.
                Err(error) if error.is_unavailable() => Err(error),
                result => Ok(result),
            };
            ids.into_iter().map(one).collect::<Result<Vec<_>, _>>()
        };
        let told = move |outcomes: &Vec<Result<BulkOutcome, StoreError>>| {
            for (id, outcome) in all.iter().zip(outcomes) {
                match outcome {
                    Ok(BulkOutcome::Changed(stored, _)) => watches.tell(|watch| watch.put(stored)),
                    Ok(BulkOutcome::Deleted(event)) => watches.tell(|watch| watch.gone(&event.tenant, *id)),
                    Ok(BulkOutcome::Unchanged) | Err(_) => {}
                }
            }
        };
        db.write_then(work, told).await
    }
}

fn change_one(
    connection: &Connection,
    tenant: &TenantId,
    id: CameraId,
    change: &BulkChange,
    now: WallTime,
    by: &By,
) -> Result<BulkOutcome, StoreError> {
    let old = at_revision(connection, tenant, id, None)?;
    if *change == BulkChange::Delete {
        return delete(connection, &old.camera, now, by.clone()).map(BulkOutcome::Deleted);
    }
    let Some(spec) = changed_spec(&old.camera.spec, change)? else { return Ok(BulkOutcome::Unchanged) };
    let (new, event) = put_update(connection, old, spec, PasswordChange::Keep, now, by.clone())?;
    Ok(BulkOutcome::Changed(Box::new(new), event))
}

/// What `change` makes of a spec; `None` where it makes nothing of it.
pub(super) fn changed_spec(old: &CameraSpec, change: &BulkChange) -> Result<Option<CameraSpec>, StoreError> {
    let mut spec = old.clone();
    match change {
        BulkChange::Delete => return Ok(None),
        BulkChange::Enable => spec.enabled = true,
        BulkChange::Disable => spec.enabled = false,
        BulkChange::AddLabels(labels) => spec.labels = spec.labels.iter().chain(labels.iter()).collect(),
        BulkChange::RemoveLabels(labels) => {
            spec.labels = spec.labels.iter().filter(|label| !labels.contains(label)).collect();
        }
    }
    if spec == *old {
        return Ok(None);
    }
    // Many labels added to many cameras must not make a spec that a single change would refuse.
    if let Err(errors) = spec.validate() {
        let wrong = errors.into_iter().next().map_or_else(|| "spec".to_owned(), |error| error.to_string());
        return Err(StoreError::Invalid(wrong));
    }
    Ok(Some(spec))
}
