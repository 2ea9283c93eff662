use std::io;
use std::str::FromStr as _;

use bytes::{BufMut as _, Bytes, BytesMut};
use eyrie_media::hls::Rendition;
use eyrie_types::{CameraStatus, WallTime};
use futures::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::{LiveError, LiveResponse};
use crate::media_link::{BoxedMediaBody, empty, full};

/// Which incarnation answers.
const RENDITION: HeaderName = HeaderName::from_static("eyrie-rendition");
/// Why there is no answer, in one word.
const REFUSED: HeaderName = HeaderName::from_static("eyrie-refused");
/// When a keyframe was taken, in microseconds since 1970.
const TAKEN_AT: HeaderName = HeaderName::from_static("eyrie-taken-at");

/// A keyframe with what decodes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveKeyframe {
    /// The init segment of its stream.
    pub init: Bytes,
    /// The access unit.
    pub data: Bytes,
    /// When it was taken.
    pub at: WallTime,
}

/// The answer to another node: its head, and the packager's own bytes.
pub(crate) fn told(answer: Result<(Rendition, LiveResponse), LiveError>) -> Response<BoxedMediaBody> {
    let (rendition, LiveResponse { chunks, .. }) = match answer {
        Ok(answer) => answer,
        Err(error) => return refused(&error),
    };
    let chunks = chunks.into_iter().map(|chunk| Ok::<_, io::Error>(Frame::data(chunk)));
    let mut response = Response::new(StreamBody::new(stream::iter(chunks)).boxed_unsync());
    insert(response.headers_mut(), RENDITION, &rendition.to_string());
    response
}

/// The same with a keyframe: the length of the init segment in four bytes, most significant first, then it, then the unit.
pub(crate) fn told_keyframe(answer: Result<(Rendition, Option<LiveKeyframe>), LiveError>) -> Response<BoxedMediaBody> {
    let (rendition, keyframe) = match answer {
        Ok((rendition, Some(keyframe))) => (rendition, keyframe),
        // There is none yet.
        Ok((_, None)) => return refused(&LiveError::Gone),
        Err(error) => return refused(&error),
    };
    let LiveKeyframe { init, data, at } = keyframe;
    let mut body = BytesMut::with_capacity(4 + init.len() + data.len());
    body.put_u32(u32::try_from(init.len()).unwrap_or(u32::MAX));
    body.put_slice(&init);
    body.put_slice(&data);
    let mut response = Response::new(full(body.freeze()));
    insert(response.headers_mut(), RENDITION, &rendition.to_string());
    insert(response.headers_mut(), TAKEN_AT, &at.as_unix_us().to_string());
    response
}

fn refused(error: &LiveError) -> Response<BoxedMediaBody> {
    let (status, word) = match error {
        LiveError::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        LiveError::Gone => (StatusCode::NOT_FOUND, "gone"),
        LiveError::TooFarAhead => (StatusCode::BAD_REQUEST, "too_far_ahead"),
        LiveError::NotLive(_) => (StatusCode::SERVICE_UNAVAILABLE, "not_live"),
        LiveError::Busy => (StatusCode::TOO_MANY_REQUESTS, "busy"),
        LiveError::CutOff => (StatusCode::SERVICE_UNAVAILABLE, "cut_off"),
    };
    let body = match error {
        LiveError::NotLive(camera) => serde_json::to_vec(camera).map_or_else(|_| empty(), |json| full(json.into())),
        _ => empty(),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    insert(response.headers_mut(), REFUSED, word);
    response
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // Numbers and words of ours: printable ASCII.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// What another node's answer says, apart from media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveHeard {
    /// Here it is: of this incarnation.
    Answer(Rendition),
    /// No, for this reason.
    Refused(LiveError),
    /// Nothing that this release understands.
    Unknown,
}

impl LiveHeard {
    /// Reads the head of an answer, and the body where that is a refusal's.
    pub fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if status == StatusCode::OK {
            let rendition = text(RENDITION).and_then(|text| Rendition::from_str(text).ok());
            return rendition.map_or(Self::Unknown, Self::Answer);
        }
        Self::Refused(match text(REFUSED) {
            Some("not_found") => LiveError::NotFound,
            Some("gone") => LiveError::Gone,
            Some("too_far_ahead") => LiveError::TooFarAhead,
            Some("busy") => LiveError::Busy,
            Some("cut_off") => LiveError::CutOff,
            Some("not_live") => match serde_json::from_slice::<CameraStatus>(body) {
                Ok(status) => LiveError::NotLive(status),
                Err(_) => return Self::Unknown,
            },
            _ => return Self::Unknown,
        })
    }
}

impl LiveKeyframe {
    /// Reads one out of an answer.
    pub fn read(headers: &HeaderMap, body: Bytes) -> Option<Self> {
        let at = headers.get(TAKEN_AT)?.to_str().ok()?.parse().ok()?;
        let (length, rest) = (body.first_chunk::<4>()?, body.slice(4..));
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        (length <= rest.len()).then(|| Self {
            init: rest.slice(..length),
            data: rest.slice(length..),
            at: WallTime::from_unix_us(at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eyrie_media::hls::CachePolicy;
    use eyrie_types::{CameraState, Epoch, Slot};

    async fn heard(response: Response<BoxedMediaBody>) -> (LiveHeard, HeaderMap, Bytes) {
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (LiveHeard::read(head.status, &head.headers, &body), head.headers, body)
    }

    fn rendition() -> Rendition {
        Rendition { slot: Slot::TWIN, epoch: Epoch::from_u64(51).unwrap() }
    }

    #[tokio::test]
    async fn what_is_told_is_heard() {
        let answer = LiveResponse {
            content_type: "video/mp4",
            cache: CachePolicy::Immutable,
            chunks: vec![Bytes::from_static(b"moof"), Bytes::from_static(b"mdat")],
        };
        let (answered, _, body) = heard(told(Ok((rendition(), answer)))).await;
        assert_eq!((answered, &body[..]), (LiveHeard::Answer(rendition()), &b"moofmdat"[..]));
        let status = CameraStatus::new(CameraState::Offline, "no route to host", WallTime::from_unix_us(5));
        for error in [
            LiveError::NotFound,
            LiveError::Gone,
            LiveError::TooFarAhead,
            LiveError::Busy,
            LiveError::CutOff,
            LiveError::NotLive(status),
        ] {
            assert_eq!(heard(told(Err(error.clone()))).await.0, LiveHeard::Refused(error));
        }
    }

    #[tokio::test]
    async fn keyframes_arrive_whole_and_broken_ones_not_at_all() {
        let at = WallTime::from_unix_us(1_700_000_000_000_000);
        let keyframe = LiveKeyframe { init: Bytes::from_static(b"init"), data: Bytes::from_static(b"unit"), at };
        let (answered, headers, body) = heard(told_keyframe(Ok((rendition(), Some(keyframe.clone()))))).await;
        assert_eq!(answered, LiveHeard::Answer(rendition()));
        assert_eq!(LiveKeyframe::read(&headers, body.clone()), Some(keyframe));
        assert_eq!(LiveKeyframe::read(&headers, body.slice(..7)), None);
        assert_eq!(LiveKeyframe::read(&headers, Bytes::from_static(&[0xff; 4])), None);
        assert_eq!(LiveKeyframe::read(&HeaderMap::new(), body), None);
        let none = heard(told_keyframe(Ok((rendition(), None)))).await;
        assert_eq!(none.0, LiveHeard::Refused(LiveError::Gone));
    }

    #[test]
    fn a_later_releases_words_are_not_mistaken_for_ours() {
        assert_eq!(LiveHeard::read(StatusCode::OK, &HeaderMap::new(), b""), LiveHeard::Unknown);
        assert_eq!(LiveHeard::read(StatusCode::NOT_FOUND, &HeaderMap::new(), b""), LiveHeard::Unknown);
    }
}
