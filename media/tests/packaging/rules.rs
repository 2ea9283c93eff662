//! The rules of RFC 8216 and rfc8216bis for media playlists, checked on their text.

use std::collections::BTreeMap;

use eyrie_media::hls::LiveRequest;

/// A part as listed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) duration: f64,
    pub(crate) uri: String,
    pub(crate) independent: bool,
}

/// A segment as listed; without `uri` it still grows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Segment {
    pub(crate) msn: u64,
    pub(crate) uri: Option<String>,
    pub(crate) duration: f64,
    pub(crate) date: String,
    pub(crate) map: String,
    pub(crate) gap: bool,
    pub(crate) discontinuity: u64,
    pub(crate) parts: Vec<Part>,
}

/// A media playlist, read without the parser under comparison.
#[derive(Debug, Clone, Default)]
pub(crate) struct Playlist {
    pub(crate) target: f64,
    pub(crate) part_target: f64,
    pub(crate) control: BTreeMap<String, String>,
    pub(crate) msn: u64,
    pub(crate) discontinuity: u64,
    pub(crate) skipped: u64,
    pub(crate) segments: Vec<Segment>,
    pub(crate) hint: Option<String>,
}

fn attributes(list: &str) -> BTreeMap<String, String> {
    let pairs = list.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect()
}

/// The name of a file, which lies in the directory of its placement.
fn named(uri: &str) -> String {
    uri.strip_prefix("0-77/").unwrap_or_else(|| panic!("{uri} is in no directory of the placement")).to_owned()
}

impl Playlist {
    pub(crate) fn read(text: &str) -> Self {
        Self::read_after(text, &Self::default())
    }

    /// Reads a playlist that may be a delta update of `before`: what it skips is known from there.
    pub(crate) fn read_after(text: &str, before: &Self) -> Self {
        let mut playlist = Self::default();
        let mut segment = Segment::default();
        let (mut discontinuity, mut map, mut next_msn) = (0, String::new(), 0);
        for line in text.lines() {
            let (tag, value) = line.split_once(':').unwrap_or((line, ""));
            match tag {
                "#EXT-X-TARGETDURATION" => playlist.target = value.parse().unwrap(),
                "#EXT-X-SERVER-CONTROL" => playlist.control = attributes(value),
                "#EXT-X-PART-INF" => playlist.part_target = attributes(value)["PART-TARGET"].parse().unwrap(),
                "#EXT-X-MEDIA-SEQUENCE" => {
                    playlist.msn = value.parse().unwrap();
                    next_msn = playlist.msn;
                }
                "#EXT-X-DISCONTINUITY-SEQUENCE" => {
                    playlist.discontinuity = value.parse().unwrap();
                    discontinuity = playlist.discontinuity;
                }
                "#EXT-X-SKIP" => {
                    playlist.skipped = attributes(value)["SKIPPED-SEGMENTS"].parse().unwrap();
                    next_msn += playlist.skipped;
                    let skipped = before.segments.iter().find(|segment| segment.msn + 1 == next_msn).unwrap();
                    (discontinuity, map) = (skipped.discontinuity, skipped.map.clone());
                }
                "#EXT-X-DISCONTINUITY" => discontinuity += 1,
                "#EXT-X-MAP" => map = attributes(value)["URI"].clone(),
                "#EXT-X-PROGRAM-DATE-TIME" => segment.date = value.to_owned(),
                "#EXT-X-GAP" => segment.gap = true,
                "#EXT-X-PART" => {
                    let part = attributes(value);
                    let independent = part.get("INDEPENDENT").is_some_and(|yes| yes == "YES");
                    let duration = part["DURATION"].parse().unwrap();
                    segment.parts.push(Part { duration, uri: named(&part["URI"]), independent });
                }
                "#EXTINF" => segment.duration = value.trim_end_matches(',').parse().unwrap(),
                "#EXT-X-PRELOAD-HINT" => playlist.hint = Some(named(&attributes(value)["URI"])),
                "#EXTM3U" | "#EXT-X-VERSION" => {}
                _ if line.starts_with('#') => panic!("unknown tag {line}"),
                uri => {
                    segment = Segment { msn: next_msn, map: map.clone(), discontinuity, ..segment };
                    segment.uri = Some(named(uri));
                    playlist.segments.push(std::mem::take(&mut segment));
                    next_msn += 1;
                }
            }
        }
        if !segment.parts.is_empty() {
            playlist.segments.push(Segment { msn: next_msn, map, discontinuity, ..segment });
        }
        playlist
    }

    fn control_seconds(&self, name: &str) -> f64 {
        self.control[name].parse().unwrap()
    }

    /// Panics at the first rule the playlist breaks by itself.
    pub(crate) fn check(&self) {
        assert_eq!(self.control["CAN-BLOCK-RELOAD"], "YES");
        assert!(self.control_seconds("PART-HOLD-BACK") >= 3.0 * self.part_target - 1e-9, "PART-HOLD-BACK");
        assert!(self.control_seconds("HOLD-BACK") >= 3.0 * self.target, "HOLD-BACK");
        assert!(self.control_seconds("CAN-SKIP-UNTIL") >= 6.0 * self.target, "CAN-SKIP-UNTIL");
        let open = self.segments.last().filter(|segment| segment.uri.is_none());
        for segment in &self.segments {
            let msn = segment.msn;
            if let Some(uri) = &segment.uri {
                assert_eq!(*uri, LiveRequest::Segment { msn }.to_string(), "media sequence arithmetic");
                assert!(segment.duration.round() <= self.target, "EXTINF of {uri}: {}", segment.duration);
            }
            let last = segment.parts.len().saturating_sub(1);
            for (number, part) in segment.parts.iter().enumerate() {
                let name = LiveRequest::Part { msn, part: u32::try_from(number).unwrap() };
                assert_eq!(part.uri, name.to_string());
                assert!(part.duration <= self.part_target + 1e-9, "{part:?} is longer than {}", self.part_target);
                let whole = segment.uri.is_some() && number == last;
                // The newest part may turn out to be the last one of its segment.
                let newest = open.is_some_and(|open| open.msn == msn) && number == last;
                let excepted = whole || newest || part.independent;
                assert!(excepted || part.duration >= 0.85 * self.part_target, "{part:?} is too short");
            }
            assert!(!segment.date.is_empty() && !segment.map.is_empty());
        }
        if let (Some(hint), Some(open)) = (&self.hint, open) {
            let part = u32::try_from(open.parts.len()).unwrap();
            assert_eq!(*hint, LiveRequest::Part { msn: open.msn, part }.to_string(), "the hint is the next part");
        }
    }

    /// Panics at the first rule that `later`, a newer version of the playlist, breaks (RFC 8216 section 6.2.1).
    pub(crate) fn check_update(&self, later: &Self) {
        assert!(later.msn >= self.msn, "the media sequence never falls");
        assert_eq!((later.target, later.part_target), (self.target, self.part_target));
        for old in &self.segments {
            let Some(new) = later.segments.iter().find(|new| new.msn == old.msn) else {
                assert!(old.msn < later.msn + later.skipped, "segments go from the front only");
                continue;
            };
            assert_eq!((&old.date, &old.map, old.discontinuity), (&new.date, &new.map, new.discontinuity));
            if old.uri.is_some() {
                assert_eq!((&old.uri, old.duration, old.gap), (&new.uri, new.duration, new.gap));
            }
            if !new.parts.is_empty() {
                assert_eq!(old.parts, new.parts[..old.parts.len()], "parts do not change");
            }
        }
        if later.msn > self.msn {
            let left: f64 = later.segments.iter().map(|segment| segment.duration).sum();
            assert!(later.skipped > 0 || left >= 3.0 * later.target, "a window of {left} s is too short");
        }
    }
}
