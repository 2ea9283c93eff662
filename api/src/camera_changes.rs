//! Changes to cameras: into the store together with their event, then to the node that runs them, then to whoever listens.

use eyrie_actors::control::CAMERA_PASSWORD;
use eyrie_cluster::CameraKey;
use eyrie_media::{AudioCodec, Stream, TrackKind, VideoCodec};
use eyrie_storage::keys::SealContext;
use eyrie_storage::store::{CameraUpdate, PasswordChange, SealedSecret, StoreError, StoredCamera};
use eyrie_types::{
    By, Camera, CameraId, CameraState, CameraStatus, Event, ProblemCode, Secret, SourceSpec, TenantId, WallTime,
};
use serde_json::Value;

use crate::camera_input::{PasswordInput, check_spec, patch_spec, read_spec, take_password};
use crate::directory::{Places, Whereabouts};
use crate::model::{AudioFacts, CameraAnswer, CameraLinks, SourceAnswer, StreamAnswer, VideoFacts};
use crate::principal::Principal;
use crate::publish::{AskedHost, link, new_key};
use crate::{GatewayState, Problem};

/// Adds a camera.
///
/// # Errors
/// The fields that cannot be taken.
pub(crate) async fn create(
    state: &GatewayState,
    caller: &Principal,
    by: By,
    asked: &AskedHost,
    body: Value,
) -> Result<CameraAnswer, Problem> {
    let mut spec = read_spec(body)?;
    check_spec(&spec, state.network())?;
    let (id, now) = (CameraId::generate(), state.clock().now());
    let password = match spec.source.is_pushed() {
        true => Some(first_key(state)?),
        false => take_password(&mut spec),
    };
    let password = password.map(|password| seal(state, &caller.tenant, id, &password)).transpose()?;
    let camera = Camera { id, tenant: caller.tenant.clone(), revision: 1, created_at: now, updated_at: now, spec };
    let event = state.store().create_camera(camera.clone(), password.clone(), by).await?;
    let stored = StoredCamera { camera, password };
    apply(state, vec![(stored.clone(), event)]).await;
    Ok(answer(state, stored, asked))
}

/// The key of a camera that begins to be published.
fn first_key(state: &GatewayState) -> Result<Secret, Problem> {
    if state.publish().is_none() {
        let reason = "this node takes no publishers; start it with --rtmp ADDR:PORT, or set rtmp in its configuration";
        return Err(Problem::field("source.type", reason));
    }
    new_key()
}

/// Makes a camera another address to publish to. Whoever publishes with the old one is cut off.
///
/// # Errors
/// `not_found`; when the camera does not publish.
pub(crate) async fn change_key(
    state: &GatewayState,
    caller: &Principal,
    by: By,
    asked: &AskedHost,
    id: CameraId,
) -> Result<CameraAnswer, Problem> {
    let old = state.store().camera(&caller.tenant, id).await?.ok_or(StoreError::NotFound("camera"))?;
    if !old.camera.spec.source.is_pushed() {
        return Err(Problem::field("source.type", "has no key: only cameras that publish have one"));
    }
    let password = PasswordChange::Set(seal(state, &caller.tenant, id, &new_key()?)?);
    let update = CameraUpdate { expected: Some(old.camera.revision), spec: old.camera.spec, password };
    let (stored, event) = state.store().update_camera(&caller.tenant, id, update, state.clock().now(), by).await?;
    apply(state, vec![(stored.clone(), event)]).await;
    Ok(answer(state, stored, asked))
}

/// Changes a camera by a merge patch; with `expected`, only if it is at that revision.
///
/// # Errors
/// The fields that cannot be taken; `revision_mismatch`.
pub(crate) async fn update(
    state: &GatewayState,
    caller: &Principal,
    by: By,
    asked: &AskedHost,
    id: CameraId,
    expected: Option<u64>,
    patch: Value,
) -> Result<CameraAnswer, Problem> {
    let old = state.store().camera(&caller.tenant, id).await?.ok_or(StoreError::NotFound("camera"))?;
    let revision = old.camera.revision;
    if expected.is_some_and(|expected| expected != revision) {
        return Err(StoreError::RevisionMismatch { what: "camera", current: revision }.into());
    }
    let (mut spec, password) = patch_spec(&old.camera.spec, old.password.is_some(), patch)?;
    check_spec(&spec, state.network())?;
    take_password(&mut spec);
    let begins = spec.source.is_pushed() && !old.camera.spec.source.is_pushed();
    let password = match password {
        _ if begins => PasswordChange::Set(seal(state, &caller.tenant, id, &first_key(state)?)?),
        PasswordInput::Keep => PasswordChange::Keep,
        PasswordInput::Clear => PasswordChange::Clear,
        PasswordInput::Set(password) => PasswordChange::Set(seal(state, &caller.tenant, id, &password)?),
    };
    // The patch was applied to this revision, so to no other may it be written, asked for or not.
    let now = state.clock().now();
    let update = CameraUpdate { expected: Some(revision), spec, password };
    let (stored, event) = state.store().update_camera(&caller.tenant, id, update, now, by).await?;
    apply(state, vec![(stored.clone(), event)]).await;
    Ok(answer(state, stored, asked))
}

/// Deletes a camera; with `expected`, only if it is at that revision.
///
/// # Errors
/// `not_found`, `revision_mismatch`.
pub(crate) async fn delete(
    state: &GatewayState,
    caller: &Principal,
    by: By,
    id: CameraId,
    expected: Option<u64>,
) -> Result<(), Problem> {
    let event = state.store().delete_camera(&caller.tenant, id, expected, state.clock().now(), by).await?;
    removed(state, &caller.tenant, vec![(id, event)]).await;
    Ok(())
}

/// Tells cell and listeners of new or changed cameras.
pub(crate) async fn apply(state: &GatewayState, changed: Vec<(StoredCamera, Event)>) {
    let (stored, events): (Vec<_>, Vec<_>) = changed.into_iter().unzip();
    let cameras: Vec<_> = stored.iter().map(|stored| stored.camera.clone()).collect();
    if let Err(error) = state.control().put_cameras(stored).await {
        // The store has them: whoever leads the cell next finds them there.
        tracing::warn!(%error, cameras = cameras.len(), "the cell was not told of changed cameras yet");
        for camera in cameras.iter().filter(|camera| state.node().status(camera.id).is_none()) {
            let CameraStatus { state: shown, reason, .. } = status(state, camera);
            state.node().put_unrunnable(&camera.tenant, camera.id, shown, &reason);
        }
    }
    events.into_iter().for_each(|event| state.node().announce(event));
}

/// Tells cell and listeners of deleted cameras.
pub(crate) async fn removed(state: &GatewayState, tenant: &TenantId, removed: Vec<(CameraId, Event)>) {
    let (ids, events): (Vec<_>, Vec<_>) = removed.into_iter().unzip();
    let keys = ids.into_iter().map(|camera| CameraKey { tenant: tenant.clone(), camera }).collect();
    if let Err(error) = state.control().remove_cameras(keys).await {
        tracing::warn!(%error, "the cell was not told of deleted cameras yet");
    }
    events.into_iter().for_each(|event| state.node().announce(event));
}

fn seal(state: &GatewayState, tenant: &TenantId, id: CameraId, password: &Secret) -> Result<SealedSecret, Problem> {
    let context = SealContext { tenant, purpose: CAMERA_PASSWORD, object: &id.to_string() };
    state.sealer().seal(context, password.expose().as_bytes()).map(SealedSecret::new).map_err(|error| {
        tracing::error!(%error, camera = %id, "a camera password could not be sealed");
        Problem::new(ProblemCode::Internal, "The password could not be stored.")
    })
}

/// A camera as those see it who may manage it.
fn answer(state: &GatewayState, stored: StoredCamera, asked: &AskedHost) -> CameraAnswer {
    let publish = link(state, asked, &stored);
    let status = status(state, &stored.camera);
    let Camera { id, tenant, spec, .. } = &stored.camera;
    let stream = state.node().stream_facts(*id).map(|stream| stream_answer(&stream));
    let places = Whereabouts::new(state.control().state(), tenant.clone()).of(*id, spec.enabled);
    let mut answer = answer_of(stored, places, status, stream);
    answer.links.publish = publish;
    answer
}

/// A camera that runs there, and does and sends this.
pub(crate) fn answer_of(
    stored: StoredCamera,
    Places { node, twin }: Places,
    status: CameraStatus,
    stream: Option<StreamAnswer>,
) -> CameraAnswer {
    let Camera { id, revision, created_at, updated_at, spec, .. } = stored.camera;
    let source = match spec.source {
        SourceSpec::Rtsp(rtsp) => SourceAnswer::Rtsp {
            url: rtsp.url,
            username: rtsp.username,
            transport: rtsp.transport,
            certificate_sha256: rtsp.certificate_sha256,
            has_password: stored.password.is_some(),
        },
        SourceSpec::File(file) => SourceAnswer::File { path: file.path },
        SourceSpec::Rtmp(_) => SourceAnswer::Rtmp {},
    };
    CameraAnswer {
        id,
        revision,
        created_at,
        updated_at,
        name: spec.name,
        enabled: spec.enabled,
        labels: spec.labels,
        site: spec.site,
        source,
        recording: spec.recording,
        placement: spec.placement,
        node,
        twin,
        status,
        stream,
        links: CameraLinks::of(id),
    }
}

/// What the camera is doing; before the node has heard of it, what it is about to do.
pub(crate) fn status(state: &GatewayState, camera: &Camera) -> CameraStatus {
    let before = || before_the_node_knows(camera.spec.enabled, camera.updated_at);
    state.node().status(camera.id).unwrap_or_else(before)
}

/// What a camera is about to do, since its spec was changed.
pub(crate) fn before_the_node_knows(enabled: bool, updated_at: WallTime) -> CameraStatus {
    let (state, reason) = if enabled {
        (CameraState::Connecting, "waiting for its turn to connect")
    } else {
        (CameraState::Disabled, "switched off")
    };
    CameraStatus::new(state, reason, updated_at)
}

/// What a camera sends, as clients see it.
pub(crate) fn stream_answer(stream: &Stream) -> StreamAnswer {
    let mut answer = StreamAnswer { video: None, audio: None };
    for track in &stream.tracks {
        match &track.kind {
            TrackKind::Video(video) => {
                let codec = match video.codec {
                    VideoCodec::H264 => "h264",
                    VideoCodec::H265 => "h265",
                };
                answer.video = Some(VideoFacts { codec: codec.to_owned(), width: video.width, height: video.height });
            }
            TrackKind::Audio(audio) => {
                let codec = match audio.codec {
                    AudioCodec::Aac => "aac",
                    AudioCodec::G711A => "g711a",
                    AudioCodec::G711U => "g711u",
                };
                let (sample_rate, channels) = (audio.sample_rate, audio.channels);
                answer.audio = Some(AudioFacts { codec: codec.to_owned(), sample_rate, channels });
            }
        }
    }
    answer
}
