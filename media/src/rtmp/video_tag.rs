use bytes::Bytes;

use super::RtmpError;
use super::limits::MOD_EX_MAX;
use crate::VideoCodec;

const TAG: &str = "a video tag";
/// FLV's `FrameType` (FLV 10.1, E.4.3.1).
const KEYFRAME: u8 = 1;
const COMMAND: u8 = 5;

/// The body of an FLV video tag (FLV 10.1 annex E.4.3), or one of Enhanced RTMP v2.
///
/// ```text
/// classic:  frame type (4 bits) | codec: 7 H.264, 12 H.265 (some vendors) | packet type (1) | composition offset (3) | data
/// enhanced: 1 | frame type (3 bits) | packet type (4 bits) | FourCC (4) | composition offset (3), in packets of type 1 | data
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum VideoTag {
    /// A decoder configuration record: the body of an `avcC` or `hvcC` box.
    Config { codec: VideoCodec, record: Bytes },
    /// An access unit, with lengths as the record says.
    Frame { codec: VideoCodec, keyframe: bool, composition_ms: i32, data: Bytes },
    /// Nothing to decode.
    Other,
}

impl VideoTag {
    pub(super) fn parse(tag: &Bytes) -> Result<Self, RtmpError> {
        let first = *tag.first().ok_or(RtmpError::Truncated(TAG))?;
        if first & 0x80 == 0 { Self::classic(tag, first) } else { Self::enhanced(tag, first) }
    }

    fn classic(tag: &Bytes, first: u8) -> Result<Self, RtmpError> {
        let frame = first >> 4;
        if frame == COMMAND {
            return Ok(Self::Other);
        }
        let codec = match first & 0x0f {
            7 => VideoCodec::H264,
            12 => VideoCodec::H265,
            2 => return Err(RtmpError::UnsupportedVideo("Sorenson H.263".to_owned())),
            4 | 5 => return Err(RtmpError::UnsupportedVideo("VP6".to_owned())),
            other => return Err(RtmpError::UnsupportedVideo(format!("FLV's codec {other}"))),
        };
        let head = tag.first_chunk::<5>().ok_or(RtmpError::Truncated(TAG))?;
        let data = tag.slice(5..);
        Ok(match head[1] {
            0 => Self::Config { codec, record: data },
            1 => Self::Frame { codec, keyframe: frame == KEYFRAME, composition_ms: offset(&head[2..]), data },
            _ => Self::Other,
        })
    }

    fn enhanced(tag: &Bytes, first: u8) -> Result<Self, RtmpError> {
        let frame = first >> 4 & 0x07;
        let (kind, at) = skip_mod_ex(tag, first & 0x0f)?;
        // 4: metadata of colours.
        if frame == COMMAND || kind == 4 {
            return Ok(Self::Other);
        }
        if kind == 6 {
            return Err(RtmpError::Unsupported("several video tracks in one publication"));
        }
        let name = tag.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or(RtmpError::Truncated(TAG))?;
        let codec = match name {
            b"avc1" => VideoCodec::H264,
            b"hvc1" => VideoCodec::H265,
            b"av01" => return Err(RtmpError::UnsupportedVideo("AV1".to_owned())),
            b"vp08" | b"vp09" => return Err(RtmpError::UnsupportedVideo("VP8 or VP9".to_owned())),
            other => return Err(RtmpError::UnsupportedVideo(four_cc(other))),
        };
        let data = tag.slice(at + 4..);
        let keyframe = frame == KEYFRAME;
        Ok(match kind {
            0 => Self::Config { codec, record: data },
            1 => {
                let offset_bytes = data.first_chunk::<3>().ok_or(RtmpError::Truncated(TAG))?;
                Self::Frame { codec, keyframe, composition_ms: offset(offset_bytes), data: data.slice(3..) }
            }
            3 => Self::Frame { codec, keyframe, composition_ms: 0, data },
            _ => Self::Other,
        })
    }
}

/// Passes over what may stand before a packet (Enhanced RTMP v2, ModEx: sizes and data); answers the packet's type, and where its
/// FourCC is.
///
/// ```text
/// size − 1 (1; 255: two more bytes, size − 1) | data | type of the data (4 bits) | type of the packet (4 bits)
/// ```
pub(super) fn skip_mod_ex(tag: &[u8], mut kind: u8) -> Result<(u8, usize), RtmpError> {
    const MOD_EX: u8 = 7;
    let mut at = 1;
    for _ in 0..MOD_EX_MAX {
        if kind != MOD_EX {
            return Ok((kind, at));
        }
        let cut = || RtmpError::Truncated("ModEx");
        let size = usize::from(*tag.get(at).ok_or_else(cut)?) + 1;
        at += 1;
        let size = if size == 256 {
            let long = tag.get(at..).and_then(|rest| rest.first_chunk::<2>()).ok_or_else(cut)?;
            at += 2;
            usize::from(u16::from_be_bytes(*long)) + 1
        } else {
            size
        };
        at += size;
        kind = tag.get(at).ok_or_else(cut)? & 0x0f;
        at += 1;
    }
    Err(RtmpError::TooMuch { what: "ModEx blocks in a tag", max: MOD_EX_MAX })
}

/// A FourCC as people read it.
pub(super) fn four_cc(name: &[u8; 4]) -> String {
    name.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '?' }).collect()
}

/// A signed number of three bytes.
fn offset(bytes: &[u8]) -> i32 {
    let value = bytes.iter().take(3).fold(0_i32, |value, byte| value << 8 | i32::from(*byte));
    value << 8 >> 8
}
