use bytes::Bytes;

use super::RtmpError;
use super::video_tag::{four_cc, skip_mod_ex};

const TAG: &str = "an audio tag";
/// `SoundFormat` of Enhanced RTMP's tags.
const ENHANCED: u8 = 9;

/// The body of an FLV audio tag (FLV 10.1 annex E.4.2), or one of Enhanced RTMP v2.
///
/// ```text
/// classic:  format (4 bits): 10 AAC, 7 G.711 A, 8 G.711 µ | rate (2) | size (1) | stereo (1) | AAC: packet type (1) | data
/// enhanced: 9 (4 bits) | packet type (4 bits) | FourCC (4) | data
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AudioTag {
    /// An AudioSpecificConfig.
    AacConfig(Bytes),
    /// A raw frame of AAC.
    Aac(Bytes),
    /// Samples of G.711; of how many channels.
    G711 { a_law: bool, channels: u16, data: Bytes },
    /// Sound in a codec that is not carried.
    Unsupported(String),
    /// Nothing to decode.
    Other,
}

impl AudioTag {
    pub(super) fn parse(tag: &Bytes) -> Result<Self, RtmpError> {
        // Publishers send empty ones when their sound stops.
        let Some(&first) = tag.first() else { return Ok(Self::Other) };
        let unsupported = |name: &str| Ok(Self::Unsupported(name.to_owned()));
        match first >> 4 {
            10 => match tag.get(1).ok_or(RtmpError::Truncated(TAG))? {
                0 => Ok(Self::AacConfig(tag.slice(2..))),
                1 => Ok(Self::Aac(tag.slice(2..))),
                _ => Ok(Self::Other),
            },
            format @ (7 | 8) => {
                Ok(Self::G711 { a_law: format == 7, channels: 1 + u16::from(first & 1), data: tag.slice(1..) })
            }
            ENHANCED => Self::enhanced(tag, first),
            2 | 14 => unsupported("MP3"),
            0 | 1 | 3 => unsupported("PCM"),
            4..=6 => unsupported("Nellymoser"),
            11 => unsupported("Speex"),
            _ => unsupported("unknown"),
        }
    }

    fn enhanced(tag: &Bytes, first: u8) -> Result<Self, RtmpError> {
        let (kind, at) = skip_mod_ex(tag, first & 0x0f)?;
        // 4: where its channels stand.
        if kind == 4 {
            return Ok(Self::Other);
        }
        if kind == 5 {
            return Ok(Self::Unsupported("several tracks of".to_owned()));
        }
        let name = tag.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or(RtmpError::Truncated(TAG))?;
        let data = tag.slice(at + 4..);
        Ok(match (name, kind) {
            (b"mp4a", 0) => Self::AacConfig(data),
            (b"mp4a", 1) => Self::Aac(data),
            (b"mp4a", _) => Self::Other,
            (other, _) => Self::Unsupported(four_cc(other)),
        })
    }
}
