use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{NodeId, WallTime};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::through::Through;
use crate::drill::LiveProbe;
use crate::drill::watch::Ages;

/// Cameras that are looked at, spread over all: what is asked of a cell that people use stays little.
pub(super) const CAMERAS_MAX: usize = 32;

/// Looks at live pictures through nodes that do not run their camera, for as long as it is polled. What is read are playlists,
/// which say when the newest part was made; of the part itself only that it is there: whoever drills sees no pictures.
pub(super) async fn look_at_live(ages: Arc<Ages>, through: Through, probe: LiveProbe) {
    let Some(seen) = through.seen() else { return };
    let cameras: Vec<_> =
        seen.facts.cameras.iter().map(|camera| camera.name.clone()).zip(seen.cameras.clone()).collect();
    let mut looking = JoinSet::new();
    for (turn, (name, id)) in spread(&cameras).enumerate() {
        looking.spawn(look(Arc::clone(&ages), through.clone(), probe.clone(), name.clone(), id.clone(), turn));
    }
    // They end with us.
    while looking.join_next().await.is_some() {}
}

/// At most [`CAMERAS_MAX`] of all, evenly.
fn spread<T>(all: &[T]) -> impl Iterator<Item = &T> {
    all.iter().step_by(all.len().div_ceil(CAMERAS_MAX).max(1))
}

async fn look(ages: Arc<Ages>, through: Through, probe: LiveProbe, name: String, id: String, first: usize) {
    let mut ticks = interval(probe.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let now = || through.lead.now();
    // Without a picture from the beginning on, that is one that gets older.
    ages.saw(&name, now(), now(), probe.age);
    for turn in first.. {
        ticks.tick().await;
        let runs = through.seen().map(|seen| {
            seen.placements.iter().filter(|placed| placed.camera == id).map(|placed| placed.node).collect()
        });
        let runs: BTreeSet<NodeId> = runs.unwrap_or_default();
        let Some(at) = through.another(&runs, turn) else { continue };
        if let Some(made) = newest(&through, at, &id).await {
            ages.saw(&name, made, now(), probe.age);
        }
    }
}

/// When the newest picture that the node at address `at` shows of a camera was made.
async fn newest(through: &Through, at: usize, id: &str) -> Option<WallTime> {
    let below = format!("/api/v1/cameras/{id}/live");
    let playlist = through.client.text_of(at, &format!("{below}/media.m3u8")).await.ok()?;
    let (made, file) = newest_of(&playlist)?;
    through.client.head_of(at, &format!("{below}/{file}")).await.ok()?;
    Some(made)
}

/// When what a live media playlist names last was over, and its file.
fn newest_of(playlist: &str) -> Option<(WallTime, &str)> {
    let (mut begins, mut length, mut parts, mut last) = (None::<WallTime>, Duration::ZERO, Duration::ZERO, None);
    let seconds = |text: &str| Duration::try_from_secs_f64(text.parse().ok()?).ok();
    for line in playlist.lines() {
        if let Some(date) = line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:") {
            (begins, parts) = (date.parse().ok(), Duration::ZERO);
        } else if let Some(part) = line.strip_prefix("#EXT-X-PART:DURATION=") {
            let (lasts, rest) = part.split_once(',')?;
            parts += seconds(lasts)?;
            let uri = rest.split_once("URI=\"")?.1.split('"').next()?;
            last = Some((begins? + parts, uri));
        } else if let Some(lasts) = line.strip_prefix("#EXTINF:") {
            length = seconds(lasts.trim_end_matches(','))?;
        } else if !line.is_empty() && !line.starts_with('#') {
            last = Some((begins? + length, line));
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_picture_is_as_old_as_the_end_of_the_last_part() {
        let start = "2026-01-02T03:04:05.000000Z";
        let playlist = "#EXTM3U\n#EXT-X-MAP:URI=\"0-1/init.mp4\"\n\
                        #EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:01.000000Z\n#EXTINF:4.000000,\n0-1/7.m4s\n";
        let (made, file) = newest_of(playlist).unwrap();
        assert_eq!((made, file), (start.parse().unwrap(), "0-1/7.m4s"));
        let more = format!(
            "{playlist}#EXT-X-PROGRAM-DATE-TIME:{start}\n#EXT-X-PART:DURATION=0.500000,URI=\"0-1/8.0.m4s\",INDEPENDENT=YES\n\
             #EXT-X-PART:DURATION=0.250000,URI=\"0-1/8.1.m4s\"\n"
        );
        let (made, file) = newest_of(&more).unwrap();
        assert_eq!((made, file), (start.parse::<WallTime>().unwrap() + Duration::from_millis(750), "0-1/8.1.m4s"));
        for nothing in ["", "#EXTM3U\n", "#EXT-X-PART:DURATION=x,URI=\"a\"\n", "#EXTINF:1,\na.m4s\n"] {
            assert_eq!(newest_of(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn of_many_cameras_some_are_looked_at_and_of_few_all() {
        assert_eq!(spread(&[1, 2, 3]).count(), 3);
        let many: Vec<_> = (0..1_000).collect();
        let some: Vec<_> = spread(&many).collect();
        assert!(some.len() <= CAMERAS_MAX && some.len() > CAMERAS_MAX / 2 && **some.last().unwrap() > 900, "{some:?}");
    }
}
