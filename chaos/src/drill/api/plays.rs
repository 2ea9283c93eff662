use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{Clock as _, SystemClock, TimeRange, WallTime};
use tokio::time::{MissedTickBehavior, interval};

use super::ApiFailure;
use super::through::Through;
use crate::drill::PlaybackProbe;
use crate::drill::report::{Play, Worst};
use crate::drill::watch::{DURABLE_AFTER, PIECE, Plays, before, named};

/// Cameras that are asked for what is shown twice, spread over all.
const DOUBLED_CAMERAS_MAX: usize = 200;
/// What begins so much before the end of what came before it is shown twice. Nodes' clocks, and the moments at which pictures reach
/// them, differ by less.
const TWICE: Duration = Duration::from_millis(500);

/// Plays the newest range of one camera after the other, through another node each time, for as long as it is polled: both
/// playlists, and of all that these name that it is there. Whoever drills sees no pictures.
pub(super) async fn play_ranges(plays: Arc<Plays>, through: Through, probe: PlaybackProbe) {
    // Until there is one.
    tokio::time::sleep(probe.range + DURABLE_AFTER).await;
    let mut ticks = interval(probe.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for turn in 0.. {
        ticks.tick().await;
        let Some(seen) = through.seen() else { continue };
        let number = turn % seen.cameras.len().max(1);
        let (Some(id), Some(facts)) = (seen.cameras.get(number), seen.facts.cameras.get(number)) else { continue };
        let Some(at) = through.another(&BTreeSet::new(), turn) else { continue };
        let end = before(through.lead.now(), DURABLE_AFTER);
        let range = TimeRange { start: before(end, probe.range), end };
        let clock = SystemClock::new();
        let begun = clock.monotonic();
        let (took, failed) = match play(&through, at, id, range).await {
            Ok(Played { took, entries }) if entries.is_empty() => (took, Some("no pictures".to_owned())),
            Ok(Played { took, .. }) => (took, None),
            Err(failure) => (clock.monotonic().since(begun), Some(failure.to_string())),
        };
        // A node that a fault has hit meanwhile owes no answer.
        if failed.is_none() || !through.is_hit(at) {
            plays.add(Play { camera: facts.name.clone(), took, failed });
        }
    }
}

/// How often playback of `range` shows something twice: entries of playlists, of a second or some, that begin before what comes
/// before them is over. Each camera through another node.
///
/// # Errors
/// When a range is not answered.
pub(super) async fn doubled(through: &Through, range: TimeRange) -> Result<Worst, ApiFailure> {
    let Some(seen) = through.seen() else { return Err(ApiFailure::Unreachable("nobody has answered yet".to_owned())) };
    let (mut all, mut worst) = (0, (0, String::new()));
    let cameras: Vec<_> = seen.facts.cameras.iter().zip(&seen.cameras).collect();
    let step = cameras.len().div_ceil(DOUBLED_CAMERAS_MAX).max(1);
    for (turn, (facts, id)) in cameras.into_iter().step_by(step).enumerate() {
        let (mut start, mut twice) = (range.start, 0);
        while start < range.end {
            let end = range.end.min(start + PIECE);
            let at = through.another(&BTreeSet::new(), turn);
            let at = at.ok_or_else(|| ApiFailure::Unreachable("a fault is done to all of them".to_owned()))?;
            twice += shown_twice(&playlists(through, at, id, TimeRange { start, end }).await?.entries);
            start = end;
        }
        all += twice;
        worst = worst.max((twice, facts.name.clone()));
    }
    let text = if worst.0 > 0 { format!("{} of {}", worst.0, worst.1) } else { String::new() };
    Ok(Worst { measured: all, text })
}

/// What a media playlist names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    start: WallTime,
    lasts: Duration,
}

/// What playback of a range showed.
struct Played {
    /// Until its playlists were there.
    took: Duration,
    entries: Vec<Entry>,
}

/// Plays a range as a player does, but for the pictures. A range without footage has no entries.
async fn play(through: &Through, at: usize, id: &str, range: TimeRange) -> Result<Played, ApiFailure> {
    let Listed { took, entries, files } = playlists(through, at, id, range).await?;
    for file in files {
        through.client.head_of(at, &format!("/api/v1/cameras/{id}/playback/{file}")).await?;
    }
    Ok(Played { took, entries })
}

struct Listed {
    took: Duration,
    entries: Vec<Entry>,
    files: Vec<String>,
}

async fn playlists(through: &Through, at: usize, id: &str, range: TimeRange) -> Result<Listed, ApiFailure> {
    let clock = SystemClock::new();
    let begun = clock.monotonic();
    let below = format!("/api/v1/cameras/{id}/playback");
    let wanted = format!("{below}/index.m3u8?from={}&to={}", range.start, range.end);
    let index = through.client.text_of(at, &wanted).await?;
    let media = match index.lines().find(|line| line.starts_with("media.m3u8")) {
        Some(media) => through.client.text_of(at, &format!("{below}/{media}")).await?,
        None => String::new(),
    };
    let took = clock.monotonic().since(begun);
    let files = media.lines().filter_map(named).map(str::to_owned).collect();
    Ok(Listed { took, entries: entries(&media), files })
}

/// The entries of a media playlist with the times that it gives them (RFC 8216 section 4.3.2.6).
fn entries(playlist: &str) -> Vec<Entry> {
    let (mut entries, mut next) = (Vec::new(), None::<WallTime>);
    for line in playlist.lines() {
        if let Some(date) = line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:") {
            next = date.parse().ok();
        } else if let Some(lasts) =
            line.strip_prefix("#EXTINF:").and_then(|text| text.trim_end_matches(',').parse().ok())
            && let (Some(start), Ok(lasts)) = (next, Duration::try_from_secs_f64(lasts))
        {
            entries.push(Entry { start, lasts });
            next = Some(start + lasts);
        }
    }
    entries
}

fn shown_twice(entries: &[Entry]) -> u64 {
    let (mut twice, mut over) = (0, WallTime::EPOCH);
    for Entry { start, lasts } in entries {
        twice += u64::from(*start + TWICE < over);
        over = over.max(*start + *lasts);
    }
    twice
}

#[cfg(test)]
mod tests {
    use super::*;

    fn playlist(starts: &[u32]) -> String {
        let line =
            |s: &u32| format!("#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:{s:02}.000000Z\n");
        starts.iter().map(|s| format!("{}#EXTINF:2.000000,\n{s}.m4s\n", line(s))).collect()
    }

    #[test]
    fn what_begins_before_the_end_of_what_came_before_is_shown_twice() {
        assert_eq!(shown_twice(&entries(&playlist(&[1, 3, 5, 9]))), 0, "one after the other, and a gap");
        assert_eq!(shown_twice(&entries(&playlist(&[1, 3, 3, 4, 6]))), 2);
        assert_eq!(shown_twice(&entries(&playlist(&[5, 1]))), 1, "also long before");
    }

    #[test]
    fn times_go_on_from_the_last_date() {
        let text = "#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.000000Z\n#EXTINF:1.500000,\na\n#EXTINF:1.000000,\nb\n";
        let [one, two] = entries(text).try_into().unwrap();
        assert_eq!(two.start, one.start + Duration::from_millis(1_500));
        assert!(entries("#EXTINF:1,\na\n").is_empty() && entries("").is_empty());
    }
}
