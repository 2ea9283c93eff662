use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use eyrie_media::feed::{FeedEncoder, FeedEnd};
use eyrie_media::{Read, RingReader, WakeOn};
use eyrie_types::Epoch;
use futures::Stream;
use hyper::body::Frame;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};

use super::{ALIVE_EVERY, HISTORY_SEGMENTS, LOST_AFTER, Source};
use crate::context::CameraContext;
use crate::counted::Counted;

/// A feed being given: a reader of the camera's ring that skips when it is too slow, as viewers do. It is read only as fast as the
/// peer takes it; what it holds stays charged to the camera.
pub(super) struct Giving {
    reader: RingReader,
    encoder: FeedEncoder,
    source: watch::Receiver<Source>,
    /// Since when the camera is lost.
    lost_since: Option<Instant>,
    /// Why it ends, once the ring is drained.
    over: Option<FeedEnd>,
    ended: bool,
    /// What is to be sent next: a few pieces of one unit.
    waiting: VecDeque<Bytes>,
    _place: OwnedSemaphorePermit,
    _counted: Counted,
}

impl Giving {
    /// A feed that goes on after the unit `after`, where the ring still has it, or else begins with the last keyframes.
    pub(super) fn new(camera: &Arc<CameraContext>, after: Option<(Epoch, u64)>, place: OwnedSemaphorePermit) -> Self {
        let epoch = camera.placement.epoch;
        let reader = match after.filter(|(of, _)| *of == epoch) {
            Some((_, seq)) => camera.ring.reader_after(seq),
            None => camera.ring.reader_from_last_keyframes(HISTORY_SEGMENTS),
        };
        let encoder = FeedEncoder::new();
        let waiting = VecDeque::from([encoder.begin(epoch)]);
        let source = camera.source.subscribe();
        Self {
            reader,
            encoder,
            source,
            lost_since: None,
            over: None,
            ended: false,
            waiting,
            _place: place,
            _counted: Counted::in_gauge("eyrie_feeds_given"),
        }
    }

    /// The feed as the frames of a body.
    pub(super) fn frames(self) -> impl Stream<Item = io::Result<Frame<Bytes>>> + Send {
        futures::stream::unfold(self, |mut giving| async move {
            let bytes = giving.next().await?;
            Some((Ok(Frame::data(bytes)), giving))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.waiting.pop_front() {
                return Some(bytes);
            }
            if self.ended {
                return None;
            }
            match self.reader.try_next() {
                Read::Unit(unit) => {
                    let pieces = self.encoder.unit(&unit);
                    self.waiting.extend(pieces.into_iter().filter(|piece| !piece.is_empty()));
                }
                Read::Skipped { units } => {
                    metrics::counter!("eyrie_feed_units_skipped_total").increment(units);
                    self.waiting.push_back(self.encoder.skipped(units));
                }
                Read::Closed => {
                    let released = *self.source.borrow() == Source::Released;
                    self.end(if released { FeedEnd::Released } else { FeedEnd::Lost });
                }
                Read::Empty => match self.over {
                    Some(reason) => self.end(reason),
                    None => self.wait().await,
                },
            }
        }
    }

    fn end(&mut self, reason: FeedEnd) {
        self.ended = true;
        self.waiting.push_back(self.encoder.end(reason));
        let reason = match reason {
            FeedEnd::Released => "released",
            FeedEnd::Lost => "lost",
        };
        metrics::counter!("eyrie_feeds_ended_total", "reason" => reason).increment(1);
    }

    /// Waits for units, for a sign of life to be due, or for the end. What came before the end is still to be read then.
    async fn wait(&mut self) {
        let now = Instant::now();
        let lost_at = match *self.source.borrow_and_update() {
            Source::Released => {
                self.over = Some(FeedEnd::Released);
                return;
            }
            Source::Camera => {
                self.lost_since = None;
                None
            }
            Source::Away => Some(*self.lost_since.get_or_insert(now) + LOST_AFTER),
        };
        if lost_at.is_some_and(|at| at <= now) {
            self.over = Some(FeedEnd::Lost);
            return;
        }
        let alive_at = now + ALIVE_EVERY;
        let due = lost_at.map_or(alive_at, |at| at.min(alive_at));
        tokio::select! {
            () = self.reader.ready(WakeOn::AnyUnit) => {}
            changed = self.source.changed() => if changed.is_err() {
                self.over = Some(FeedEnd::Lost);
            },
            () = sleep_until(due) => if due == alive_at {
                self.waiting.push_back(self.encoder.alive());
            },
        }
    }
}
