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
use crate::{GatewayState, Problem};

/// Adds a camera.
///
/// # Errors
/// The fields that cannot be taken.
pub(crate) async fn create(
    state: &GatewayState,
    caller: &Principal,
    by: By,
    body: Value,
) -> Result<CameraAnswer, Problem> {
    let mut spec = read_spec(body)?;
    check_spec(&spec, state.network())?;
    let (id, now) = (CameraId::generate(), state.clock().now());
    let password = take_password(&mut spec).map(|password| seal(state, &caller.tenant, id, &password)).transpose()?;
    let camera = Camera { id, tenant: caller.tenant.clone(), revision: 1, created_at: now, updated_at: now, spec };
    let event = state.store().create_camera(camera.clone(), password.clone(), by).await?;
    let stored = StoredCamera { camera, password };
    apply(state, vec![(stored.clone(), event)]).await;
    Ok(answer(state, stored))
}

/// Changes a camera by a merge patch; with `expected`, only if it is at that revision.
///
/// # Errors
/// The fields that cannot be taken; `revision_mismatch`.
pub(crate) async fn update(
    state: &GatewayState,
    caller: &Principal,
    by: By,
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
    let password = match password {
        PasswordInput::Keep => PasswordChange::Keep,
        PasswordInput::Clear => PasswordChange::Clear,
        PasswordInput::Set(password) => PasswordChange::Set(seal(state, &caller.tenant, id, &password)?),
    };
    // The patch was applied to this revision, so to no other may it be written, asked for or not.
    let now = state.clock().now();
    let update = CameraUpdate { expected: Some(revision), spec, password };
    let (stored, event) = state.store().update_camera(&caller.tenant, id, update, now, by).await?;
    apply(state, vec![(stored.clone(), event)]).await;
    Ok(answer(state, stored))
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

/// A camera as clients see it.
pub(crate) fn answer(state: &GatewayState, stored: StoredCamera) -> CameraAnswer {
    let status = status(state, &stored.camera);
    let Camera { id, tenant, spec, .. } = &stored.camera;
    let stream = state.node().stream_facts(*id).map(|stream| stream_answer(&stream));
    let places = Whereabouts::new(state.control().state(), tenant.clone()).of(*id, spec.enabled);
    answer_of(stored, places, status, stream)
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
            has_password: stored.password.is_some(),
        },
        SourceSpec::File(file) => SourceAnswer::File { path: file.path },
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
