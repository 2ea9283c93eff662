/// Head of a request, at most.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Body of a request, at most; clients send parameters only.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// One request (RFC 2326 clause 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) uri: String,
    headers: Vec<(String, String)>,
}

/// Why a client's bytes make no sense; the connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("request too long")]
    TooLong,
    #[error("not RTSP/1.0")]
    Malformed,
}

/// What stands at the start of a client's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A request, and how many bytes it took.
    Request(Request, usize),
    /// An interleaved packet (clause 10.12), such as a receiver report, of this many bytes.
    Interleaved(usize),
    /// More bytes are needed.
    Incomplete,
}

/// Looks at the start of `bytes`.
pub(crate) fn next_input(bytes: &[u8]) -> Result<Input, RequestError> {
    match bytes {
        [] => return Ok(Input::Incomplete),
        [b'$', rest @ ..] => {
            return Ok(match rest {
                [_, high, low, ..] if rest.len() - 3 >= usize::from(u16::from_be_bytes([*high, *low])) => {
                    Input::Interleaved(4 + usize::from(u16::from_be_bytes([*high, *low])))
                }
                _ => Input::Incomplete,
            });
        }
        _ => {}
    }
    let window = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
    let Some(head_len) = window.windows(4).position(|w| w == b"\r\n\r\n") else {
        return if bytes.len() >= HEAD_BYTES_MAX { Err(RequestError::TooLong) } else { Ok(Input::Incomplete) };
    };
    let head = std::str::from_utf8(&bytes[..head_len]).map_err(|_| RequestError::Malformed)?;
    let request = parse_head(head).ok_or(RequestError::Malformed)?;
    let body = match request.header("Content-Length") {
        None => 0,
        Some(text) => text.parse::<usize>().map_err(|_| RequestError::Malformed)?,
    };
    if body > BODY_BYTES_MAX {
        return Err(RequestError::TooLong);
    }
    let total = head_len + 4 + body;
    Ok(if bytes.len() >= total { Input::Request(request, total) } else { Input::Incomplete })
}

fn parse_head(head: &str) -> Option<Request> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, uri, version) = (words.next()?, words.next()?, words.next()?);
    if version != "RTSP/1.0" || words.next().is_some() || method.is_empty() {
        return None;
    }
    let header = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    let headers = lines.map(header).collect::<Option<Vec<_>>>()?;
    Some(Request { method: method.to_owned(), uri: uri.to_owned(), headers })
}

impl Request {
    /// The first header of this name, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The path of the URI without leading slash, query and track, and the track.
    pub(crate) fn target(&self) -> (&str, Option<usize>) {
        let path = match self.uri.split_once("://") {
            Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
            None => self.uri.trim_start_matches('/'),
        };
        let path = path.split('?').next().unwrap_or(path).trim_end_matches('/');
        let (stem, track) = match path.rsplit_once('/') {
            Some((stem, last)) => (stem, last),
            None => ("", path),
        };
        match track.strip_prefix("trackID=").and_then(|number| number.parse().ok()) {
            Some(number) => (stem.trim_end_matches('/'), Some(number)),
            None => (path, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETUP: &[u8] = b"SETUP rtsp://h:554/a/b/trackID=1 RTSP/1.0\r\nCSeq: 3\r\ncontent-length: 2\r\n\r\nhi";

    #[test]
    fn a_request_is_read_only_when_complete() {
        for cut in 0..SETUP.len() {
            assert_eq!(next_input(&SETUP[..cut]), Ok(Input::Incomplete), "cut at {cut}");
        }
        let Ok(Input::Request(request, len)) = next_input(SETUP) else { panic!() };
        assert_eq!((len, request.header("cseq"), request.target()), (SETUP.len(), Some("3"), ("a/b", Some(1))));
    }

    #[test]
    fn interleaved_packets_are_measured() {
        assert_eq!(next_input(b"$\x01\x00\x02ab"), Ok(Input::Interleaved(6)));
        assert_eq!(next_input(b"$\x01\x00\x02a"), Ok(Input::Incomplete));
        assert_eq!(next_input(b"$"), Ok(Input::Incomplete));
    }

    #[test]
    fn hostile_requests_are_refused() {
        assert_eq!(next_input(&[b'A'; HEAD_BYTES_MAX]), Err(RequestError::TooLong));
        assert_eq!(next_input(b"GET / HTTP/1.1\r\n\r\n"), Err(RequestError::Malformed));
        assert_eq!(next_input(b"\xff\xfe\r\n\r\n"), Err(RequestError::Malformed));
        let long = b"PLAY rtsp://h/ RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n";
        assert_eq!(next_input(long), Err(RequestError::TooLong));
        let negative = b"PLAY rtsp://h/ RTSP/1.0\r\nContent-Length: -1\r\n\r\n";
        assert_eq!(next_input(negative), Err(RequestError::Malformed));
    }

    #[test]
    fn targets_of_odd_addresses_do_not_panic() {
        for uri in ["*", "", "rtsp://host", "rtsp://host/", "/a?x=/trackID=9", "rtsp://h/a/trackID=x"] {
            let request = Request { method: "OPTIONS".into(), uri: uri.into(), headers: Vec::new() };
            let _ = request.target();
        }
    }
}
