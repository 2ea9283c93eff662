use std::sync::Arc;

use eyrie_types::CameraSpec;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::context::CameraContext;
use crate::live::LiveState;
use crate::{ingest, live, recording};

type Body = BoxFuture<'static, ()>;
type IngestBody = dyn Fn(Arc<CameraContext>, CameraSpec, CancellationToken) -> Body + Send + Sync;
type RecordingBody = dyn Fn(Arc<CameraContext>, CancellationToken) -> Body + Send + Sync;
type LiveBody = dyn Fn(Arc<CameraContext>, Arc<LiveState>, CancellationToken) -> Body + Send + Sync;

/// What the children of a camera run: one place that says which loops there are.
///
/// A transcoder will be the fourth, one per rendition, on demand like live; it reads the same ring and fills one of its own.
#[derive(Clone)]
pub(crate) struct Children {
    pub(crate) ingest: Arc<IngestBody>,
    pub(crate) recording: Arc<RecordingBody>,
    pub(crate) live: Arc<LiveBody>,
}

impl Default for Children {
    fn default() -> Self {
        Self {
            ingest: Arc::new(|camera, spec, stop| ingest::ingest(camera, spec, stop).boxed()),
            recording: Arc::new(|camera, stop| recording::record(camera, stop).boxed()),
            live: Arc::new(|camera, state, stop| live::feed(camera, state, stop).boxed()),
        }
    }
}
