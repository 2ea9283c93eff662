use std::fmt;
use std::str::FromStr as _;

use eyrie_media::hls::{LiveRequest, Rendition};
use eyrie_types::{CameraId, Slot, TenantId};

/// What one node asks another about a camera's live media, as the path and query of a question on the media link:
///
/// ```text
/// /live/TENANT/CAMERA/SLOT/media.m3u8?_HLS_msn=…     playlists: of whatever incarnation the slot has now
/// /live/TENANT/CAMERA/SLOT-EPOCH/p….m4s              media: of one incarnation
/// /live/TENANT/CAMERA/SLOT/keyframe                  the newest keyframe in memory
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LiveQuestion {
    /// Whose the camera is.
    pub tenant: TenantId,
    /// Which camera.
    pub camera: CameraId,
    /// Owner or twin.
    pub slot: Slot,
    /// What of it.
    pub wanted: LiveWanted,
}

/// What is wanted of a camera's live media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LiveWanted {
    /// A playlist, of the present incarnation.
    Playlist(LiveRequest),
    /// Media of one incarnation.
    Media(Rendition, LiveRequest),
    /// The newest keyframe, of the present incarnation.
    Keyframe,
}

const KEYFRAME: &str = "keyframe";

impl LiveQuestion {
    /// Reads a path and its query; `None` for what no release asks.
    pub fn parse(path: &str, query: &str) -> Option<Self> {
        let mut elements = path.strip_prefix("/live/")?.split('/');
        let mut next = || elements.next();
        let (tenant, camera) = (TenantId::from_str(next()?).ok()?, CameraId::from_str(next()?).ok()?);
        let (place, file) = (next()?, next()?);
        if elements.next().is_some() {
            return None;
        }
        if let Ok(rendition) = Rendition::from_str(place) {
            let request = LiveRequest::parse(file, "").ok().filter(|request| !is_playlist(request))?;
            return Some(Self { tenant, camera, slot: rendition.slot, wanted: LiveWanted::Media(rendition, request) });
        }
        let slot = Slot(place.parse().ok()?);
        let wanted = match file {
            KEYFRAME => LiveWanted::Keyframe,
            _ => LiveWanted::Playlist(LiveRequest::parse(file, query).ok().filter(is_playlist)?),
        };
        Some(Self { tenant, camera, slot, wanted })
    }
}

fn is_playlist(request: &LiveRequest) -> bool {
    matches!(request, LiveRequest::Multivariant | LiveRequest::Media(_))
}

impl fmt::Display for LiveQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/live/{}/{}/", self.tenant, self.camera)?;
        match &self.wanted {
            LiveWanted::Playlist(request) => write!(f, "{}/{request}", self.slot),
            LiveWanted::Media(rendition, request) => write!(f, "{rendition}/{request}"),
            LiveWanted::Keyframe => write!(f, "{}/{KEYFRAME}", self.slot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAMERA: &str = "01920000-0000-7000-8000-0000000000ca";

    /// The words of protocol 2: another release asks and is asked with them.
    #[test]
    fn questions_are_what_they_were() {
        let paths = [
            "0/index.m3u8",
            "1/media.m3u8",
            "0/media.m3u8?_HLS_msn=1711276033&_HLS_part=2&_HLS_skip=YES",
            "0-4294967347/i1.mp4",
            "1-51/s16777217.m4s",
            "0-51/p16777217.3.m4s",
            "0/keyframe",
        ];
        for path in paths {
            let whole = format!("/live/default/{CAMERA}/{path}");
            let (file, query) = whole.split_once('?').unwrap_or((&whole, ""));
            let question = LiveQuestion::parse(file, query).unwrap_or_else(|| panic!("{path}"));
            assert_eq!(question.to_string(), whole);
            assert_eq!((question.tenant.as_str(), question.camera.to_string().as_str()), ("default", CAMERA));
        }
    }

    #[test]
    fn what_nobody_asks_is_no_question() {
        let wrong = [
            "",
            "0",
            "0/",
            "0/s1.m4s",
            "0-51/media.m3u8",
            "0-51/keyframe",
            "x/media.m3u8",
            "0/media.m3u8/x",
            "0-1/../x",
        ];
        for path in wrong {
            assert_eq!(LiveQuestion::parse(&format!("/live/default/{CAMERA}/{path}"), ""), None, "{path}");
        }
        for path in ["/live/default", "/live/DEFAULT/x/0/index.m3u8", "/feed/default/x/0/index.m3u8", "//"] {
            assert_eq!(LiveQuestion::parse(path, ""), None, "{path}");
        }
    }
}
