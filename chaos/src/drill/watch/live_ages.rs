use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_camsim::au_number::scan;
use eyrie_types::WallTime;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::Ages;
use crate::drill::LiveProbe;
use crate::drill::local::{LocalCell, camera_name};
use crate::drill::report::Worst;

/// How often it is looked who runs which camera.
const PLACED_EVERY: Duration = Duration::from_millis(500);

/// How old the newest live picture of each camera is, through a node that does not run it.
#[derive(Debug, Default)]
pub(crate) struct LiveAges {
    ages: Ages,
    /// By the id of a camera: the nodes that run it.
    run_by: Mutex<BTreeMap<String, BTreeSet<usize>>>,
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
        self.ages.worst(age, now)
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
        let name = camera_name(camera);
        self.ages.saw(&name, cell.now(), cell.now(), probe.age);
        for turn in camera.. {
            ticks.tick().await;
            let Some(node) = self.another(&cell, camera, turn) else { continue };
            if let Some(sent) = newest(&cell, node, camera).await {
                self.ages.saw(&name, sent, cell.now(), probe.age);
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
