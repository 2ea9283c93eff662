//! The source "fed by another node": that node has the camera's session, and gives what it receives.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_media::feed::{FeedDecoder, FeedEnd, FeedItem, FeedUnit};
use eyrie_media::{AccessUnit, Stream, TrackKind};
use eyrie_types::{Epoch, GapCause, NodeId};
use hyper::{Request, StatusCode};

use super::Fault;
use super::fault::first_line;
use super::session::Session;
use crate::context::CameraContext;
use crate::feed::FeedQuery;
use crate::media_link::{MediaBody, MediaLinkError};

/// How long a node may take to begin to answer: it has what is asked for in memory.
const ASK_WITHIN: Duration = Duration::from_secs(2);
/// What is read of the words of a node that does not feed.
const REASON_BYTES_MAX: usize = 1_024;
/// How often a node that goes to the camera itself although another is to feed it asks that one again.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// How long a feed goes on after the cell has said that this node is to have a session of its own. Usually the feeder lets go
/// within a moment; one that does not has allowed us a session beside its own.
const OUTLIVE: Duration = Duration::from_secs(10);

/// Takes what `feeder` gives, until it is lost or over.
pub(super) async fn pull(session: &mut Session<'_>, feeder: NodeId) -> Fault {
    session.connecting("asking the node that has the camera's session");
    let mut fed = Fed::new(feeder, session);
    let fault = fed.run(session).await;
    session.over(&fault);
    fault
}

/// Asks `feeder` for what it receives of the camera.
async fn ask(camera: &CameraContext, feeder: NodeId, after: Option<(Epoch, u64)>) -> Result<MediaBody, Fault> {
    let Some(feeders) = camera.node.feeders.get() else {
        return Err(Fault::FeedLost("this node is in no cell".to_owned()));
    };
    let (tenant, camera) = (camera.placement.tenant.clone(), camera.placement.camera);
    let mut request = Request::new(Bytes::new());
    let query = FeedQuery { tenant, camera, after };
    *request.uri_mut() = query.to_string().parse().map_err(|_| Fault::FeedLost("no such address".to_owned()))?;
    let response = feeders.link.ask_within(feeder, request, ASK_WITHIN).await.map_err(|error| lost(&error))?;
    let (status, body) = (response.status(), response.into_body());
    if status == StatusCode::OK {
        return Ok(body);
    }
    let reason = body.bytes(REASON_BYTES_MAX).await.unwrap_or_default();
    let reason = first_line(&String::from_utf8_lossy(&reason));
    match status {
        // It may be about to start the camera.
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::NOT_FOUND => Err(Fault::FeedWaits(reason)),
        _ => Err(Fault::FeedLost(format!("{status}, {reason}"))),
    }
}

fn lost(error: &MediaLinkError) -> Fault {
    Fault::FeedLost(first_line(&error.to_string()))
}

/// Waits, beside a session with the camera, until a node that is to feed this one by the cell's word does: then the session is one
/// too many. Asked first, so that nothing is given up for a promise.
pub(super) async fn recalled(camera: &CameraContext) -> Fault {
    let mut told = camera.feed_from.subscribe();
    loop {
        tokio::time::sleep(ASK_AGAIN).await;
        // The sender lives in `camera`.
        let feeder = told.wait_for(Option::is_some).await.ok().and_then(|told| *told);
        if let Some(feeder) = feeder
            && ask(camera, feeder, None).await.is_ok()
        {
            return Fault::Recalled;
        }
    }
}

/// Waits, beside a feed that the cell asked for, until the cell has long asked for it no more.
pub(super) async fn outlived(camera: &CameraContext) -> Fault {
    let mut told = camera.feed_from.subscribe();
    if told.borrow().is_none() {
        // Not asked for: the camera has refused a session of our own.
        return std::future::pending().await;
    }
    loop {
        let _ = told.wait_for(Option::is_none).await;
        let again = tokio::time::timeout(OUTLIVE, told.wait_for(Option::is_some)).await.is_ok();
        if !again {
            return Fault::FeedOutlived;
        }
    }
}

/// What one node has given so far.
struct Fed {
    feeder: NodeId,
    /// The epoch that feeds.
    epoch: Option<Epoch>,
    /// The last unit that came, of whatever stream.
    last: Option<(Epoch, u64)>,
    /// What decodes the units, as the feeder tells it.
    told: Option<Stream>,
    /// The same in our ring; `None`: begins with the next keyframe.
    stream: Option<Arc<Stream>>,
    next_sequence: u64,
}

impl Fed {
    fn new(feeder: NodeId, session: &Session<'_>) -> Self {
        let next_sequence = session.next_stream_sequence();
        Self { feeder, epoch: None, last: None, told: None, stream: None, next_sequence }
    }

    /// Asks, takes what comes, and asks for the rest where the connection was lost.
    async fn run(&mut self, session: &mut Session<'_>) -> Fault {
        let mut silent = pin!(session.silent());
        loop {
            let before = self.last;
            let mut body = match ask(session.camera, self.feeder, self.last).await {
                Ok(body) => body,
                Err(fault) => return fault,
            };
            session.set_up();
            let mut decoder = FeedDecoder::new();
            let fault = loop {
                let chunk = tokio::select! {
                    biased;
                    chunk = body.chunk() => chunk,
                    fault = &mut silent => break fault,
                };
                let mut chunk = match chunk {
                    Ok(Some(chunk)) => chunk,
                    Ok(None) => break Fault::FeedLost("it ended".to_owned()),
                    Err(error) => break lost(&error),
                };
                if let Some(fault) = self.take(session, &mut decoder, &mut chunk) {
                    break fault;
                }
            };
            // A connection that brought something is worth another: nothing is lost so far.
            if !matches!(fault, Fault::FeedLost(_)) || self.last == before {
                return fault;
            }
        }
    }

    /// Takes all that `chunk` holds; a fault, where it is the last.
    fn take(&mut self, session: &mut Session<'_>, decoder: &mut FeedDecoder, chunk: &mut Bytes) -> Option<Fault> {
        loop {
            match decoder.next(chunk) {
                Ok(None) => return None,
                Ok(Some(FeedItem::Begin { epoch })) => {
                    if self.epoch.replace(epoch) != Some(epoch) {
                        self.stream = None;
                    }
                }
                Ok(Some(FeedItem::Stream(stream))) => {
                    if self.told.as_ref() != Some(&stream) {
                        self.told = Some(stream);
                        self.stream = None;
                    }
                }
                Ok(Some(FeedItem::Unit(unit))) => self.unit(session, unit),
                Ok(Some(FeedItem::Skipped { units })) => {
                    metrics::counter!("eyrie_fed_units_missed_total").increment(units);
                }
                Ok(Some(FeedItem::Alive)) => {}
                Ok(Some(FeedItem::End(FeedEnd::Released))) => return Some(Fault::FeedReleased),
                Ok(Some(FeedItem::End(FeedEnd::Lost))) => {
                    return Some(Fault::FeedWaits("it has lost the camera".to_owned()));
                }
                Err(error) => return Some(Fault::Invalid(first_line(&error.to_string()))),
            }
        }
    }

    fn unit(&mut self, session: &mut Session<'_>, unit: FeedUnit) {
        // The decoder answers no unit before both.
        let (Some(epoch), Some(told)) = (self.epoch, &self.told) else { return };
        if let Some((_, last)) = self.last.filter(|(of, _)| *of == epoch) {
            if unit.seq <= last {
                return;
            }
            if unit.seq > last + 1 {
                session.hole(GapCause::PacketsLost);
                self.stream = None;
            }
        }
        self.last = Some((epoch, unit.seq));
        let stream = match &self.stream {
            Some(stream) => Arc::clone(stream),
            None => {
                let video = matches!(
                    told.tracks.get(usize::from(unit.track)).map(|track| &track.kind),
                    Some(TrackKind::Video(_))
                );
                let opens = if told.video().is_some() { video && unit.keyframe } else { true };
                // What this incarnation has recorded already is not recorded twice.
                if !opens || session.has(unit.wall) {
                    return;
                }
                let stream = Arc::new(Stream { sequence: self.next_sequence, tracks: told.tracks.clone() });
                self.next_sequence += 1;
                self.stream = Some(Arc::clone(&stream));
                stream
            }
        };
        let FeedUnit { track, keyframe, pts, dts, wall, data, .. } = unit;
        let arrival = session.camera.node.clock.monotonic();
        session.push(AccessUnit { stream, track, pts, dts, keyframe, data, wall, arrival });
    }
}
