use std::fmt;

/// Longer file names and queries than any of ours are not looked at.
const NAME_BYTES_MAX: usize = 128;
/// A query with the three directives has at most 70 bytes; players add some of their own.
const QUERY_BYTES_MAX: usize = 1024;

/// The delivery directives of a playlist request (rfc8216bis section 6.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reload {
    /// `_HLS_msn`: answer once this segment is there.
    pub msn: Option<u64>,
    /// `_HLS_part`: answer once this part of it is there.
    pub part: Option<u32>,
    /// `_HLS_skip`: a delta update will do.
    pub skip: bool,
}

/// What a player asks a packager for. It owns the file names: what [`LiveRequest::parse`] reads is what `Display` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LiveRequest {
    /// `index.m3u8`: the multivariant playlist.
    Multivariant,
    /// `media.m3u8`: the media playlist.
    Media(Reload),
    /// `i<stream sequence>.mp4`: the init segment of a stream.
    Init {
        /// The sequence of the stream.
        stream_sequence: u64,
    },
    /// `s<msn>.m4s`: a whole segment.
    Segment {
        /// Its media sequence number.
        msn: u64,
    },
    /// `p<msn>.<part>.m4s`: one part of a segment.
    Part {
        /// The segment's media sequence number.
        msn: u64,
        /// Which part, from 0.
        part: u32,
    },
}

/// Why a file name and query are no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LiveRequestError {
    /// No such file is ever offered: status 404.
    #[error("no live file has this name")]
    UnknownName,
    /// The query's delivery directives contradict the protocol: status 400.
    #[error("delivery directive {0} is malformed")]
    Directive(&'static str),
}

impl LiveRequest {
    /// Reads the last path element and the query (without `?`; empty for none). Unknown query parameters are passed over,
    /// as rfc8216bis section 6.2.5 asks.
    ///
    /// # Errors
    /// When the name is none of ours, or a directive is malformed.
    pub fn parse(file_name: &str, query: &str) -> Result<Self, LiveRequestError> {
        if file_name.len() > NAME_BYTES_MAX {
            return Err(LiveRequestError::UnknownName);
        }
        match file_name {
            "index.m3u8" => return Ok(Self::Multivariant),
            "media.m3u8" => return Reload::parse(query).map(Self::Media),
            _ => {}
        }
        Self::parse_media(file_name).ok_or(LiveRequestError::UnknownName)
    }

    fn parse_media(file_name: &str) -> Option<Self> {
        if let Some(number) = file_name.strip_prefix('i') {
            return Some(Self::Init { stream_sequence: decimal(number.strip_suffix(".mp4")?)? });
        }
        let stem = file_name.strip_suffix(".m4s")?;
        if let Some(number) = stem.strip_prefix('s') {
            return Some(Self::Segment { msn: decimal(number)? });
        }
        let (msn, part) = stem.strip_prefix('p')?.split_once('.')?;
        Some(Self::Part { msn: decimal(msn)?, part: u32::try_from(decimal(part)?).ok()? })
    }
}

impl Reload {
    fn parse(query: &str) -> Result<Self, LiveRequestError> {
        if query.len() > QUERY_BYTES_MAX {
            return Err(LiveRequestError::Directive("query"));
        }
        let mut reload = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "_HLS_msn" => {
                    let msn = decimal(value).ok_or(LiveRequestError::Directive("_HLS_msn"))?;
                    set_once(&mut reload.msn, msn, "_HLS_msn")?;
                }
                "_HLS_part" => {
                    let part = decimal(value).and_then(|part| u32::try_from(part).ok());
                    set_once(&mut reload.part, part.ok_or(LiveRequestError::Directive("_HLS_part"))?, "_HLS_part")?;
                }
                // `v2` may also skip date ranges, of which there are none.
                "_HLS_skip" if matches!(value, "YES" | "v2") => reload.skip = true,
                "_HLS_skip" => return Err(LiveRequestError::Directive("_HLS_skip")),
                _ => {}
            }
        }
        // rfc8216bis section 6.2.5.2: a part is of a segment.
        if reload.part.is_some() && reload.msn.is_none() {
            return Err(LiveRequestError::Directive("_HLS_part"));
        }
        Ok(reload)
    }
}

fn set_once<T>(slot: &mut Option<T>, value: T, name: &'static str) -> Result<(), LiveRequestError> {
    if slot.replace(value).is_some() { Err(LiveRequestError::Directive(name)) } else { Ok(()) }
}

/// A decimal number in its only spelling: no sign, no leading zero, so that no two names name one thing.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

impl fmt::Display for LiveRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Multivariant => f.write_str("index.m3u8"),
            Self::Media(reload) => write!(f, "media.m3u8{reload}"),
            Self::Init { stream_sequence } => write!(f, "i{stream_sequence}.mp4"),
            Self::Segment { msn } => write!(f, "s{msn}.m4s"),
            Self::Part { msn, part } => write!(f, "p{msn}.{part}.m4s"),
        }
    }
}

impl fmt::Display for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = '?';
        for (name, value) in [("_HLS_msn", self.msn), ("_HLS_part", self.part.map(u64::from))] {
            if let Some(value) = value {
                write!(f, "{separator}{name}={value}")?;
                separator = '&';
            }
        }
        if self.skip { write!(f, "{separator}_HLS_skip=YES") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_one_spelling_of_a_name_is_known() {
        assert_eq!(LiveRequest::parse("p16777216.3.m4s", ""), Ok(LiveRequest::Part { msn: 1 << 24, part: 3 }));
        for name in [
            "",
            "s.m4s",
            "s+1.m4s",
            "s01.m4s",
            "s-1.m4s",
            "s18446744073709551616.m4s",
            "p1.m4s",
            "p1.2.3.m4s",
            "i1.m4s",
            "s1.mp4",
            "../s1.m4s",
            "s1.m4s\0",
            "S1.m4s",
            "p1.4294967296.m4s",
            "s١.m4s",
        ] {
            assert_eq!(LiveRequest::parse(name, ""), Err(LiveRequestError::UnknownName), "{name:?}");
        }
    }

    #[test]
    fn directives_that_contradict_the_protocol_are_refused() {
        for query in [
            "_HLS_part=1",
            "_HLS_msn=x",
            "_HLS_msn=",
            "_HLS_msn=1&_HLS_msn=2",
            "_HLS_msn=1&_HLS_part=-1",
            "_HLS_skip=NO",
        ] {
            assert!(matches!(LiveRequest::parse("media.m3u8", query), Err(LiveRequestError::Directive(_))), "{query}");
        }
        let reload = Reload { msn: Some(7), part: Some(0), skip: true };
        let query = "_HLS_msn=7&utm=x&_HLS_part=0&_HLS_skip=v2";
        assert_eq!(LiveRequest::parse("media.m3u8", query), Ok(LiveRequest::Media(reload)));
    }

    fn request() -> impl Strategy<Value = LiveRequest> {
        let reload = (any::<Option<(u64, Option<u32>)>>(), any::<bool>()).prop_map(|(at, skip)| Reload {
            msn: at.map(|(msn, _)| msn),
            part: at.and_then(|(_, part)| part),
            skip,
        });
        prop_oneof![
            Just(LiveRequest::Multivariant),
            reload.prop_map(LiveRequest::Media),
            any::<u64>().prop_map(|stream_sequence| LiveRequest::Init { stream_sequence }),
            any::<u64>().prop_map(|msn| LiveRequest::Segment { msn }),
            any::<(u64, u32)>().prop_map(|(msn, part)| LiveRequest::Part { msn, part }),
        ]
    }

    proptest! {
        #[test]
        fn every_request_reads_back_from_what_it_prints(request in request()) {
            let text = request.to_string();
            let (name, query) = text.split_once('?').unwrap_or((&text, ""));
            prop_assert_eq!(LiveRequest::parse(name, query), Ok(request));
        }

        #[test]
        fn hostile_names_and_queries_never_panic(name in ".{0,40}", query in ".{0,80}") {
            let _ = LiveRequest::parse(&name, &query);
            let _ = LiveRequest::parse("media.m3u8", &query);
            let _ = name.parse::<super::super::Rendition>();
        }
    }
}
