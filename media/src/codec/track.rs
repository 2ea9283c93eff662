use bytes::Bytes;

use super::aac::AudioSpecificConfig;
use super::error::CodecError;
use super::h264::{AvcDecoderConfig, H264Sps};
use super::h265::{H265Sps, HevcDecoderConfig};
use super::nal::parameter_sets;
use crate::{AudioCodec, AudioTrack, VideoCodec, VideoTrack};

impl VideoTrack {
    /// The track that an `avcC` or `hvcC` box describes: what an MP4 sample entry holds, and what an RTSP client makes of SDP
    /// (`data` is the box's body). The box is written anew, so that whatever wrote it, lengths of four bytes are declared.
    ///
    /// # Errors
    /// When a parameter set is missing or cannot be read.
    pub fn from_decoder_config(codec: VideoCodec, data: &[u8]) -> Result<Self, CodecError> {
        match codec {
            VideoCodec::H264 => Self::from_avc(&AvcDecoderConfig::parse(data)?),
            VideoCodec::H265 => Self::from_hevc(&HevcDecoderConfig::parse(data)?),
        }
    }

    /// The track that parameter set NAL units describe; other NAL units are passed over.
    ///
    /// # Errors
    /// When a parameter set is missing or cannot be read.
    pub fn from_parameter_sets<'a>(
        codec: VideoCodec,
        nals: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, CodecError> {
        match codec {
            VideoCodec::H264 => Self::from_avc(&AvcDecoderConfig::from_nals(nals)),
            VideoCodec::H265 => Self::from_hevc(&HevcDecoderConfig::from_nals(nals)),
        }
    }

    fn from_avc(config: &AvcDecoderConfig) -> Result<Self, CodecError> {
        let decoder_config = config.build()?;
        let sps = H264Sps::parse(config.sps.first().map(Bytes::as_ref).unwrap_or_default())?;
        Ok(Self {
            codec: VideoCodec::H264,
            width: sps.width,
            height: sps.height,
            rfc6381: sps.rfc6381(),
            decoder_config,
            reorder_depth: sps.reorder_depth,
            pixel_aspect: sps.pixel_aspect,
        })
    }

    fn from_hevc(config: &HevcDecoderConfig) -> Result<Self, CodecError> {
        let decoder_config = config.build()?;
        let sps = H265Sps::parse(config.sps.first().map(Bytes::as_ref).unwrap_or_default())?;
        Ok(Self {
            codec: VideoCodec::H265,
            width: sps.width,
            height: sps.height,
            rfc6381: sps.rfc6381(),
            decoder_config,
            reorder_depth: sps.reorder_depth,
            pixel_aspect: sps.pixel_aspect,
        })
    }
}

/// The track as the parameter sets inside an access unit change it; `None` when it has none or repeats those known. Kinds of
/// sets that the access unit leaves out are kept. What it answers needs a new [`crate::Stream`].
///
/// # Errors
/// When the sets cannot be read.
pub fn changed_parameters(track: &VideoTrack, data: &[u8]) -> Result<Option<VideoTrack>, CodecError> {
    let Some(sets) = Some(parameter_sets(data, track.codec).collect::<Vec<_>>()).filter(|sets| !sets.is_empty()) else {
        return Ok(None);
    };
    // An access unit that repeats only some of several sets changes nothing.
    let repeats =
        |known: &[&[Bytes]]| sets.iter().all(|set| known.iter().any(|list| list.iter().any(|nal| nal == set)));
    match track.codec {
        VideoCodec::H264 => {
            let known = AvcDecoderConfig::parse(&track.decoder_config)?;
            if repeats(&[&known.sps, &known.pps]) {
                return Ok(None);
            }
            let mut new = AvcDecoderConfig::from_nals(sets.iter().copied());
            complete(&mut new.sps, known.sps);
            complete(&mut new.pps, known.pps);
            VideoTrack::from_avc(&new).map(Some)
        }
        VideoCodec::H265 => {
            let known = HevcDecoderConfig::parse(&track.decoder_config)?;
            if repeats(&[&known.vps, &known.sps, &known.pps]) {
                return Ok(None);
            }
            let mut new = HevcDecoderConfig::from_nals(sets.iter().copied());
            complete(&mut new.vps, known.vps);
            complete(&mut new.sps, known.sps);
            complete(&mut new.pps, known.pps);
            VideoTrack::from_hevc(&new).map(Some)
        }
    }
}

/// Keeps the known sets of a kind of which none came, and takes each that came once.
fn complete(came: &mut Vec<Bytes>, known: Vec<Bytes>) {
    if came.is_empty() {
        *came = known;
    }
    came.dedup();
}

impl AudioTrack {
    /// An AAC track from its AudioSpecificConfig.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn from_audio_specific_config(data: &[u8]) -> Result<Self, CodecError> {
        let config = AudioSpecificConfig::parse(data)?;
        Ok(Self {
            codec: AudioCodec::Aac,
            sample_rate: config.sample_rate,
            channels: config.channels,
            rfc6381: config.rfc6381(),
            decoder_config: Bytes::copy_from_slice(data),
        })
    }

    /// A G.711 track (RFC 3551 section 4.5.14: 8000 samples a second unless the session says otherwise).
    pub fn g711(codec: AudioCodec, sample_rate: u32, channels: u16) -> Self {
        Self { codec, sample_rate, channels, rfc6381: String::new(), decoder_config: Bytes::new() }
    }
}
