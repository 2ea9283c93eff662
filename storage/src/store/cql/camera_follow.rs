//! Hearing of changes that other nodes of the cell make: each stands in the outbox, so that is what is followed.

use std::collections::HashSet;
use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use eyrie_types::{CameraId, EventKind, TenantId};

use super::cql::{Cql, Shared, Walk};
use crate::store::{CameraWatch, OUTBOX_PAGE_MAX, StoreError};

/// How often the outbox is looked at: so far behind other nodes' changes is whoever watches.
const EVERY: Duration = Duration::from_secs(1);
/// Names of sites make no events, so whoever watches is told this often that they may have changed.
const SITES_EVERY: u32 = 5;

/// How far a node has followed.
#[derive(Debug, Default)]
struct Followed {
    /// The next place in the outbox; `None` before the first look, and after events were dropped before they were seen.
    next: Option<u64>,
    /// Every camera told of, so that those that are gone are known after a gap.
    told: HashSet<(TenantId, CameraId)>,
}

impl Cql {
    /// What this process changes is told at once; what others change, within some seconds.
    pub(in crate::store) fn watch_cameras(&self, watch: Weak<dyn CameraWatch>) {
        self.0.watches.add(watch);
        if !self.0.following.swap(true, Ordering::AcqRel) {
            tokio::spawn(follow(std::sync::Arc::downgrade(&self.0)));
        }
    }

    async fn follow_once(&self, followed: &mut Followed) -> Result<(), StoreError> {
        let Some(next) = followed.next else { return self.tell_all(followed).await };
        let (mut seen, mut changed, mut gap) = (next, Vec::new(), false);
        self.walk_events(next, |place, event| {
            gap |= place != seen;
            seen = place + 1;
            match event.kind {
                EventKind::CameraCreated { camera }
                | EventKind::CameraUpdated { camera, .. }
                | EventKind::CameraDeleted { camera } => changed.push((event.tenant, camera)),
                _ => {}
            }
            if seen - next < OUTBOX_PAGE_MAX as u64 { Walk::On } else { Walk::Enough }
        })
        .await?;
        if gap {
            metrics::counter!("eyrie_store_camera_follow_gaps_total").increment(1);
            return self.tell_all(followed).await;
        }
        changed.sort_unstable();
        changed.dedup();
        for (tenant, camera) in changed {
            match self.camera(&tenant, camera).await? {
                Some(stored) => {
                    self.0.watches.tell(|watch| watch.put(&stored));
                    followed.told.insert((tenant, camera));
                }
                None => {
                    self.0.watches.tell(|watch| watch.gone(&tenant, camera));
                    followed.told.remove(&(tenant, camera));
                }
            }
        }
        followed.next = Some(seen);
        Ok(())
    }

    /// Tells of every camera as it is now, and of those that are gone since.
    async fn tell_all(&self, followed: &mut Followed) -> Result<(), StoreError> {
        let next = self.outbox_next().await?;
        let (mut now, mut after) = (HashSet::new(), None);
        loop {
            let page = self.cameras_of_all_tenants(after).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.camera.tenant.clone(), last.camera.id));
            for stored in &page {
                self.0.watches.tell(|watch| watch.put(stored));
                now.insert((stored.camera.tenant.clone(), stored.camera.id));
            }
        }
        for (tenant, camera) in followed.told.difference(&now) {
            self.0.watches.tell(|watch| watch.gone(tenant, *camera));
        }
        followed.told = now;
        followed.next = Some(next);
        Ok(())
    }

    /// So that lists made by the names of sites are made anew.
    async fn tell_sites(&self) -> Result<(), StoreError> {
        for tenant in self.tenants().await? {
            self.0.watches.tell(|watch| watch.site_renamed(&tenant));
        }
        Ok(())
    }
}

/// Follows until the store is gone or closed.
async fn follow(store: Weak<Shared>) {
    let (mut followed, mut every, mut round) = (Followed::default(), tokio::time::interval(EVERY), 0u32);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let Some(shared) = store.upgrade() else { return };
        let cql = Cql(shared);
        if cql.is_closed() {
            return;
        }
        round = round.wrapping_add(1);
        let done = match cql.follow_once(&mut followed).await {
            Ok(()) if round.is_multiple_of(SITES_EVERY) => cql.tell_sites().await,
            done => done,
        };
        if let Err(error) = done {
            tracing::debug!(%error, "changes of cameras by other nodes are not heard of now");
        }
    }
}
