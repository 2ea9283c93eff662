//! The rounds in which a node looks for what it lacks, camera by camera and day by day, the newest first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::PlacementKey;
use eyrie_storage::ledger::{DayRollup, sound};
use eyrie_storage::store::{SecondCopy, StoreError};
use eyrie_types::{CameraId, Monotonic, NodeId, SegmentRow, Slot, TenantId, TimeRange, WallTime};

use super::keeper::Keeper;
use super::plan::{Plan, Scene, plan};
use super::telemetry;
use crate::backoff::{Backoff, jitter};
use crate::context::NodeContext;

/// The pause between two rounds.
const ROUND_EVERY: Duration = Duration::from_secs(10);
/// The pause between two looks at a camera's day: at most 50 a second, for the metadata store's sake.
const LOOK_PAUSE: Duration = Duration::from_millis(20);
/// How often a day that is over and has all its copies is looked at again while nothing changes in the cell.
const HISTORY_EVERY: Duration = Duration::from_secs(600);
/// What is younger may still be on its way into the index: rows are refreshed every 10 s, and a store may be slow.
const SETTLED: Duration = Duration::from_secs(30);
/// How often copies on this node's disks are compared with the index.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// The cell as repairs see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The cameras with two recordings that have a placement on this node, each with the nodes of its placements, the owner's
    /// first.
    pub(crate) cameras: BTreeMap<(TenantId, CameraId), Vec<NodeId>>,
    /// The nodes of the cell, and whether each is held to be alive.
    pub(crate) members: BTreeMap<NodeId, bool>,
}

/// Looks for what this node lacks and fetches it, for as long as it is polled. `cell` tells how the cell is now.
pub(crate) async fn run(node: Arc<NodeContext>, cell: impl Fn() -> Cell + Send + Sync) {
    telemetry::describe();
    let mut backoff = Backoff::storage();
    let mut repairer = Repairer {
        keeper: Keeper::new(Arc::clone(&node)),
        node,
        dead_since: BTreeMap::new(),
        known: None,
        whole: BTreeMap::new(),
        swept: None,
    };
    loop {
        tokio::time::sleep(ROUND_EVERY).await;
        match repairer.round(cell()).await {
            Ok(()) => backoff.reset(),
            Err(error) => {
                metrics::counter!("eyrie_repair_failed_total", "reason" => "index").increment(1);
                let pause = backoff.pause(jitter());
                tracing::warn!(%error, ?pause, "the index could not be looked through for what lacks a second copy");
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// A camera's UTC day.
type Day = (TenantId, CameraId, u32);

struct Repairer {
    node: Arc<NodeContext>,
    keeper: Keeper,
    /// Since when nodes are held to be dead.
    dead_since: BTreeMap<NodeId, Monotonic>,
    /// The cell and the lost nodes of the last round.
    known: Option<(Cell, BTreeSet<NodeId>)>,
    /// Days that are over and had all copies, and when that was seen. No more than there are days of recordings.
    whole: BTreeMap<Day, Monotonic>,
    swept: Option<Monotonic>,
}

/// What a round found.
#[derive(Default)]
struct Found {
    lacking: Duration,
    single_since: Option<WallTime>,
}

impl Repairer {
    async fn round(&mut self, cell: Cell) -> Result<(), StoreError> {
        // Before this node has its part in the cell it knows nothing of the others.
        if !cell.members.contains_key(&self.node.config.node) {
            return Ok(());
        }
        let at = self.node.clock.monotonic();
        let dead = self.dead(&cell, at);
        if self.swept.is_none_or(|swept| at.since(swept) >= SWEEP_EVERY) {
            self.keeper.sweep(&cell.members, &dead).await?;
            self.swept = Some(at);
        }
        let now = (cell, dead);
        if self.known.as_ref() != Some(&now) {
            self.whole.clear();
        }
        let (cell, dead) = now;
        let mut days = Vec::new();
        for (tenant, camera) in cell.cameras.keys() {
            let recorded = self.node.store.days_recorded(tenant, *camera).await?;
            days.extend(recorded.into_iter().map(|day| (day, tenant.clone(), *camera)));
        }
        let listed: BTreeSet<Day> = days.iter().map(|(day, tenant, camera)| (tenant.clone(), *camera, *day)).collect();
        self.whole.retain(|day, seen| listed.contains(day) && at.since(*seen) < HISTORY_EVERY);
        // The newest first: it is what people look for.
        days.sort_unstable_by(|a, b| b.cmp(a));
        let mut found = Found::default();
        for (day, tenant, camera) in days {
            let key = (tenant, camera, day);
            if self.whole.contains_key(&key) {
                continue;
            }
            let placed = cell.cameras.get(&(key.0.clone(), camera)).map_or(&[][..], Vec::as_slice);
            let plan = self.look(&key, placed, &cell, &dead).await?;
            let over = DayRollup::range(day).end < self.node.clock.now() - SETTLED;
            if over && plan == Plan::default() {
                self.whole.insert(key, at);
            }
            found.lacking += plan.lacking.iter().map(TimeRange::duration).sum::<Duration>();
            found.single_since = [found.single_since, plan.single_since].into_iter().flatten().min();
            tokio::time::sleep(LOOK_PAUSE).await;
        }
        let age = found.single_since.map_or(Duration::ZERO, |since| self.node.clock.now().since(since));
        metrics::gauge!("eyrie_repair_queue_seconds").set(found.lacking.as_secs_f64());
        metrics::gauge!("eyrie_repair_single_copy_age_seconds").set(age.as_secs_f64());
        self.known = Some((cell, dead));
        Ok(())
    }

    /// Members that have been dead for too long to be waited for.
    fn dead(&mut self, cell: &Cell, at: Monotonic) -> BTreeSet<NodeId> {
        let after = self.node.settings.load().repair.after;
        let down = |node: &NodeId| cell.members.get(node) == Some(&false);
        self.dead_since.retain(|node, _| down(node));
        for node in cell.members.keys().filter(|node| down(node)) {
            self.dead_since.entry(*node).or_insert(at);
        }
        self.dead_since.iter().filter(|(_, since)| at.since(**since) >= after).map(|(node, _)| *node).collect()
    }

    /// Looks at a camera's day, and fetches what this node lacks of it. Answers what was to be done before.
    async fn look(
        &mut self,
        (tenant, camera, day): &Day,
        placed: &[NodeId],
        cell: &Cell,
        dead: &BTreeSet<NodeId>,
    ) -> Result<Plan, StoreError> {
        let (node, now) = (Arc::clone(&self.node), self.node.clock.now());
        let whole = DayRollup::range(*day);
        let oldest = self.max_age(tenant, *camera).map_or(WallTime::EPOCH, |age| now - age);
        let oldest = oldest.max(self.keeper.room_reaches_back_to().unwrap_or(WallTime::EPOCH));
        let Ok(range) = TimeRange::new(whole.start.max(oldest), whole.end.min(now - SETTLED)) else {
            return Ok(Plan::default());
        };
        let mut rows = node.store.segments(tenant, *camera, range).await?;
        for own in node.open_tail(*camera) {
            rows.retain(|row| row.segment != own.row.segment);
            rows.push(own.row);
        }
        let mut copies = node.store.second_copies(tenant, *camera, range).await?;
        self.keeper.check_own(&rows, &mut copies).await?;
        let damage = node.store.damage(tenant, *camera, range).await?;
        let sound = sound(&rows, &damage);
        let holders: BTreeSet<NodeId> =
            rows.iter().map(|row| row.node).chain(copies.iter().map(|copy| copy.node)).collect();
        let lost: BTreeSet<NodeId> =
            holders.iter().filter(|node| dead.contains(node) || !cell.members.contains_key(node)).copied().collect();
        let silent = node.footage.silent_of(holders.difference(&lost).copied().collect()).await;
        let avoided = self.keeper.avoided();
        let me = node.config.node;
        let scene =
            Scene { me, placed, lost: &lost, silent: &silent, rows: &sound, copies: &copies, avoided: &avoided, range };
        let plan = plan(&scene);
        let seen = Seen { rows: &rows, sound: &sound, copies: &copies };
        for fetch in &plan.fetches {
            self.keeper.fetch(fetch, &seen).await?;
        }
        Ok(plan)
    }

    /// How long a camera's recordings are kept.
    fn max_age(&self, tenant: &TenantId, camera: CameraId) -> Option<Duration> {
        let own = {
            let directory = self.node.directory.lock();
            let key = |slot| PlacementKey { tenant: tenant.clone(), camera, slot };
            let assigned = [Slot::OWNER, Slot::TWIN].into_iter().find_map(|slot| directory.assignment(&key(slot)));
            assigned.and_then(|assignment| assignment.camera.spec.recording.retention.max_age())
        };
        own.or(self.node.settings.load().retention.max_age)
    }
}

/// What the index says of a camera's day.
pub(super) struct Seen<'a> {
    pub(super) rows: &'a [SegmentRow],
    /// The same without what is damaged.
    pub(super) sound: &'a [SegmentRow],
    pub(super) copies: &'a [SecondCopy],
}
