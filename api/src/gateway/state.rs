use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::constant_time;
use eyrie_actors::control::ControlHandle;
use eyrie_actors::{NetworkPolicy, NodeHandle};
use eyrie_storage::disk::Disk;
use eyrie_storage::keys::{KeyRing, Sealer};
use eyrie_storage::shared::SharedState;
use eyrie_storage::store::{Store, StoreError};
use eyrie_types::{Clock, Monotonic, NodeId, Secret, SessionId, TenantId, WallTime};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::auth::{
    Attempts, BootstrapError, KeyError, PasswordError, Passwords, SessionCache, SigningKeys, Tickets, TokenCache,
    follow_revocations,
};
use crate::directory::Directory;
use crate::export::Exports;
use crate::pictures::Pictures;
use crate::playback::PlaybackPlaces;
use crate::principal::{Principal, Via};
use crate::publish::PublishAddress;
use crate::relay::LiveRelay;
use crate::shell::{RequestCounts, RequestIds};

/// Turns for signing in; names share them by hash. 64 make it rare that two names wait for each other.
const SIGN_IN_TURNS: usize = 64;
/// Refusals of strangers written to the audit log in each [`ANONYMOUS_AUDIT_WINDOW`]: enough to see an attack, too few to
/// fill a disk.
const ANONYMOUS_AUDIT_MAX: u32 = 100;
/// The window of [`ANONYMOUS_AUDIT_MAX`].
const ANONYMOUS_AUDIT_WINDOW: Duration = Duration::from_secs(60);

/// WebSockets at the same time; each may pin its own queue.
const FEEDS_MAX: usize = 1000;

/// What the gateway is made of.
#[derive(Clone)]
pub struct GatewayParts {
    /// The metadata.
    pub store: Arc<Store>,
    /// The master key seals camera passwords and signing keys.
    pub keys: Arc<KeyRing>,
    /// What the nodes share for a while.
    pub shared: SharedState,
    /// The cameras.
    pub node: NodeHandle,
    /// The node's part in its cell.
    pub control: ControlHandle,
    /// The recordings directories.
    pub disks: Vec<Disk>,
    /// This node.
    pub node_id: NodeId,
    /// Which addresses cameras may have.
    pub network: NetworkPolicy,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The metrics of the process.
    pub metrics: PrometheusHandle,
    /// Opens `/metrics` to other machines; without it only admins may read it from there.
    pub metrics_token: Option<Secret>,
    /// For the first user, should the store turn out to be empty only once it answers.
    pub admin_password: Option<Secret>,
    /// Where cameras publish; `None` when they cannot here.
    pub publish: Option<PublishAddress>,
}

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Signing keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// Password hashing.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The directory of cameras.
    #[error("the cameras could not be read: {0}")]
    Directory(#[from] StoreError),
    /// The first user.
    #[error(transparent)]
    Admin(#[from] BootstrapError),
}

impl GatewayError {
    /// The store is in trouble: the same may work later.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Keys(KeyError::Store(error)) | Self::Directory(error) => error.is_unavailable(),
            Self::Admin(BootstrapError::Store(error)) => error.is_unavailable(),
            _ => false,
        }
    }
}

/// What all requests share. Cheap to clone.
#[derive(Clone)]
pub struct GatewayState(pub(super) Arc<StateInner>);

pub(super) struct StateInner {
    parts: GatewayParts,
    sealer: Sealer,
    signing: SigningKeys,
    /// When the store was last asked for keys because of one that is unknown.
    keys_asked: tokio::sync::Mutex<Option<Monotonic>>,
    passwords: Passwords,
    request_ids: RequestIds,
    request_counts: RequestCounts,
    sessions: SessionCache,
    tokens: TokenCache,
    directory: Directory,
    tickets: Tickets,
    attempts: Attempts,
    turns: Vec<tokio::sync::Mutex<()>>,
    hasher: RandomState,
    anonymous_audits: Mutex<(Monotonic, u32)>,
    started_at: WallTime,
    feeds: Arc<Semaphore>,
    playback: PlaybackPlaces,
    exports: Arc<Exports>,
    pictures: Arc<Pictures>,
    live: Arc<LiveRelay>,
    stopping: CancellationToken,
}

impl GatewayState {
    /// Gets ready: reads the signing keys, and makes the first one in a new store.
    ///
    /// # Errors
    /// When there is no usable signing key.
    pub async fn new(parts: GatewayParts) -> Result<Self, GatewayError> {
        let now = parts.clock.now();
        let sealer = parts.keys.sealer();
        let signing = SigningKeys::load(&parts.store, &sealer, now).await?;
        let directory = Directory::load(Arc::clone(&parts.store), parts.node.clone()).await?;
        let others = parts.shared.listen();
        let state = Self(Arc::new(StateInner {
            sealer,
            signing,
            keys_asked: tokio::sync::Mutex::default(),
            passwords: Passwords::new()?,
            request_ids: RequestIds::default(),
            request_counts: RequestCounts::default(),
            sessions: SessionCache::default(),
            tokens: TokenCache::default(),
            directory,
            tickets: Tickets::new(parts.shared.clone()),
            attempts: Attempts::new(parts.shared.clone()),
            turns: (0..SIGN_IN_TURNS).map(|_| tokio::sync::Mutex::default()).collect(),
            hasher: RandomState::new(),
            anonymous_audits: Mutex::new((parts.clock.monotonic(), 0)),
            started_at: now,
            feeds: Arc::new(Semaphore::new(FEEDS_MAX)),
            playback: PlaybackPlaces::default(),
            exports: Exports::new(),
            pictures: Pictures::new(),
            live: LiveRelay::new(parts.node.clone(), parts.control.clone(), Arc::clone(&parts.clock)),
            stopping: CancellationToken::new(),
            parts,
        }));
        tokio::spawn(follow_revocations(state.weak(), others));
        Ok(state)
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.0.parts.store
    }

    pub(crate) fn shared(&self) -> &SharedState {
        &self.0.parts.shared
    }

    pub(crate) fn node(&self) -> &NodeHandle {
        &self.0.parts.node
    }

    /// Where cameras publish, if they can here.
    pub(crate) fn publish(&self) -> Option<&PublishAddress> {
        self.0.parts.publish.as_ref()
    }

    /// Live media of the whole cell.
    pub(crate) fn live(&self) -> &Arc<LiveRelay> {
        &self.0.live
    }

    pub(crate) fn control(&self) -> &ControlHandle {
        &self.0.parts.control
    }

    pub(crate) fn disks(&self) -> &[Disk] {
        &self.0.parts.disks
    }

    pub(crate) fn node_id(&self) -> NodeId {
        self.0.parts.node_id
    }

    pub(crate) fn network(&self) -> &NetworkPolicy {
        &self.0.parts.network
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.parts.clock
    }

    pub(crate) fn metrics(&self) -> &PrometheusHandle {
        &self.0.parts.metrics
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    pub(crate) fn keys(&self) -> &SigningKeys {
        &self.0.signing
    }

    pub(super) fn keys_asked(&self) -> &tokio::sync::Mutex<Option<Monotonic>> {
        &self.0.keys_asked
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// Counts answers.
    pub(crate) fn request_counts(&self) -> &RequestCounts {
        &self.0.request_counts
    }

    /// Makes correlation ids.
    pub(crate) fn request_ids(&self) -> &RequestIds {
        &self.0.request_ids
    }

    pub(crate) fn sessions(&self) -> &SessionCache {
        &self.0.sessions
    }

    /// Access tokens whose signature was found good.
    pub(crate) fn tokens(&self) -> &TokenCache {
        &self.0.tokens
    }

    /// The cameras, to be found and shown.
    pub(crate) fn directory(&self) -> &Directory {
        &self.0.directory
    }

    pub(crate) fn tickets(&self) -> &Tickets {
        &self.0.tickets
    }

    pub(crate) fn attempts(&self) -> &Attempts {
        &self.0.attempts
    }

    pub(crate) fn started_at(&self) -> WallTime {
        self.0.started_at
    }

    /// Cancelled when the gateway begins to stop: streams that would last end then.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// Places for WebSockets.
    pub(crate) fn feeds(&self) -> &Arc<Semaphore> {
        &self.0.feeds
    }

    /// Places for viewers of recordings.
    pub(crate) fn playback(&self) -> &PlaybackPlaces {
        &self.0.playback
    }

    /// Who takes footage out.
    pub(crate) fn exports(&self) -> &Arc<Exports> {
        &self.0.exports
    }

    /// Makes thumbnails and sprites.
    pub(crate) fn pictures(&self) -> &Arc<Pictures> {
        &self.0.pictures
    }

    /// Who `session` is now, unless it has ended.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn principal(
        &self,
        tenant: &TenantId,
        session: SessionId,
        via: Via,
    ) -> Result<Option<Principal>, StoreError> {
        self.sessions().principal(self.store(), self.clock(), tenant, session, via).await
    }

    /// Waits until no other attempt for `username` is being made.
    pub(crate) async fn sign_in_turn(&self, username: &str) -> tokio::sync::MutexGuard<'_, ()> {
        let at = self.0.hasher.hash_one(username.to_lowercase()) as usize % SIGN_IN_TURNS;
        // `turns` has SIGN_IN_TURNS entries from the start.
        self.0.turns[at].lock().await
    }

    /// Whether `token` is the metrics token; takes as long for every wrong one.
    pub(crate) fn is_metrics_token(&self, token: &str) -> bool {
        let expected = self.0.parts.metrics_token.as_ref().filter(|expected| !expected.is_empty());
        expected.is_some_and(|expected| {
            constant_time::verify_slices_are_equal(expected.expose().as_bytes(), token.as_bytes()).is_ok()
        })
    }

    /// Takes room for one refusal of a stranger in the audit log, if there is any.
    pub(crate) fn may_audit_anonymous(&self) -> bool {
        let now = self.clock().monotonic();
        let mut window = self.0.anonymous_audits.lock().unwrap_or_else(PoisonError::into_inner);
        if now.since(window.0) >= ANONYMOUS_AUDIT_WINDOW {
            *window = (now, 0);
        }
        window.1 += 1;
        window.1 <= ANONYMOUS_AUDIT_MAX
    }
}

impl std::fmt::Debug for GatewayState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayState").finish_non_exhaustive()
    }
}
