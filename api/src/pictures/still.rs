use eyrie_media::VideoTrack;
use eyrie_media::codec::append_keyframe;
use eyrie_media::vod::{InitFacts, keyframe_data};
use eyrie_storage::footage::Footage;

use super::{Found, PictureError};

/// The largest picture that is decoded: 8K. It takes some 150 MB of a decoder.
const PIXELS_MAX: u32 = 8192 * 4352;

/// A keyframe, ready for a decoder.
#[derive(Debug, Clone)]
pub(super) struct Still {
    pub(super) track: VideoTrack,
    /// The elementary stream of this one picture.
    pub(super) data: Vec<u8>,
}

impl Still {
    /// # Errors
    /// [`PictureError::Undecodable`] when the bytes are no keyframe, or it is too large.
    pub(super) fn new(track: &VideoTrack, unit: &[u8]) -> Result<Self, PictureError> {
        if u32::from(track.width) * u32::from(track.height) > PIXELS_MAX {
            return Err(PictureError::Undecodable);
        }
        let mut data = Vec::with_capacity(unit.len() + 256);
        append_keyframe(&mut data, track, unit).map_err(|_| PictureError::Undecodable)?;
        Ok(Self { track: track.clone(), data })
    }

    /// Reads the keyframe of a recorded fragment, verified.
    pub(super) async fn read(footage: &Footage, found: &Found) -> Result<Self, PictureError> {
        let init = footage.init(&found.row).await?;
        let facts = InitFacts::parse(&init).map_err(|_| PictureError::Undecodable)?;
        let (id, track) = facts.video().ok_or(PictureError::Undecodable)?;
        let fragment = footage.fragment(&found.row, &found.entry).await?;
        Self::new(track, keyframe_data(&fragment, id).map_err(|_| PictureError::Undecodable)?)
    }

    /// How high a picture of `width` pixels is, even, with square pixels.
    pub(super) fn height(&self, width: u32) -> u32 {
        let (across, down) =
            self.track.pixel_aspect.filter(|(across, down)| *across > 0 && *down > 0).unwrap_or((1, 1));
        let numerator = u64::from(width) * u64::from(self.track.height) * u64::from(down);
        let denominator = (u64::from(self.track.width) * u64::from(across)).max(1);
        let half = (numerator + denominator) / (2 * denominator);
        // No picture is stretched beyond a square of twice the largest width.
        u32::try_from(half.saturating_mul(2)).unwrap_or(u32::MAX).clamp(2, 4096)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eyrie_media::VideoCodec;

    fn still(width: u16, height: u16, pixel_aspect: Option<(u16, u16)>) -> Still {
        let (rfc6381, decoder_config) = (String::new(), bytes::Bytes::new());
        let codec = VideoCodec::H264;
        let track = VideoTrack { codec, width, height, rfc6381, decoder_config, reorder_depth: 0, pixel_aspect };
        Still { track, data: Vec::new() }
    }

    #[test]
    fn heights_are_even_and_keep_the_shape_of_what_is_seen() {
        assert_eq!(still(1920, 1080, None).height(320), 180);
        assert_eq!(still(1920, 1080, None).height(100), 56);
        assert_eq!(still(720, 576, Some((16, 15))).height(320), 240);
        assert_eq!(still(1080, 1920, None).height(160), 284);
        assert_eq!(still(4000, 2, None).height(16), 2);
        assert_eq!(still(0, 0, Some((0, 0))).height(16), 2);
        assert_eq!(still(1, 65535, None).height(1920), 4096);
    }
}
