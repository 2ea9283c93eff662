use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_camsim::au_number::scan;
use eyrie_types::WallTime;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::Worst;
use crate::drill::LiveProbe;
use crate::drill::local::{LocalCell, camera_name};

/// How often it is looked who runs which camera.
const PLACED_EVERY: Duration = Duration::from_millis(500);

/// How old the newest live picture of each camera is, through a node that does not run it.
#[derive(Debug, Default)]
pub(crate) struct LiveAges {
    cameras: Mutex<BTreeMap<usize, Age>>,
    /// By the id of a camera: the nodes that run it.
    run_by: Mutex<BTreeMap<String, BTreeSet<usize>>>,
}

/// What was seen of a camera.
#[derive(Debug, Clone, Copy)]
struct Age {
    /// When the newest picture was sent, by its camera.
    sent: WallTime,
    /// The longest time in which the newest picture was older than allowed.
    outage: Duration,
}

impl LiveAges {
    /// Looks at all cameras, for as long as it is polled.
    pub(crate) async fn run(self: Arc<Self>, cell: Arc<LocalCell>, probe: LiveProbe) {
        let mut looking = JoinSet::new();
        looking.spawn(Arc::clone(&self).follow_placements(Arc::clone(&cell)));
        for camera in 0..cell.ids().len() {
            looking.spawn(Arc::clone(&self).look(Arc::clone(&cell), probe.clone(), camera));
        }
        // They end with us.
        while looking.join_next().await.is_some() {}
    }

    /// The longest time in which a camera's newest picture was older than `age`, of all cameras, in milliseconds, at `now`; `None`
    /// where none was looked at.
    pub(crate) fn worst(&self, age: Duration, now: WallTime) -> Option<Worst> {
        let cameras = self.cameras.lock().unwrap_or_else(PoisonError::into_inner);
        let outages = cameras.iter().map(|(camera, seen)| (seen.at(age, now).outage, *camera));
        let (outage, camera) = outages.max()?;
        Some(Worst { measured: outage.as_millis() as u64, text: camera_name(camera) })
    }

    async fn follow_placements(self: Arc<Self>, cell: Arc<LocalCell>) {
        let mut ticks = interval(PLACED_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for turn in 0.. {
            ticks.tick().await;
            let (Ok(view), Ok(placements)) = (cell.view(turn).await, cell.placements(turn).await) else { continue };
            let mut run_by: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
            for placed in placements {
                run_by.entry(placed.camera).or_default().extend(view.number(&placed.node));
            }
            *self.run_by.lock().unwrap_or_else(PoisonError::into_inner) = run_by;
        }
    }

    async fn look(self: Arc<Self>, cell: Arc<LocalCell>, probe: LiveProbe, camera: usize) {
        let mut ticks = interval(probe.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Without a picture from the beginning on, that is one that gets older.
        self.saw(camera, cell.now(), cell.now(), probe.age);
        for turn in camera.. {
            ticks.tick().await;
            let Some(node) = self.another(&cell, camera, turn) else { continue };
            if let Some(sent) = newest(&cell, node, camera).await {
                self.saw(camera, sent, cell.now(), probe.age);
            }
        }
    }

    /// A sound node that does not run the camera; any where all do.
    fn another(&self, cell: &LocalCell, camera: usize, turn: usize) -> Option<usize> {
        let run_by = self.run_by.lock().unwrap_or_else(PoisonError::into_inner);
        let owners = cell.ids().get(camera).and_then(|id| run_by.get(id));
        let others: Vec<_> = (0..cell.len())
            .filter(|node| cell.is_sound(*node) && owners.is_none_or(|owners| !owners.contains(node)))
            .collect();
        others.get(turn % others.len().max(1)).copied().or_else(|| cell.any_sound(turn))
    }

    fn saw(&self, camera: usize, sent: WallTime, now: WallTime, age: Duration) {
        let mut cameras = self.cameras.lock().unwrap_or_else(PoisonError::into_inner);
        let before = cameras.get(&camera).map(|seen| seen.at(age, now));
        // Another node may be a part behind.
        let sent = before.map_or(sent, |before| before.sent.max(sent));
        cameras.insert(camera, Age { sent, outage: before.map_or(Duration::ZERO, |before| before.outage) });
    }
}

impl Age {
    /// The same, looked at `now`.
    fn at(self, age: Duration, now: WallTime) -> Self {
        Self { outage: self.outage.max(now.since(self.sent + age)), ..self }
    }
}

/// When the newest picture of a camera was sent, as a node shows it.
async fn newest(cell: &LocalCell, node: usize, camera: usize) -> Option<WallTime> {
    let (base, id) = (cell.base(node), cell.ids().get(camera)?);
    let below = format!("/api/v1/cameras/{id}/live");
    let playlist = cell.api.text(&base, &format!("{below}/media.m3u8")).await.ok()?;
    let part = playlist.lines().rev().find(|line| line.starts_with("#EXT-X-PART:"))?;
    let (_, uri) = part.split_once("URI=\"")?;
    let media = cell.api.bytes(&base, &format!("{below}/{}", uri.split('"').next()?)).await.ok()?;
    let unit = scan(&media).max_by_key(|unit| unit.number)?;
    Some(WallTime::from_unix_us(unit.sent_unix_us.cast_signed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_outage_lasts_from_when_the_newest_picture_is_too_old_until_a_fresh_one() {
        let (ages, start) = (LiveAges::default(), WallTime::from_unix_us(1_000_000_000));
        let age = 4 * SECOND;
        ages.saw(0, start, start, age);
        ages.saw(0, start + 3 * SECOND, start + 3 * SECOND, age);
        assert_eq!(ages.worst(age, start + 7 * SECOND).unwrap().measured, 0);
        // Ten seconds later: six of them without a fresh one.
        ages.saw(0, start + 13 * SECOND, start + 13 * SECOND, age);
        let worst = ages.worst(age, start + 13 * SECOND).unwrap();
        assert_eq!((worst.measured, worst.text.as_str()), (6_000, "cam0"));
        // One that is old itself ends nothing.
        ages.saw(1, start, start, age);
        ages.saw(1, start + SECOND, start + 9 * SECOND, age);
        assert_eq!(ages.worst(age, start + 15 * SECOND).unwrap(), Worst { measured: 10_000, text: "cam1".to_owned() });
    }

    #[test]
    fn nothing_looked_at_is_nothing_measured() {
        assert_eq!(LiveAges::default().worst(SECOND, WallTime::EPOCH), None);
    }
}
