//! Session descriptions (RFC 8866) of a clip.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{AudioCodec, AudioTrack, Clip, VideoCodec};

/// RTP payload type of the pictures: the first dynamic one.
pub(crate) const VIDEO_PAYLOAD_TYPE: u8 = 96;
const AAC_PAYLOAD_TYPE: u8 = 97;

/// The `a=fmtp` parameters that tell a decoder its parameter sets: RFC 6184 clause 8.1, RFC 7798 clause 7.1.
pub(super) fn sprop(codec: VideoCodec, nals: &[Vec<u8>]) -> String {
    let text = |nal: &Vec<u8>| BASE64_STANDARD.encode(nal);
    match codec {
        VideoCodec::H264 => {
            let profile = nals.first().and_then(|sps| sps.get(1..4)).map(hex::encode_upper).unwrap_or_default();
            let sets: Vec<String> = nals.iter().map(text).collect();
            format!("packetization-mode=1; profile-level-id={profile}; sprop-parameter-sets={}", sets.join(","))
        }
        VideoCodec::H265 => {
            let named = |kind: u8, name: &str| {
                let sets: Vec<String> = nals.iter().filter(|nal| nal[0] >> 1 & 0x3f == kind).map(text).collect();
                format!("{name}={}", sets.join(","))
            };
            [named(32, "sprop-vps"), named(33, "sprop-sps"), named(34, "sprop-pps")].join("; ")
        }
    }
}

impl AudioTrack {
    /// The RTP payload type: static for G.711 (RFC 3551 clause 6), dynamic for AAC.
    pub(crate) fn payload_type(&self) -> u8 {
        match self.codec {
            AudioCodec::Pcmu => 0,
            AudioCodec::Pcma => 8,
            AudioCodec::Aac => AAC_PAYLOAD_TYPE,
        }
    }
}

impl Clip {
    /// The description of the clip as a stream called `name`; tracks are controlled by `trackID=0` (pictures) and `trackID=1`
    /// (sound).
    pub(crate) fn sdp(&self, name: &str) -> String {
        let encoding = match self.codec {
            VideoCodec::H264 => "H264",
            VideoCodec::H265 => "H265",
        };
        let (pt, fps, fmtp) = (VIDEO_PAYLOAD_TYPE, self.fps, &self.video_fmtp);
        let mut sdp = format!(
            "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns={name}\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=tool:camsim\r\na=range:npt=0-\r\n\
             a=control:*\r\nm=video 0 RTP/AVP {pt}\r\na=rtpmap:{pt} {encoding}/90000\r\na=fmtp:{pt} {fmtp}\r\n\
             a=framerate:{fps}\r\na=control:trackID=0\r\n"
        );
        if let Some(audio) = &self.audio {
            let (pt, rate) = (audio.payload_type(), audio.rate);
            let map = match audio.codec {
                AudioCodec::Pcmu => format!("a=rtpmap:{pt} PCMU/{rate}/1\r\n"),
                AudioCodec::Pcma => format!("a=rtpmap:{pt} PCMA/{rate}/1\r\n"),
                AudioCodec::Aac => format!(
                    "a=rtpmap:{pt} mpeg4-generic/{rate}/1\r\na=fmtp:{pt} streamtype=5; profile-level-id=1; mode=AAC-hbr; \
                     sizelength=13; indexlength=3; indexdeltalength=3; config={}\r\n",
                    hex::encode_upper(&audio.config)
                ),
            };
            // Writing to a String cannot fail.
            let _ = write!(sdp, "m=audio 0 RTP/AVP {pt}\r\n{map}a=control:trackID=1\r\n");
        }
        sdp
    }
}
