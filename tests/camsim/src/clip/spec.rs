use serde::{Deserialize, Serialize};

use super::{ClipError, Scene};

/// The codec of the pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VideoCodec {
    /// ITU-T H.264, RTP payload of RFC 6184.
    H264,
    /// ITU-T H.265, RTP payload of RFC 7798.
    H265,
}

/// The codec of the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AudioCodec {
    /// MPEG-4 AAC-LC, RTP payload of RFC 3640, mode AAC-hbr.
    Aac,
    /// G.711 A-law, RTP payload type 8 (RFC 3551), 20 ms a packet.
    Pcma,
    /// G.711 µ-law, RTP payload type 0 (RFC 3551), 20 ms a packet.
    Pcmu,
}

/// The sound of a clip: a beep a second over a hum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AudioSpec {
    /// The codec. AAC has 16,000 samples a second, G.711 has 8,000; all are mono.
    pub codec: AudioCodec,
}

/// What a clip shows and how it is coded. Equal descriptions share one file of the cache and one copy in memory.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClipSpec {
    /// Burned into the picture: letters, digits, space, `-`, `_`; at most 32 of them.
    pub name: String,
    /// What is to be seen.
    pub scene: Scene,
    /// The codec of the pictures.
    pub codec: VideoCodec,
    /// Width in pixels, even.
    pub width: u32,
    /// Height in pixels, even.
    pub height: u32,
    /// Pictures a second, 1 to 60; must divide 90,000.
    pub fps: u32,
    /// Pictures from one keyframe to the next; the clip is a whole number of GOPs, all closed.
    pub gop: u32,
    /// Length before it repeats.
    pub seconds: u32,
    /// Rate of the pictures.
    pub bitrate_kbps: u32,
    /// B-frames between reference pictures; 0 to 3.
    pub b_frames: u8,
    /// The sound, if any. It repeats on its own, so that it never breaks where the pictures start again.
    pub audio: Option<AudioSpec>,
}

impl Default for ClipSpec {
    /// 640×360, 25 pictures a second, 500 kbit/s, a keyframe a second, 10 s long, no B-frames, no sound.
    fn default() -> Self {
        Self {
            name: "camsim".to_owned(),
            scene: Scene::Test,
            codec: VideoCodec::H264,
            width: 640,
            height: 360,
            fps: 25,
            gop: 25,
            seconds: 10,
            bitrate_kbps: 500,
            b_frames: 0,
            audio: None,
        }
    }
}

impl ClipSpec {
    /// Pictures in the clip.
    pub const fn frames(&self) -> u32 {
        self.seconds * self.fps
    }

    /// The description makes sense.
    ///
    /// # Errors
    /// [`ClipError::Spec`] names the first field that does not.
    pub fn check(&self) -> Result<(), ClipError> {
        let bad = |field, reason| Err(ClipError::Spec { name: self.name.clone(), field, reason });
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_');
        if self.name.is_empty() || self.name.len() > 32 || !self.name.chars().all(plain) {
            return bad("name", "must be 1 to 32 letters, digits, spaces, dashes or underscores");
        }
        if !(64..=4096).contains(&self.width) || !self.width.is_multiple_of(2) {
            return bad("width", "must be an even number from 64 to 4096");
        }
        if !(64..=4096).contains(&self.height) || !self.height.is_multiple_of(2) {
            return bad("height", "must be an even number from 64 to 4096");
        }
        if !(1..=60).contains(&self.fps) || !90_000_u32.is_multiple_of(self.fps) {
            return bad("fps", "must be from 1 to 60 and divide 90000");
        }
        if !(1..=3600).contains(&self.seconds) {
            return bad("seconds", "must be from 1 to 3600");
        }
        if self.gop == 0 || !self.frames().is_multiple_of(self.gop) {
            return bad("gop", "must divide the clip's number of pictures (seconds × fps)");
        }
        if !(16..=50_000).contains(&self.bitrate_kbps) {
            return bad("bitrate_kbps", "must be from 16 to 50000");
        }
        if self.b_frames > 3 {
            return bad("b_frames", "must be from 0 to 3");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_clips_are_refused_by_field() {
        let refused = |spec: ClipSpec| match spec.check() {
            Err(ClipError::Spec { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert!(ClipSpec::default().check().is_ok());
        assert_eq!(refused(ClipSpec { name: "a':b".into(), ..ClipSpec::default() }), "name");
        assert_eq!(refused(ClipSpec { width: 641, ..ClipSpec::default() }), "width");
        assert_eq!(refused(ClipSpec { fps: 7, ..ClipSpec::default() }), "fps");
        assert_eq!(refused(ClipSpec { gop: 24, ..ClipSpec::default() }), "gop");
    }
}
