use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use eyrie_types::{Gap, WallTime};

use super::Prepared;

/// Gaps listed in a header: 90 characters each; proxies take some 8 kB of headers.
const GAPS_LISTED_MAX: usize = 20;
/// Characters of a camera's name in a file name.
const NAME_CHARS_MAX: usize = 64;

const COVERED_FROM: HeaderName = HeaderName::from_static("eyrie-covered-from");
const COVERED_TO: HeaderName = HeaderName::from_static("eyrie-covered-to");
const GAPS: HeaderName = HeaderName::from_static("eyrie-gaps");

/// Puts into `headers` what a file is: its name, what it covers, what is missing, and how it may be asked for again.
pub(crate) fn describe(headers: &mut HeaderMap, prepared: &Prepared, camera: &str) {
    let covered = prepared.covered;
    let name = file_name(camera, covered.start, covered.end);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("video/mp4"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // The viewer was authorized, so no shared cache may answer for us.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    for (field, value) in [
        (header::ETAG, prepared.etag.clone()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (COVERED_FROM, covered.start.to_string()),
        (COVERED_TO, covered.end.to_string()),
        (GAPS, gaps(&prepared.gaps)),
    ] {
        // All of these are printable ASCII.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(field, value);
        }
    }
}

/// A list (RFC 9651 section 3.1): how many gaps there are, then the first of them, each `"start/end";cause=word`.
fn gaps(gaps: &[Gap]) -> String {
    let listed = gaps.iter().take(GAPS_LISTED_MAX);
    let listed = listed.map(|gap| format!(", \"{}/{}\";cause={}", gap.start, gap.end, gap.cause.as_str()));
    std::iter::once(gaps.len().to_string()).chain(listed).collect()
}

/// A name that every file system takes: the camera's, as far as it is ASCII letters and digits, and the covered time in UTC.
fn file_name(camera: &str, start: WallTime, end: WallTime) -> String {
    let mut name = String::new();
    for c in camera.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => name.push(c),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
        if name.len() >= NAME_CHARS_MAX {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    let name = if name.is_empty() { "camera" } else { name };
    format!("{name}_{}_{}.mp4", compact(start), compact(end))
}

/// `20260131T120000Z` (ISO 8601 basic format): colons are not for file names.
fn compact(time: WallTime) -> String {
    let text = time.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    let mut compact: String = seconds.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    if !compact.ends_with('Z') {
        compact.push('Z');
    }
    compact
}

#[cfg(test)]
mod tests {
    use super::*;
    use eyrie_types::GapCause;

    #[test]
    fn a_file_name_is_safe_whatever_the_camera_is_called() {
        let start: WallTime = "2026-01-31T12:00:00.5Z".parse().unwrap();
        let end: WallTime = "2026-01-31T12:10:00Z".parse().unwrap();
        let times = "20260131T120000Z_20260131T121000Z.mp4";
        assert_eq!(file_name("Front door", start, end), format!("Front-door_{times}"));
        assert_eq!(file_name("../../etc/\"passwd\"\r\n", start, end), format!("etc-passwd_{times}"));
        assert_eq!(file_name("Tür Süd", start, end), format!("T-r-S-d_{times}"));
        assert_eq!(file_name("大門", start, end), format!("camera_{times}"));
        assert!(file_name(&"x".repeat(500), start, end).len() < 120);
    }

    #[test]
    fn gaps_are_counted_and_the_first_are_listed() {
        let start: WallTime = "2026-01-31T12:00:00Z".parse().unwrap();
        let gap = Gap { start, end: start.offset_us(1_500_000), cause: GapCause::NodeDown };
        assert_eq!(gaps(&[gap]), "1, \"2026-01-31T12:00:00.000000Z/2026-01-31T12:00:01.500000Z\";cause=node_down");
        assert_eq!(gaps(&[]), "0");
        let many = gaps(&vec![gap; 5000]);
        assert!(many.starts_with("5000, ") && many.len() < 4096, "{}", many.len());
    }
}
