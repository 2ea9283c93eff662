use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use eyrie_actors::control::ControlHandle;
use eyrie_actors::{LiveError, LiveKeyframe, LiveQuestion, LiveResponse, LiveWanted, NodeHandle};
use eyrie_media::hls::{CachePolicy, LiveRequest, Rendition, lift, ordinal_of};
use eyrie_types::{CameraId, Clock, NodeId, Slot, TenantId};
use lru::LruCache;

use super::answers::{Answers, Failed, Heard, Key};
use super::fetch::fetch;
use super::forms::{Form, Forms};
use super::source::{Source, node_of, sources};
use super::telemetry;
use super::underway::Underway;
use super::view::View;

/// How long the owner may take to answer what needs no waiting, where a twin could answer instead.
const OWNER_WITHIN: Duration = Duration::from_millis(1500);
/// How long any answer may take: the longest wait for what is to come, which the other node bounds itself, and the way.
const ANSWER_WITHIN: Duration = Duration::from_secs(14);
/// How long a viewer waits for the cell to name another owner, before he is told that there is none: a failover takes 1 to 4 s.
const FAILOVER_PATIENCE: Duration = Duration::from_secs(8);
/// Pause between two looks whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The same where those who have the camera answer garbage, which each of them may send megabytes of.
const GARBLED_AGAIN: Duration = Duration::from_secs(1);
/// How long media is kept: its name never names other bytes, and a player asks for it within some parts.
const MEDIA_FRESH: Duration = Duration::from_secs(30);
/// How long the answer to a reload is kept: it holds what was asked for, and a player that is late by less gets on with it.
const RELOAD_FRESH: Duration = Duration::from_secs(3);
/// How long a playlist that nobody waited for is kept, and a keyframe: less than a part lasts.
const PLAYLIST_FRESH: Duration = Duration::from_millis(150);
/// Cameras of which is remembered what was shown.
const VIEWS_MAX: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// Why a viewer gets nothing.
#[derive(Debug, Clone)]
pub(crate) enum RelayError {
    /// As the camera's node says.
    Live(LiveError),
    /// The camera's node cannot be asked.
    Unreachable,
    /// The camera's node answers what is no answer.
    Garbled,
}

/// Live media of all cameras of the cell.
pub(crate) struct LiveRelay {
    node: NodeHandle,
    control: ControlHandle,
    clock: Arc<dyn Clock>,
    answers: Arc<Answers>,
    underway: Arc<Underway>,
    forms: Forms,
    views: Mutex<LruCache<(TenantId, CameraId), View>>,
}

impl LiveRelay {
    pub(crate) fn new(node: NodeHandle, control: ControlHandle, clock: Arc<dyn Clock>) -> Arc<Self> {
        let answers = Answers::new(Arc::clone(&clock));
        Arc::new(Self {
            node,
            control,
            clock,
            answers,
            underway: Arc::default(),
            forms: Forms::default(),
            views: Mutex::new(LruCache::new(VIEWS_MAX)),
        })
    }

    /// A playlist of the camera, of whichever placement answers; waits for what it asks of the near future, and for another owner
    /// when the last one does not answer any more.
    ///
    /// # Errors
    /// See [`RelayError`].
    pub(crate) async fn playlist(
        self: &Arc<Self>,
        tenant: &TenantId,
        camera: CameraId,
        request: LiveRequest,
        viewer: impl Hash + Copy,
    ) -> Result<LiveResponse, RelayError> {
        let begun = self.clock.monotonic();
        loop {
            let sources = sources(&self.control.state(), tenant, camera);
            let Some(owner) = sources.first().copied() else {
                // Nobody has it; this node may know why.
                let known = self.node.live(tenant, camera).err();
                return Err(RelayError::Live(known.unwrap_or(LiveError::NotFound)));
            };
            self.probe(tenant, camera, &owner);
            let order = self.view(tenant, camera, |view| view.order(&sources, self.clock.monotonic()));
            let mut why = RelayError::Unreachable;
            for (n, source) in order.iter().enumerate() {
                self.count(tenant, camera, source, viewer);
                let asked = self.view(tenant, camera, |view| view.translate(source, &owner, request));
                let last = n + 1 == order.len();
                let waits = matches!(asked, LiveRequest::Media(reload) if reload.msn.is_some());
                let within = if last || waits { ANSWER_WITHIN } else { OWNER_WITHIN };
                let wanted = LiveWanted::Playlist(asked);
                let question = LiveQuestion { tenant: tenant.clone(), camera, slot: source.slot, wanted };
                match self.ask(source.node, question, within).await {
                    Ok((rendition, chunks)) => {
                        return Ok(self.shown(tenant, camera, &owner, rendition, request, chunks));
                    }
                    Err(Failed::Live(error @ (LiveError::TooFarAhead | LiveError::Busy))) => {
                        return Err(RelayError::Live(error));
                    }
                    // It has waited long enough, or the camera has just left it; another one may have pictures.
                    Err(Failed::Live(error @ LiveError::NotLive(_))) => {
                        if last && !self.moves(tenant, camera, &sources).await {
                            return Err(RelayError::Live(error));
                        }
                        why = RelayError::Live(error);
                    }
                    Err(Failed::Garbled(_)) => {
                        self.shun_garbler(tenant, camera, source.node);
                        why = RelayError::Garbled;
                    }
                    Err(failed) => {
                        let now = self.clock.monotonic();
                        self.view(tenant, camera, |view| view.shun(source.node, now));
                        if matches!(failed, Failed::Live(LiveError::CutOff)) {
                            why = RelayError::Live(LiveError::CutOff);
                        }
                    }
                }
            }
            if self.clock.monotonic().since(begun) >= FAILOVER_PATIENCE {
                return Err(why);
            }
            let pause = if matches!(why, RelayError::Garbled) { GARBLED_AGAIN } else { LOOK_AGAIN };
            tokio::time::sleep(pause).await;
        }
    }

    /// Media of one incarnation of the camera.
    ///
    /// # Errors
    /// See [`RelayError`]; [`LiveError::Gone`] once nobody has that incarnation any more, or its node does not answer.
    pub(crate) async fn media(
        self: &Arc<Self>,
        tenant: &TenantId,
        camera: CameraId,
        rendition: Rendition,
        request: LiveRequest,
        viewer: impl Hash + Copy,
    ) -> Result<LiveResponse, RelayError> {
        let here = self.node.live(tenant, camera).is_ok_and(|live| live.rendition() == rendition);
        let named = || node_of(&self.control.state(), tenant, camera, rendition.slot, rendition.epoch);
        let node = if here { Some(self.control.node()) } else { named() };
        let node = node.ok_or(RelayError::Live(LiveError::Gone))?;
        if here && let Ok(live) = self.node.live(tenant, camera) {
            live.seen(viewer);
        } else {
            self.node.relayed(tenant, camera, viewer);
        }
        let wanted = LiveWanted::Media(rendition, request);
        let question = LiveQuestion { tenant: tenant.clone(), camera, slot: rendition.slot, wanted };
        match self.ask(node, question, ANSWER_WITHIN).await {
            Ok((_, chunks)) => Ok(LiveResponse { content_type: "video/mp4", cache: CachePolicy::Immutable, chunks }),
            Err(Failed::Live(LiveError::NotFound)) => Err(RelayError::Live(LiveError::Gone)),
            Err(Failed::Live(error)) => Err(RelayError::Live(error)),
            // The playlist names another's by then.
            Err(Failed::Link(_)) => Err(RelayError::Live(LiveError::Gone)),
            Err(Failed::Garbled(_)) => {
                // Its playlists may be as good as ever: the next one is the twin's.
                self.shun_garbler(tenant, camera, node);
                Err(RelayError::Garbled)
            }
        }
    }

    fn shun_garbler(&self, tenant: &TenantId, camera: CameraId, node: NodeId) {
        let now = self.clock.monotonic();
        self.view(tenant, camera, |view| view.shun_garbler(node, now));
    }

    /// Whether the tenant has such a camera, and some node runs it.
    pub(crate) fn knows(&self, tenant: &TenantId, camera: CameraId) -> bool {
        !sources(&self.control.state(), tenant, camera).is_empty()
    }

    /// The newest keyframe of a camera of another node; `None` without one, and where it does not answer.
    pub(crate) async fn keyframe(self: &Arc<Self>, tenant: &TenantId, camera: CameraId) -> Option<LiveKeyframe> {
        let sources = sources(&self.control.state(), tenant, camera);
        let order = self.view(tenant, camera, |view| view.order(&sources, self.clock.monotonic()));
        for source in order.iter().filter(|source| source.node != self.control.node()) {
            let question =
                LiveQuestion { tenant: tenant.clone(), camera, slot: source.slot, wanted: LiveWanted::Keyframe };
            if let Ok(Heard { keyframe: Some(keyframe), .. }) = self.hear(source.node, question, OWNER_WITHIN).await {
                return Some(keyframe);
            }
        }
        None
    }

    /// Asks a node, this one too.
    async fn ask(
        self: &Arc<Self>,
        node: NodeId,
        question: LiveQuestion,
        within: Duration,
    ) -> Result<(Rendition, Vec<Bytes>), Failed> {
        if node != self.control.node() {
            let heard = self.hear(node, question, within).await?;
            return Ok((heard.rendition, vec![heard.bytes]));
        }
        let live = self.node.live(&question.tenant, question.camera).map_err(Failed::Live)?;
        let rendition = live.rendition();
        if rendition.slot != question.slot {
            return Err(Failed::Live(LiveError::NotFound));
        }
        if !self.control.may_answer_live(&question.tenant, question.camera, question.slot).await {
            telemetry::unanswered("cut_off");
            return Err(Failed::Live(LiveError::CutOff));
        }
        let request = match question.wanted {
            LiveWanted::Media(wanted, _) if wanted != rendition => return Err(Failed::Live(LiveError::Gone)),
            LiveWanted::Media(_, request) | LiveWanted::Playlist(request) => request,
            LiveWanted::Keyframe => return Err(Failed::Live(LiveError::Gone)),
        };
        let answer = live.get(request).await.map_err(Failed::Live)?;
        Ok((rendition, answer.chunks))
    }

    /// Asks another node, together with all who ask the same.
    async fn hear(&self, node: NodeId, question: LiveQuestion, within: Duration) -> Result<Heard, Failed> {
        let fresh = match question.wanted {
            LiveWanted::Media(..) => MEDIA_FRESH,
            LiveWanted::Playlist(LiveRequest::Media(reload)) if reload.msn.is_some() => RELOAD_FRESH,
            LiveWanted::Playlist(_) | LiveWanted::Keyframe => PLAYLIST_FRESH,
        };
        let key = Key { node, question: question.clone() };
        let (link, underway) = (self.control.media().clone(), Arc::clone(&self.underway));
        let asked = move || async move {
            let heard = fetch(&link, &underway, node, &question, within).await;
            if let Err(failed) = &heard {
                tell(node, failed);
            }
            heard
        };
        self.answers.get(key, fresh, asked).await
    }

    /// Numbers a playlist, and remembers that it was shown.
    fn shown(
        &self,
        tenant: &TenantId,
        camera: CameraId,
        owner: &Source,
        rendition: Rendition,
        request: LiveRequest,
        mut chunks: Vec<Bytes>,
    ) -> LiveResponse {
        // A multivariant playlist has no numbers.
        if matches!(request, LiveRequest::Media(_)) {
            let (ordinal, switched) = self.view(tenant, camera, |view| {
                let ordinal = view.ordinal(rendition.slot, rendition, owner);
                (ordinal, view.show(rendition, ordinal))
            });
            if switched {
                telemetry::switched(if rendition.slot == Slot::OWNER { "owner" } else { "twin" });
            }
            let own = ordinal_of(rendition.epoch);
            if ordinal != own {
                let lifted = |text: &[u8]| lift(&String::from_utf8_lossy(text), own, ordinal).into();
                chunks = vec![self.forms.get(&whole(chunks), Form::Lifted(ordinal), lifted)];
            }
        }
        LiveResponse { content_type: "application/vnd.apple.mpegurl", cache: CachePolicy::Playlist, chunks }
    }

    /// The bytes of a playlist as gzip.
    pub(crate) fn gzip(&self, chunks: Vec<Bytes>) -> Bytes {
        self.forms.gzip(&whole(chunks))
    }

    /// While a twin is shown, looks whether the new owner has pictures.
    fn probe(self: &Arc<Self>, tenant: &TenantId, camera: CameraId, owner: &Source) {
        let now = self.clock.monotonic();
        if !self.view(tenant, camera, |view| view.probes(owner, now)) {
            return;
        }
        let (me, tenant, owner) = (Arc::clone(self), tenant.clone(), *owner);
        tokio::spawn(async move {
            let wanted = LiveWanted::Playlist(LiveRequest::Multivariant);
            let question = LiveQuestion { tenant: tenant.clone(), camera, slot: owner.slot, wanted };
            if let Ok((rendition, _)) = me.ask(owner.node, question, ANSWER_WITHIN).await {
                me.view(&tenant, camera, |view| view.has_pictures(owner.grant.first, rendition));
            }
        });
    }

    /// Whether the cell has the camera elsewhere now, or in a moment: its node and this one hear of a move one after the other.
    async fn moves(&self, tenant: &TenantId, camera: CameraId, before: &[Source]) -> bool {
        tokio::time::sleep(LOOK_AGAIN).await;
        sources(&self.control.state(), tenant, camera) != before
    }

    fn count(&self, tenant: &TenantId, camera: CameraId, source: &Source, viewer: impl Hash) {
        if source.node != self.control.node() {
            self.node.relayed(tenant, camera, viewer);
        } else if let Ok(live) = self.node.live(tenant, camera) {
            live.seen(viewer);
        }
    }

    /// Works on what is remembered of a camera; never across a wait.
    fn view<T>(&self, tenant: &TenantId, camera: CameraId, work: impl FnOnce(&mut View) -> T) -> T {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        work(views.get_or_insert_mut((tenant.clone(), camera), View::default))
    }
}

/// Counts a question that was not answered, once however many wait for the answer.
fn tell(node: NodeId, failed: &Failed) {
    match failed {
        Failed::Garbled(garbled) => {
            let reason = garbled.reason();
            tracing::warn!(%node, reason, "another node answered for live media what is no answer");
            telemetry::unanswered(reason);
        }
        Failed::Link(error) => {
            tracing::debug!(%node, %error, "another node gave no live media");
            telemetry::unanswered(error.reason());
        }
        Failed::Live(LiveError::CutOff) => telemetry::unanswered("cut_off"),
        Failed::Live(_) => {}
    }
}

/// A playlist in one piece, which it is from the start but for a later release's.
fn whole(mut chunks: Vec<Bytes>) -> Bytes {
    if chunks.len() == 1 { chunks.swap_remove(0) } else { chunks.concat().into() }
}
