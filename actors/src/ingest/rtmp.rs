use std::pin::pin;
use std::time::Duration;

use eyrie_media::rtmp::{FlvDemuxer, FlvEvent, Refusal, RtmpEvent};
use eyrie_media::{Track, TrackKind};

use super::Fault;
use super::framer::{Frame, Framer};
use super::session::Session;
use crate::counted::Counted;
use crate::rtmp::{OpenDoor, Publisher};

/// How long after the start of its ingest a publisher is on its way, and not missing yet: they try again every few seconds.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(10);

/// Waits for a publisher and takes what it sends, until it is lost.
pub(super) async fn receive(session: &mut Session<'_>, door: Option<&mut OpenDoor>) -> Fault {
    let Some(door) = door else {
        // Its key could not be opened, which the control plane has told; or was never made.
        return Fault::PublisherRefused("the camera has no key; make it a new one".to_owned());
    };
    session.connecting("waiting for a publisher to connect");
    let publisher = match tokio::time::timeout(COMES_BACK_WITHIN, door.next()).await {
        Ok(publisher) => publisher,
        Err(_) => {
            session.unpublished();
            door.next().await
        }
    };
    let remote = publisher.remote();
    let Ok(mut publisher) = publisher.accept() else { return Fault::PublisherGone };
    tracing::info!(placement = %session.camera.placement, %remote, "a publisher was let in");
    session.connecting("a publisher has connected; waiting for its first picture");
    session.set_up();
    let _counted = Counted::in_gauge("eyrie_publishers");
    let fault = take(session, &mut publisher).await;
    session.over(&fault);
    let refusal = match fault {
        Fault::PublisherGone => return fault,
        Fault::PublisherRefused(_) | Fault::NoKeyframe(_) => Refusal::Unsupported,
        _ => Refusal::Ended,
    };
    publisher.end(refusal, &fault.to_string()).await;
    fault
}

async fn take(session: &mut Session<'_>, publisher: &mut Publisher) -> Fault {
    let mut silent = pin!(session.silent());
    let (mut demuxer, mut framer, mut told_of_sound) = (FlvDemuxer::new(), None, false);
    loop {
        let event = tokio::select! {
            biased;
            event = publisher.next() => event,
            fault = &mut silent => return fault,
        };
        let found = match event {
            Ok(Some(RtmpEvent::Video { timestamp, tag })) => demuxer.video(timestamp, &tag),
            Ok(Some(RtmpEvent::Audio { timestamp, tag })) => demuxer.audio(timestamp, &tag),
            // It asks once.
            Ok(Some(RtmpEvent::Publish { .. })) => continue,
            Ok(Some(RtmpEvent::End) | None) => return Fault::PublisherGone,
            Err(why) => return Fault::PublisherRefused(why),
        };
        let found = match found {
            Ok(found) => found,
            Err(error) => return Fault::PublisherRefused(error.to_string()),
        };
        if let Err(fault) = session.heard(session.camera.node.clock.monotonic()) {
            return fault;
        }
        if let Some(codec) = demuxer.left_out().filter(|_| !told_of_sound) {
            tracing::info!(placement = %session.camera.placement, codec, "sound in this codec is left out; AAC is taken");
            told_of_sound = true;
        }
        for event in found.into_iter().flatten() {
            push(session, &mut framer, event);
        }
    }
}

fn push(session: &mut Session<'_>, framer: &mut Option<Framer>, event: FlvEvent) {
    match event {
        FlvEvent::Tracks(tracks) => {
            let first = framer.as_ref().map_or_else(|| session.next_stream_sequence(), Framer::next_sequence);
            let kinds = tracks
                .into_iter()
                .map(|Track { clock_rate, kind }| (clock_rate, Some(kind)))
                .collect::<Vec<(u32, Option<TrackKind>)>>();
            *framer = Some(Framer::with_one_clock(first, kinds));
        }
        FlvEvent::Frame { track, ticks, keyframe, data } => {
            let clock = &session.camera.node.clock;
            let frame = Frame { track, ticks, keyframe, data, arrival: clock.monotonic(), now: clock.now() };
            if let Some(unit) = framer.as_mut().and_then(|framer| framer.push(frame)) {
                session.push(unit);
            }
        }
    }
}
