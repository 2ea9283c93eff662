use std::sync::Arc;

use eyrie_media::hls::{LivePackager, Rendition, ordinal_of};
use eyrie_media::{Read, WakeOn};
use tokio_util::sync::CancellationToken;

use super::LiveState;
use crate::context::CameraContext;

/// How much of the past a packager starts with: enough that the first playlist is full enough to play at once.
const WARM_LIVE_SEGMENTS: u64 = 6;

/// Packages one camera until `stop`, or until nobody has asked for the idle limit.
pub(crate) async fn feed(camera: Arc<CameraContext>, live: Arc<LiveState>, stop: CancellationToken) {
    let placement = &camera.placement;
    let rendition = Rendition { slot: placement.slot, epoch: placement.epoch };
    live.begin(LivePackager::new(rendition, ordinal_of(placement.epoch)));
    let mut reader = camera.ring.reader_from_last_keyframes(WARM_LIVE_SEGMENTS);
    let idle_max = camera.node.config.live_idle;
    metrics::gauge!("eyrie_camera_live_packagers").increment(1.0);
    let _counted = Counted;
    let mut closed = false;
    while !closed && live.idle(&*camera.node.clock) < idle_max {
        live.update(|packager| {
            let mut new = false;
            loop {
                let pushed = match reader.try_next() {
                    Read::Unit(unit) => packager.push(unit),
                    Read::Skipped { units } => {
                        metrics::counter!("eyrie_live_units_skipped_total").increment(units);
                        packager.gap()
                    }
                    Read::Empty => return new,
                    Read::Closed => {
                        closed = true;
                        return new;
                    }
                };
                match pushed {
                    Ok(more) => new |= more,
                    Err(error) => {
                        metrics::counter!("eyrie_live_parts_unwritable_total").increment(1);
                        tracing::debug!(%placement, %error, "a live part could not be made");
                    }
                }
            }
        });
        tokio::select! {
            () = stop.cancelled() => return,
            // The limit also bounds how long a camera that sends nothing keeps its packager.
            _ = tokio::time::timeout(idle_max, reader.ready(WakeOn::AnyUnit)) => {}
        }
    }
}

struct Counted;

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("eyrie_camera_live_packagers").decrement(1.0);
    }
}
