use bytes::Bytes;
use eyrie_storage::footage::{Elsewhere, ElsewhereError, OpenTail, SegmentName, StoredPlace};
use eyrie_storage::segment::STORED_HEAD_BYTES_MAX;
use eyrie_types::{CameraId, NodeId, TenantId};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use hyper::{Request, StatusCode};

use super::question::Question;
use super::tails::{TAILS_BYTES_MAX, decode};
use crate::media_link::{MediaLink, MediaLinkError};

/// Tells which other nodes record a camera.
type Recorders = Box<dyn Fn(&TenantId, CameraId) -> Vec<NodeId> + Send + Sync>;

/// Tells whether the cell holds a node to be alive.
type Alive = Box<dyn Fn(NodeId) -> bool + Send + Sync>;

/// Reads what other nodes recorded, over the media link.
pub(crate) struct FootageLink {
    media: MediaLink,
    recorders: Recorders,
    alive: Alive,
}

impl FootageLink {
    /// Asks through `media`; `recorders` tells which other nodes record a camera, `alive` which nodes the cell holds to be alive.
    pub(crate) fn new(media: MediaLink, recorders: Recorders, alive: Alive) -> Self {
        Self { media, recorders, alive }
    }

    /// Asks, and reads an answer of at most `bytes_max`.
    async fn ask(&self, node: NodeId, question: Question, bytes_max: usize) -> Result<Bytes, ElsewhereError> {
        let request = || {
            let request = Request::get(question.to_string()).body(Bytes::new());
            request.map_err(|error| ElsewhereError::Refused(error.to_string()))
        };
        let answer = match self.media.ask(node, request()?).await {
            // A connection from before the node was started anew. Asking twice does no harm.
            Err(MediaLinkError::Lost { .. }) => self.media.ask(node, request()?).await,
            answer => answer,
        };
        let answer = answer.map_err(not_heard)?;
        match answer.status() {
            StatusCode::OK => answer.into_body().bytes(bytes_max).await.map_err(not_heard),
            StatusCode::NOT_FOUND => Err(ElsewhereError::Lost),
            StatusCode::UNPROCESSABLE_ENTITY => Err(ElsewhereError::Damaged),
            StatusCode::SERVICE_UNAVAILABLE => Err(ElsewhereError::Busy),
            status => Err(ElsewhereError::Refused(status.to_string())),
        }
    }
}

impl Elsewhere for FootageLink {
    fn recorders(&self, tenant: &TenantId, camera: CameraId) -> Vec<NodeId> {
        (self.recorders)(tenant, camera)
    }

    fn alive(&self, node: NodeId) -> bool {
        (self.alive)(node)
    }

    fn reach(&self, node: NodeId) -> BoxFuture<'_, Result<(), ElsewhereError>> {
        self.ask(node, Question::Reach, 0).map(|answer| answer.map(drop)).boxed()
    }

    fn tails(
        &self,
        node: NodeId,
        tenant: &TenantId,
        camera: CameraId,
    ) -> BoxFuture<'_, Result<Vec<OpenTail>, ElsewhereError>> {
        let question = Question::Tails { tenant: tenant.clone(), camera };
        let asked = self.ask(node, question, TAILS_BYTES_MAX);
        asked
            .map(|told| decode(&told?).ok_or_else(|| ElsewhereError::Refused("its tails cannot be read".to_owned())))
            .boxed()
    }

    fn head(&self, node: NodeId, segment: SegmentName) -> BoxFuture<'_, Result<Bytes, ElsewhereError>> {
        self.ask(node, Question::Head(segment), STORED_HEAD_BYTES_MAX as usize).boxed()
    }

    fn fragment(
        &self,
        node: NodeId,
        segment: SegmentName,
        place: StoredPlace,
    ) -> BoxFuture<'_, Result<Bytes, ElsewhereError>> {
        self.ask(node, Question::Fragment(segment, place), place.length as usize).boxed()
    }
}

fn not_heard(error: MediaLinkError) -> ElsewhereError {
    match error {
        MediaLinkError::TooSlow { .. } => ElsewhereError::TooSlow,
        MediaLinkError::TooLong { .. } => ElsewhereError::Refused(error.to_string()),
        error => ElsewhereError::Silent(Some(error.into())),
    }
}
