use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_camsim::au_number::scan;
use eyrie_types::{TimeRange, WallTime};
use tokio::time::{MissedTickBehavior, interval};

use crate::drill::local::{LocalCell, camera_name};
use crate::drill::report::{Play, Worst};
use crate::drill::{DrillError, PlaybackProbe};

/// What was sent so long ago is durable and in the index: a fragment of a second, a sync that stretches under load, and a tail that
/// nodes ask one another for.
pub(crate) const DURABLE_AFTER: Duration = Duration::from_secs(8);
/// Plays that are remembered: a day of one every two seconds.
const PLAYS_MAX: usize = 43_200;
/// A longer range is looked at in pieces.
pub(crate) const PIECE: Duration = Duration::from_secs(600);

/// Ranges that are played while the cell is drilled.
#[derive(Debug, Default)]
pub(crate) struct Plays(Mutex<Vec<Play>>);

impl Plays {
    /// Plays the newest range of one camera after the other, through another sound node each time, for as long as it is polled.
    pub(crate) async fn run(self: Arc<Self>, cell: Arc<LocalCell>, probe: PlaybackProbe) {
        // Until there is one.
        tokio::time::sleep(probe.range + DURABLE_AFTER).await;
        let mut ticks = interval(probe.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for turn in 0.. {
            ticks.tick().await;
            let Some(node) = cell.any_sound(turn) else { continue };
            let camera = turn % cell.ids().len().max(1);
            let end = before(cell.now(), DURABLE_AFTER);
            let begun = cell.now();
            let (took, failed) =
                match play(&cell, node, camera, TimeRange { start: before(end, probe.range), end }).await {
                    Ok(played) if !played.units.is_empty() => (played.took, None),
                    Ok(played) => (played.took, Some("no pictures".to_owned())),
                    Err(error) => (cell.now().since(begun), Some(error.to_string())),
                };
            // A node that a fault has hit meanwhile owes no answer.
            if failed.is_none() || cell.is_sound(node) {
                self.add(Play { camera: camera_name(camera), took, failed });
            }
        }
    }

    /// One more.
    pub(crate) fn add(&self, play: Play) {
        let mut plays = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if plays.len() < PLAYS_MAX {
            plays.push(play);
        }
    }

    /// All so far.
    pub(crate) fn all(&self) -> Vec<Play> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How many units of all cameras playback shows twice or more in `range`, each camera through another node.
///
/// # Errors
/// When a range is not answered whole.
pub(crate) async fn doubled(cell: &LocalCell, range: TimeRange) -> Result<Worst, DrillError> {
    let (mut all, mut worst) = (0, (0, 0));
    for camera in 0..cell.ids().len() {
        let (mut start, mut twice) = (range.start, 0);
        while start < range.end {
            let end = range.end.min(start + PIECE);
            let node =
                cell.any_sound(camera).ok_or_else(|| DrillError::Refused("no node of the cell answers".to_owned()))?;
            twice += repeated(&play(cell, node, camera, TimeRange { start, end }).await?.units);
            start = end;
        }
        all += twice;
        worst = worst.max((twice, camera));
    }
    let text = if worst.0 > 0 { format!("{} of {}", worst.0, camera_name(worst.1)) } else { String::new() };
    Ok(Worst { measured: all, text })
}

/// How many numbers stand there twice or more.
fn repeated(units: &[u64]) -> u64 {
    let mut times: BTreeMap<u64, u32> = BTreeMap::new();
    for unit in units {
        *times.entry(*unit).or_default() += 1;
    }
    times.values().filter(|times| **times > 1).count() as u64
}

/// What playback of a range showed.
struct Played {
    /// Until its playlists were there.
    took: Duration,
    /// The numbers of its units, as they came.
    units: Vec<u64>,
}

/// Plays a range as a player does: both playlists, then all that these name. A range without footage has no units.
async fn play(cell: &LocalCell, node: usize, camera: usize, range: TimeRange) -> Result<Played, DrillError> {
    let (base, begun) = (cell.base(node), cell.now());
    let id = cell.ids().get(camera).map_or("", String::as_str);
    let below = format!("/api/v1/cameras/{id}/playback");
    let wanted = format!("{below}/index.m3u8?from={}&to={}", range.start, range.end);
    let index = cell.api.text(&base, &wanted).await?;
    let Some(media) = index.lines().find(|line| line.starts_with("media.m3u8")) else {
        return Ok(Played { took: cell.now().since(begun), units: Vec::new() });
    };
    let media = cell.api.text(&base, &format!("{below}/{media}")).await?;
    let mut played = Played { took: cell.now().since(begun), units: Vec::new() };
    for file in media.lines().filter_map(named) {
        let bytes = cell.api.bytes(&base, &format!("{below}/{file}")).await?;
        played.units.extend(scan(&bytes).map(|unit| unit.number));
    }
    Ok(played)
}

/// The file that a line of a media playlist names.
pub(crate) fn named(line: &str) -> Option<&str> {
    match line.strip_prefix("#EXT-X-MAP:URI=\"") {
        Some(init) => init.split('"').next(),
        None => Some(line).filter(|line| !line.is_empty() && !line.starts_with('#')),
    }
}

/// The moment so long before another.
pub(crate) fn before(moment: WallTime, by: Duration) -> WallTime {
    moment.offset_us(-i64::try_from(by.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_come_again_count_once_each_however_often_they_come() {
        assert_eq!(repeated(&[1, 2, 3]), 0);
        assert_eq!(repeated(&[1, 2, 2, 3, 2, 1]), 2);
    }

    #[test]
    fn init_sections_and_segments_are_what_a_playlist_names() {
        let lines = ["#EXTM3U", "#EXT-X-MAP:URI=\"a/init.mp4\"", "#EXTINF:1.0,", "a/1.m4s", ""];
        assert_eq!(lines.iter().filter_map(|line| named(line)).collect::<Vec<_>>(), ["a/init.mp4", "a/1.m4s"]);
    }
}
