//! The specs of cameras, wherever they are to be had: what this node keeps, the store, the other nodes.

use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::{CameraKey, CameraNeeds};
use eyrie_storage::keys::{KeyError, SealContext, Sealer, TenantKeyRow};
use eyrie_storage::mirror::{camera_from_bytes, tenant_key_from_bytes};
use eyrie_storage::store::StoredCamera;
use eyrie_types::{Camera, CameraSpec, Secret};

use tokio::task::JoinSet;

use super::control::Shared;
use crate::link::{LinkAnswer, LinkRequest};

/// What the sealer calls camera passwords, and the keys of addresses that cameras publish to.
pub const CAMERA_PASSWORD: &str = "camera-password";
/// How long the store may take: one that hangs must not keep a camera from being started with what a peer knows.
const STORE_WITHIN: Duration = Duration::from_secs(1);
/// How long a peer may take.
const PEER_WITHIN: Duration = Duration::from_secs(1);

/// What placing a camera depends on. `twins` are labels whose cameras get a twin.
pub(super) fn needs_of(camera: &Camera, twins: &[String]) -> CameraNeeds {
    let CameraSpec { enabled, labels, placement, .. } = &camera.spec;
    let twin = twins.iter().any(|label| labels.contains(label));
    CameraNeeds {
        revision: camera.revision,
        enabled: *enabled,
        redundancy: if twin { 2 } else { placement.redundancy },
        labels: placement.node_labels.iter().map(str::to_owned).collect(),
        // One publishes at a time, to one node.
        max_sessions: if camera.spec.source.is_pushed() { 1 } else { placement.max_sessions },
        weight: 1,
    }
}

/// A camera with its password opened, ready to be run.
///
/// # Errors
/// When the password was sealed under another master key, for another camera, or is damaged.
pub(super) fn open_camera(sealer: &Sealer, stored: StoredCamera) -> Result<Camera, KeyError> {
    let StoredCamera { mut camera, password } = stored;
    if let Some(sealed) = password {
        let object = camera.id.to_string();
        let context = SealContext { tenant: &camera.tenant, purpose: CAMERA_PASSWORD, object: &object };
        let opened = sealer.open(context, sealed.as_bytes())?;
        camera.spec.source.put_secret(Secret::new(String::from_utf8_lossy(&opened)));
    }
    Ok(camera)
}

impl Shared {
    /// The camera at `revision` or a newer one, as this node keeps it.
    pub(super) fn kept(&self, key: &CameraKey, revision: u64) -> Option<StoredCamera> {
        let new_enough = |kept: &StoredCamera| kept.camera.revision >= revision;
        let mirrored = self.mirror.get(&key.tenant, key.camera).filter(new_enough);
        mirrored.or_else(|| self.unkept().get(key).filter(|kept| new_enough(kept)).cloned())
    }

    /// Whether the camera is kept at `revision` or a newer one.
    pub(super) fn keeps(&self, key: &CameraKey, revision: u64) -> bool {
        let mirrored = self.mirror.revision(&key.tenant, key.camera);
        mirrored.is_some_and(|kept| kept >= revision)
            || self.unkept().get(key).is_some_and(|kept| kept.camera.revision >= revision)
    }

    /// Keeps a camera: durably, or else, when that fails, for this run. The store has it, and a camera must run all the same.
    pub(super) async fn keep(&self, stored: StoredCamera) {
        let key = CameraKey { tenant: stored.camera.tenant.clone(), camera: stored.camera.id };
        // Told and counted by the mirror.
        match self.mirror.put(stored.clone()).await {
            Ok(_) => drop(self.unkept().remove(&key)),
            Err(_) => drop(self.unkept().insert(key, stored)),
        }
    }

    /// Gets the camera at `revision` or a newer one from the store, or from any node that has it, and keeps it. Whether it was
    /// found.
    pub(super) async fn fetch(self: Arc<Self>, key: CameraKey, revision: u64) -> bool {
        let key = &key;
        if self.keeps(key, revision) {
            return true;
        }
        let Some(stored) = self.find(key, revision).await else {
            metrics::counter!("eyrie_specs_not_found_total").increment(1);
            return false;
        };
        self.learn_tenant(key).await;
        self.keep(stored).await;
        true
    }

    /// Gets several, `at_once` at a time; how many were found.
    pub(super) async fn fetch_all(self: &Arc<Self>, wanted: Vec<(CameraKey, u64)>, at_once: usize) -> usize {
        let (mut waiting, mut fetches, mut count) = (wanted.into_iter(), JoinSet::new(), 0);
        loop {
            while fetches.len() < at_once
                && let Some((key, revision)) = waiting.next()
            {
                fetches.spawn(Arc::clone(self).fetch(key, revision));
            }
            match fetches.join_next().await {
                Some(found) => count += usize::from(found.unwrap_or(false)),
                None => return count,
            }
        }
    }

    async fn find(&self, key: &CameraKey, revision: u64) -> Option<StoredCamera> {
        let stored = tokio::time::timeout(STORE_WITHIN, self.store.camera(&key.tenant, key.camera)).await;
        if let Ok(Ok(Some(stored))) = stored
            && stored.camera.revision >= revision
        {
            return Some(stored);
        }
        let link = self.link()?;
        let peers: Vec<_> = link.connected().borrow().keys().copied().collect();
        for peer in peers {
            let (tenant, camera) = (key.tenant.clone(), key.camera);
            let request = LinkRequest::FetchCamera { tenant, camera, revision };
            if let Ok(LinkAnswer::Camera(Some(bytes))) = link.call(peer, request, PEER_WITHIN).await
                && let Ok(found) = camera_from_bytes(&bytes)
                && found.camera.id == key.camera
                && found.camera.tenant == key.tenant
                && found.camera.revision >= revision
            {
                return Some(found);
            }
        }
        None
    }

    /// Gets the key pairs of a camera's tenant where this node has none: without them nothing can be recorded sealed.
    async fn learn_tenant(&self, key: &CameraKey) {
        if self.keyring.has_tenant(&key.tenant) {
            return;
        }
        let Some(link) = self.link() else { return };
        let peers: Vec<_> = link.connected().borrow().keys().copied().collect();
        for peer in peers {
            let request = LinkRequest::FetchTenantKeys { tenant: key.tenant.clone() };
            let Ok(LinkAnswer::TenantKeys(rows)) = link.call(peer, request, PEER_WITHIN).await else { continue };
            for row in rows.iter().filter_map(|bytes| tenant_key_from_bytes(bytes).ok()) {
                // A form of a newer release is of no use here.
                let Some(key) = TenantKeyRow::from_stored(&row) else { continue };
                if let Err(error) = self.keyring.add(&key) {
                    tracing::error!(%error, tenant = %key.tenant, "a tenant's key of a peer cannot be used: have all nodes one master key?");
                    continue;
                }
                // Told and counted by the mirror.
                let _ = self.mirror.put_tenant_key(row).await;
            }
            if self.keyring.has_tenant(&key.tenant) {
                return;
            }
        }
    }
}
