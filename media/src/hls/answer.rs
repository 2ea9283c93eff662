use bytes::Bytes;

/// How long an answer may be kept by whoever stands between the node and a player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CachePolicy {
    /// A playlist: asked for again at once.
    Playlist,
    /// Media: its name never names other bytes.
    Immutable,
}

/// The body of an answer with what its headers need.
#[derive(Debug, Clone)]
pub struct LiveBody {
    /// The media type.
    pub content_type: &'static str,
    /// How long it may be kept.
    pub cache: CachePolicy,
    /// The bytes in order; media shares those of the access units.
    pub chunks: Vec<Bytes>,
}

impl LiveBody {
    pub(super) fn playlist(text: Bytes) -> Self {
        let content_type = "application/vnd.apple.mpegurl";
        Self { content_type, cache: CachePolicy::Playlist, chunks: vec![text] }
    }

    pub(super) fn media(chunks: Vec<Bytes>) -> Self {
        Self { content_type: "video/mp4", cache: CachePolicy::Immutable, chunks }
    }
}

/// What a packager says to a request.
#[derive(Debug, Clone)]
pub enum LiveAnswer {
    /// Here it is.
    Ready(LiveBody),
    /// Not there yet, but soon: ask again when a part is added (blocking reload, rfc8216bis section 6.2.5.2).
    NotYet,
    /// It asks for more of the future than a playlist can promise: status 400 (rfc8216bis section 6.2.5.2).
    TooFarAhead,
    /// Gone, or never there: status 404.
    NotFound,
}

/// The newest a playlist offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Media sequence number of the newest segment that has a part.
    pub msn: u64,
    /// The newest of its parts, from 0.
    pub part: u32,
}
