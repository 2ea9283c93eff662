use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_types::{RtspSource, RtspTransport, Secret};
use futures::StreamExt;
use retina::client::{
    Credentials, Demuxed, Described, InitialTimestampPolicy, PlayOptions, SessionOptions, SetupOptions,
    TcpTransportOptions, TeardownPolicy, Transport, UdpTransportOptions, UnknownRtcpSsrcPolicy,
};
use retina::codec::{CodecItem, FrameFormat, VideoFrame};
use tokio::net::TcpStream;
use url::Url;

use super::camera_tls::{self, is_tls};
use super::fault::first_line;
use super::framer::{Frame, Framer};
use super::session::Session;
use super::tracks::{self, Chosen};
use super::{Fault, NetworkError, Step, redirect, tls_tunnel};
use crate::context::CameraContext;

/// The longest session description taken: a camera's has 1 or 2 kB.
const SDP_BYTES_MAX: usize = 64 * 1024;
/// How long to wait for a camera to confirm the end of a session, before the next one or before leaving. Cameras with one
/// session only need it; those that do not answer must not hold anything up.
const GOODBYE_PATIENCE: Duration = Duration::from_millis(1_500);
/// How we introduce ourselves.
const USER_AGENT: &str = concat!("eyrie/", env!("CARGO_PKG_VERSION"));

/// Pulls from an RTSP camera until it is lost.
pub(super) async fn pull(session: &mut Session<'_>, source: &RtspSource) -> Fault {
    goodbyes(session.camera).await;
    match open(session, source).await {
        Err(fault) => fault,
        Ok(mut opened) => {
            session.set_up();
            let fault = receive(session, &mut opened).await;
            session.over(&fault);
            fault
        }
    }
}

/// Waits, for a bounded time, until the sessions that were dropped are torn down.
pub(super) async fn goodbyes(camera: &CameraContext) {
    let farewell = camera.rtsp_sessions.await_teardown();
    match tokio::time::timeout(GOODBYE_PATIENCE, farewell).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) | Err(_) => {
            tracing::debug!(placement = %camera.placement, "the camera did not confirm the end of its session");
        }
    }
}

struct Opened {
    demuxed: Demuxed,
    chosen: Vec<Chosen>,
    framer: Framer,
}

/// Runs one step within its own time.
async fn within<T>(step: Step, work: impl Future<Output = Result<T, retina::Error>>) -> Result<T, Fault> {
    match tokio::time::timeout(step.timeout(), work).await {
        Ok(done) => done.map_err(|error| Fault::from_retina(step, &error)),
        Err(_) => Err(Fault::Timeout(step)),
    }
}

async fn open(session: &Session<'_>, source: &RtspSource) -> Result<Opened, Fault> {
    let mut described = describe(session, source).await?;
    if described.sdp().len() > SDP_BYTES_MAX {
        let bytes = described.sdp().len();
        return Err(Fault::Invalid(format!("its session description has {bytes} bytes")));
    }
    let mut chosen = tracks::choose(described.streams())?;
    session.connecting("setting up the session (SETUP)");
    let mut refused = None;
    for track in &chosen {
        let options = SetupOptions::default().transport(transport(source.transport)).frame_format(FrameFormat::MP4);
        match within(Step::Setup, described.setup(track.stream, options)).await {
            // A camera that offers sound and then refuses it is recorded without.
            Err(Fault::Rejected { status, .. }) if !track.is_video && chosen.len() > 1 => {
                refused = Some((*track, status))
            }
            set_up => set_up?,
        }
    }
    if let Some((track, status)) = refused {
        tracing::info!(placement = %session.camera.placement, status, "the camera refuses its own sound track");
        chosen.retain(|other| *other != track);
    }
    session.connecting("starting the stream (PLAY)");
    let options = PlayOptions::default()
        .initial_timestamp(InitialTimestampPolicy::Permissive)
        .unknown_rtcp_ssrc(UnknownRtcpSsrcPolicy::DropPackets);
    let playing = within(Step::Play, described.play(options)).await?;
    let demuxed = playing.demuxed().map_err(|error| Fault::from_retina(Step::Play, &error))?;
    let mut kinds = Vec::with_capacity(chosen.len());
    for track in &chosen {
        let stream = demuxed.streams().get(track.stream).ok_or(Fault::NoMedia)?;
        kinds.push((stream.clock_rate_hz(), tracks::kind(stream)?));
    }
    let framer = Framer::new(session.next_stream_sequence(), kinds);
    session.connecting("waiting for the first picture");
    Ok(Opened { demuxed, chosen, framer })
}

/// Connects and asks for the session description, following redirects.
async fn describe(session: &Session<'_>, source: &RtspSource) -> Result<retina::client::Session<Described>, Fault> {
    let configured = source.parsed_url().map_err(|error| Fault::Invalid(error.reason))?;
    let mut url = configured.clone();
    let mut goodbye = says_goodbye(source.transport);
    let mut redirects = 0;
    loop {
        session.connecting("resolving the camera's address");
        let pinned = session.camera.node.config.network.resolve_and_pin(&url).await?;
        session.connecting("connecting (DESCRIBE)");
        let at = if is_tls(&url) { tunnel(&url, pinned, source).await? } else { pinned };
        // What was configured for one host is told to no other.
        let known_host = url.host() == configured.host();
        let options = SessionOptions::default()
            .creds(if known_host { credentials(source) } else { None })
            .user_agent(USER_AGENT.to_owned())
            .session_group(Arc::clone(&session.camera.rtsp_sessions))
            .teardown(if goodbye { TeardownPolicy::Auto } else { TeardownPolicy::Never });
        let work = retina::client::Session::describe(at_address(&url, at)?, options);
        match within(Step::Describe, work).await {
            Err(Fault::Rejected { status: 300..=399, .. }) => {
                redirects += 1;
                if redirects > redirect::REDIRECTS_MAX {
                    return Err(Fault::Redirect(format!("more than {} in a row", redirect::REDIRECTS_MAX)));
                }
                url = if is_tls(&url) {
                    redirect::target(&url, camera_tls::connect(pinned, &url, source.certificate_sha256)).await?
                } else {
                    redirect::target(&url, plain(pinned)).await?
                };
            }
            // Known before anything is set up, so all that the first connection cost is its time.
            Ok(described) if goodbye && insists_on_goodbye(&described) => goodbye = false,
            described => return described,
        }
    }
}

async fn plain(pinned: SocketAddr) -> Result<TcpStream, Fault> {
    TcpStream::connect(pinned).await.map_err(|error| Fault::Unreachable(first_line(&error.to_string())))
}

/// Where the library finds the TLS session with `pinned`.
async fn tunnel(url: &Url, pinned: SocketAddr, source: &RtspSource) -> Result<SocketAddr, Fault> {
    let work = tls_tunnel::open(pinned, url, source.certificate_sha256);
    tokio::time::timeout(Step::Tls.timeout(), work).await.map_err(|_| Fault::Timeout(Step::Tls))?
}

/// `url` as the library takes it: with `at`, the address that was checked or the tunnel to it, in place of the host, so that no
/// other is connected to.
fn at_address(url: &Url, at: SocketAddr) -> Result<Url, Fault> {
    let mut url = url.clone();
    let unusable = |()| Fault::Network(NetworkError::NoHost);
    url.set_scheme("rtsp").map_err(unusable)?;
    url.set_ip_host(at.ip()).map_err(unusable)?;
    url.set_port(Some(at.port())).map_err(unusable)?;
    Ok(url)
}

/// Whether the camera is told of a session's end. The library says it on the session's own connection, which leads to the address
/// that was checked; but over UDP, where that fails, it opens others to whatever host the camera named as its base, again and again
/// until the session runs out. So over UDP a session ends with its connection, or with the camera's own time limit.
fn says_goodbye(transport: RtspTransport) -> bool {
    transport == RtspTransport::Tcp
}

/// Whether the library would open connections to the camera's base for its goodbye over TCP as well: it does for servers that say
/// they are an old live555, which mix up the connections of sessions that were not torn down.
fn insists_on_goodbye(described: &retina::client::Session<Described>) -> bool {
    described.tool().is_some_and(retina::client::Tool::has_live555_tcp_bug)
}

fn credentials(source: &RtspSource) -> Option<Credentials> {
    let username = source.username.clone()?;
    let password = source.password.as_ref().map_or_else(String::new, |password| Secret::expose(password).to_owned());
    Some(Credentials { username, password })
}

fn transport(wanted: RtspTransport) -> Transport {
    match wanted {
        RtspTransport::Tcp => Transport::Tcp(TcpTransportOptions::default()),
        RtspTransport::Udp => Transport::Udp(UdpTransportOptions::default()),
    }
}

async fn receive(session: &mut Session<'_>, opened: &mut Opened) -> Fault {
    let mut silent = pin!(session.silent());
    loop {
        let item = tokio::select! {
            biased;
            item = opened.demuxed.next() => item,
            fault = &mut silent => return fault,
        };
        let taken = match item {
            None => return Fault::Closed,
            Some(Err(error)) => return Fault::from_retina(Step::Play, &error),
            Some(Ok(CodecItem::VideoFrame(frame))) => video(session, opened, frame),
            Some(Ok(CodecItem::AudioFrame(frame))) => {
                let clock = &session.camera.node.clock;
                let Some(track) = position(&opened.chosen, frame.stream_id()) else { continue };
                let unit = opened.framer.push(Frame {
                    track,
                    ticks: frame.timestamp().timestamp(),
                    keyframe: true,
                    data: Bytes::copy_from_slice(frame.data()),
                    arrival: clock.monotonic(),
                    now: clock.now(),
                });
                if let Some(unit) = unit {
                    session.push(unit);
                }
                Ok(())
            }
            Some(Ok(CodecItem::Rtcp(report))) => {
                sender_report(opened, &report);
                Ok(())
            }
            // Messages carry no media.
            Some(Ok(_)) => Ok(()),
        };
        if let Err(fault) = taken {
            return fault;
        }
    }
}

fn video(session: &mut Session<'_>, opened: &mut Opened, frame: VideoFrame) -> Result<(), Fault> {
    let Some(track) = position(&opened.chosen, frame.stream_id()) else { return Ok(()) };
    if frame.has_new_parameters() || opened.framer.lacks_video_parameters(track) {
        let stream = opened.demuxed.streams().get(frame.stream_id());
        if let Some(eyrie_media::TrackKind::Video(video)) = stream.map(tracks::kind).transpose()?.flatten() {
            opened.framer.set_video(track, video);
        }
    }
    let (clock, loss) = (&session.camera.node.clock, frame.loss());
    let (arrival, now) = (clock.monotonic(), clock.now());
    if loss > 0 {
        session.lost(u64::from(loss), now);
    }
    let unit = opened.framer.push(Frame {
        track,
        ticks: frame.timestamp().timestamp(),
        keyframe: frame.is_random_access_point(),
        arrival,
        now,
        data: Bytes::from(frame.into_data()),
    });
    match unit {
        Some(unit) => session.push(unit),
        // Later, silence counts: a camera that is asked anew is more likely to send a keyframe at once.
        None if !session.is_online() => session.heard(arrival)?,
        None => {}
    }
    Ok(())
}

/// Takes what an RTCP sender report says about the camera's clock; cameras that send none, or nonsense, are none the worse.
fn sender_report(opened: &mut Opened, report: &retina::rtcp::ReceivedCompoundPacket) {
    let Some(track) = position(&opened.chosen, report.stream_id()) else { return };
    let Some(ticks) = report.rtp_timestamp() else { return };
    let sent = report.pkts().find_map(|packet| packet.as_sender_report().ok().flatten());
    if let Some(sent) = sent {
        opened.framer.sender_report(track, ticks.timestamp(), sent.ntp_timestamp().0);
    }
}

/// The position among our tracks of the camera's track `stream`.
fn position(chosen: &[Chosen], stream: usize) -> Option<u8> {
    chosen.iter().position(|track| track.stream == stream).and_then(|position| u8::try_from(position).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_address_takes_the_hosts_place_and_the_path_stays() {
        let url: Url = "rtsp://camera.example/live/main?profile=1".parse().unwrap();
        let pinned = at_address(&url, "10.1.2.3:8554".parse().unwrap()).unwrap();
        assert_eq!(pinned.as_str(), "rtsp://10.1.2.3:8554/live/main?profile=1");
        let six = at_address(&url, "[2001:db8::7]:554".parse().unwrap()).unwrap();
        assert_eq!(six.as_str(), "rtsp://[2001:db8::7]:554/live/main?profile=1");
        let tls: Url = "rtsps://camera.example/live".parse().unwrap();
        let through = at_address(&tls, "127.0.0.1:40001".parse().unwrap()).unwrap();
        assert_eq!(through.as_str(), "rtsp://127.0.0.1:40001/live", "the library speaks plainly to the tunnel");
    }
}
