use std::ops::Range;

use axum::http::{HeaderMap, header};

/// Which bytes of a file a request asks for (RFC 9110 section 14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// All of it.
    Whole,
    /// These.
    Part(Range<u64>),
    /// Some beyond its end.
    Unsatisfiable,
}

impl Asked {
    /// What `headers` ask of a file of `length` bytes that has this `etag`. A range is followed only while `If-Range` names
    /// the same file; several ranges at once, and units that are no bytes, get the whole file, as section 14.2 allows.
    pub(crate) fn of(headers: &HeaderMap, etag: &str, length: u64) -> Self {
        let Some(range) = headers.get(header::RANGE) else { return Self::Whole };
        if headers.get(header::IF_RANGE).is_some_and(|known| known.as_bytes() != etag.as_bytes()) {
            return Self::Whole;
        }
        range.to_str().ok().and_then(|range| one_range(range, length)).unwrap_or(Self::Whole)
    }
}

fn one_range(text: &str, length: u64) -> Option<Asked> {
    let (unit, spec) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = spec.trim().split_once('-')?;
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a u64 takes are beyond every end.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let range = match (first, last) {
        ("", last) => length.saturating_sub(number(last)?)..length,
        (first, "") => number(first)?..length,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(length)
        }
    };
    Some(if range.is_empty() { Asked::Unsatisfiable } else { Asked::Part(range) })
}

/// Whether an `If-None-Match` names `etag` (RFC 9110 section 13.1.2).
pub(crate) fn etag_matches(headers: &HeaderMap, etag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &'static str, if_range: Option<&'static str>) -> Asked {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, range.parse().unwrap());
        if let Some(etag) = if_range {
            headers.insert(header::IF_RANGE, etag.parse().unwrap());
        }
        Asked::of(&headers, "\"a\"", 1000)
    }

    #[test]
    fn one_range_of_bytes_is_followed() {
        assert_eq!(asked("bytes=0-0", None), Asked::Part(0..1));
        assert_eq!(asked("bytes=10-", None), Asked::Part(10..1000));
        assert_eq!(asked("bytes=-10", None), Asked::Part(990..1000));
        assert_eq!(asked("bytes=-5000", None), Asked::Part(0..1000));
        assert_eq!(asked("Bytes=999-99999999999999999999999", Some("\"a\"")), Asked::Part(999..1000));
    }

    #[test]
    fn what_lies_beyond_the_end_is_refused() {
        for range in ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(asked(range, None), Asked::Unsatisfiable, "{range}");
        }
    }

    #[test]
    fn everything_else_gets_the_whole_file() {
        for range in
            ["bytes=5-4", "bytes=0-1,3-4", "lines=0-1", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=+1-2"]
        {
            assert_eq!(asked(range, None), Asked::Whole, "{range}");
        }
        assert_eq!(asked("bytes=0-1", Some("\"b\"")), Asked::Whole, "another file by now");
        assert_eq!(asked("bytes=0-1", Some("W/\"a\"")), Asked::Whole, "weak comparison is not enough");
    }
}
