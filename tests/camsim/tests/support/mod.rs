//! What the tests share: a server on a free port, and retina as its client.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use eyrie_camsim::au_number::{AuStamp, find_in_avcc};
use eyrie_camsim::{CamSim, CamSimConfig, ClipSpec, StreamConfig};
use futures::StreamExt;
use retina::client::{
    Credentials, Demuxed, PlayOptions, Session, SessionOptions, SetupOptions, TcpTransportOptions, Transport,
    UdpTransportOptions,
};
use retina::codec::CodecItem;

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A clip that is encoded in no time.
pub(crate) fn small_clip() -> ClipSpec {
    ClipSpec { width: 320, height: 180, seconds: 2, gop: 10, bitrate_kbps: 300, ..ClipSpec::default() }
}

/// A server with these streams.
pub(crate) async fn start(streams: Vec<StreamConfig>) -> CamSim {
    CamSim::start(CamSimConfig::loopback(streams)).await.unwrap()
}

/// A picture as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) stamp: AuStamp,
    pub(crate) keyframe: bool,
    pub(crate) pts_90k: i64,
    pub(crate) loss: u16,
    pub(crate) data: Vec<u8>,
}

/// Retina, playing all tracks of a stream.
pub(crate) struct Client {
    demuxed: Demuxed,
    pub(crate) sounds: usize,
    pub(crate) reports: usize,
    pub(crate) parameters_changed: usize,
}

impl Client {
    /// Plays the stream at `url`, over UDP or interleaved.
    pub(crate) async fn connect(
        url: &str,
        credentials: Option<(&str, &str)>,
        udp: bool,
    ) -> Result<Self, retina::Error> {
        let creds =
            credentials.map(|(user, password)| Credentials { username: user.into(), password: password.into() });
        let options = SessionOptions::default().creds(creds);
        let mut session = Session::describe(url.parse().unwrap(), options).await?;
        for i in 0..session.streams().len() {
            let transport = if udp {
                Transport::Udp(UdpTransportOptions::default())
            } else {
                Transport::Tcp(TcpTransportOptions::default())
            };
            session.setup(i, SetupOptions::default().transport(transport)).await?;
        }
        let demuxed = session.play(PlayOptions::default()).await?.demuxed()?;
        Ok(Self { demuxed, sounds: 0, reports: 0, parameters_changed: 0 })
    }

    /// The next picture, or why there is none.
    pub(crate) async fn try_picture(&mut self) -> Result<Picture, String> {
        loop {
            let item = tokio::time::timeout(PATIENCE, self.demuxed.next()).await.map_err(|_| "silence".to_owned())?;
            match item.ok_or("the end")?.map_err(|e| e.to_string())? {
                CodecItem::VideoFrame(frame) => {
                    self.parameters_changed += usize::from(frame.has_new_parameters());
                    return Ok(Picture {
                        stamp: find_in_avcc(frame.data()).ok_or("a picture without a number")?,
                        keyframe: frame.is_random_access_point(),
                        pts_90k: frame.timestamp().elapsed(),
                        loss: frame.loss(),
                        data: frame.data().to_vec(),
                    });
                }
                CodecItem::AudioFrame(_) => self.sounds += 1,
                CodecItem::Rtcp(_) => self.reports += 1,
                _ => {}
            }
        }
    }

    /// The next picture.
    pub(crate) async fn picture(&mut self) -> Picture {
        self.try_picture().await.unwrap()
    }
}
