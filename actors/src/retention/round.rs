use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::disk::Disk;
use eyrie_storage::segment::SegmentPath;
use eyrie_storage::store::StoreError;
use eyrie_types::{
    Actor, AuditId, AuditOutcome, AuditRecord, By, CameraId, Event, EventKind, Monotonic, RequestId, RetentionSpec,
    SegmentRow, TenantId, WallTime,
};

use super::age_clock::AgeClock;
use super::finish::finish;
use super::inventory::Inventory;
use super::outlook::RetentionOutlook;
use super::plan::{Deletion, Excess, Holding, Plan, Rules, plan};
use super::room::{FillRate, days_left, needed};
use crate::backoff::{Backoff, jitter};
use crate::context::NodeContext;
use crate::node::{RetentionSettings, WhenFull};

/// How often the room on disks is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the rules by age and bytes are looked at while there is room: what they decide is in hours.
const RULES_EVERY: Duration = Duration::from_secs(60);
/// How long to wait for a segment to be closed when room is short and nothing may be deleted.
const SHORT_EVERY: Duration = Duration::from_secs(5);
/// How many of a camera's oldest segments are read at once. Where a plan needs more of one, the next plan follows at once.
const OLDEST_MAX: usize = 32;

/// Deletes what the rules allow, for as long as it is polled. The node came up at `started`.
pub(crate) async fn run(node: Arc<NodeContext>, started: WallTime) {
    let mut backoff = Backoff::storage();
    let mut keeper = Keeper::new(node, started);
    loop {
        match keeper.round().await {
            Ok(More::Follows) => backoff.reset(),
            Ok(More::Later) => {
                backoff.reset();
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Err(error) => {
                metrics::counter!("eyrie_retention_failures_total").increment(1);
                let pause = backoff.pause(jitter());
                tracing::warn!(%error, ?pause, "old recordings could not be looked through");
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// Whether there is more to do at once.
enum More {
    Follows,
    Later,
}

struct Keeper {
    node: Arc<NodeContext>,
    started: WallTime,
    inventory: Inventory,
    rates: Vec<FillRate>,
    /// Bytes made free since the rates were measured.
    freed: u64,
    last_rules: Option<Monotonic>,
    /// The rules of that time: changed ones are looked at at once.
    last_settings: Option<RetentionSettings>,
    /// When a round last found nothing that may be deleted although room was short.
    short: Option<Monotonic>,
    /// Since the first round.
    age_clock: Option<AgeClock>,
}

impl Keeper {
    fn new(node: Arc<NodeContext>, started: WallTime) -> Self {
        let rates = node.disks.iter().map(|_| FillRate::default()).collect();
        let (inventory, last_rules) = (Inventory::default(), None);
        Self {
            node,
            started,
            inventory,
            rates,
            freed: 0,
            last_rules,
            last_settings: None,
            short: None,
            age_clock: None,
        }
    }

    async fn round(&mut self) -> Result<More, StoreError> {
        let age_clock = match self.age_clock {
            Some(age_clock) => age_clock,
            None => {
                // What an earlier run left between its phases.
                self.freed += self.finish().await?;
                let (wall, at) = (self.node.clock.now(), self.node.clock.monotonic());
                let earlier = self.node.store.last_run_before(self.node.config.node, self.started).await?;
                *self.age_clock.insert(AgeClock::new(wall, at, earlier.map(|run| run.last_alive)))
            }
        };
        let settings = self.node.settings.load().retention;
        let disks = self.room(&settings);
        let at = self.node.clock.monotonic();
        let changed = self.last_settings.replace(settings) != Some(settings);
        let rules_due = changed || self.last_rules.is_none_or(|last| at.since(last) >= RULES_EVERY);
        let full = disks.iter().any(|needed| *needed > 0);
        let waits = self.short.is_some_and(|short| at.since(short) < SHORT_EVERY);
        if !rules_due && (!full || waits) {
            return Ok(More::Later);
        }
        if rules_due {
            // Files that a disk did not let go of the last time.
            self.freed += self.finish().await?;
        }
        let now = self.node.clock.now();
        let (aged, ahead) = age_clock.now(now, at);
        metrics::gauge!("eyrie_retention_clock_ahead_seconds").set(ahead.as_secs_f64());
        if !ahead.is_zero() && rules_due {
            tracing::error!(?ahead, %aged, "the clock jumped ahead; recordings are not aged by it until the next start");
        }
        self.inventory.refresh(&self.node.store, self.node.config.node, now).await?;
        let total: u64 = self.inventory.cameras().map(|key| self.inventory.bytes(key)).sum();
        metrics::gauge!("eyrie_recordings_bytes").set(total as f64);
        let file_systems: Vec<u64> = self.node.disks.iter().map(|disk| disk.health().total_bytes).collect();
        let max = settings.max_bytes.and_then(|share| share.of(&file_systems));
        self.look_ahead(total, max, settings.max_age, now);
        let excess = Excess { node: max.map_or(0, |max| total.saturating_sub(max)), disks };
        let holdings = self.holdings(&settings, &excess, aged).await?;
        let plan = plan(aged, &holdings, &excess);
        if plan.short_bytes > 0 && self.short.is_none() {
            tracing::warn!(%plan, "more room is to be made, and nothing more may be deleted");
        }
        self.short = (plan.short_bytes > 0).then_some(at);
        metrics::gauge!("eyrie_retention_short_bytes").set(plan.short_bytes as f64);
        if rules_due {
            self.last_rules = (!plan.cut).then_some(at);
        }
        let cut = plan.cut;
        let deleted = self.execute(plan, now).await?;
        Ok(if cut && deleted { More::Follows } else { More::Later })
    }

    /// Bytes to make free on each disk.
    fn room(&mut self, settings: &RetentionSettings) -> Vec<u64> {
        let at = self.node.clock.monotonic();
        let freed = std::mem::take(&mut self.freed);
        let disks = self.node.disks.iter().zip(&mut self.rates);
        disks
            .map(|(disk, rate)| {
                let health = disk.health();
                rate.measured(at, health.free_bytes, freed);
                if let Some(days) = days_left(disk, &health, rate.bytes_per_s()) {
                    metrics::gauge!("eyrie_disk_days_left", "disk" => disk.config().name.clone()).set(days);
                }
                match settings.when_full {
                    WhenFull::DeleteOldest => needed(&health, disk.config().reserve, rate.bytes_per_s()),
                    WhenFull::Stop => 0,
                }
            })
            .collect()
    }

    /// Tells what is recorded and how long there is room for more.
    fn look_ahead(&self, total: u64, max: Option<u64>, max_age: Option<Duration>, now: WallTime) {
        let rate = self.inventory.cameras().map(|key| self.inventory.bytes_per_s(key, now)).sum();
        let free = |disk: &Disk| disk.health().free_bytes.saturating_sub(disk.config().reserve.as_u64());
        let room = self.node.disks.iter().map(free).sum();
        let held = (total, self.inventory.oldest_of_all());
        self.node.outlook.store(Some(Arc::new(RetentionOutlook::new(held, rate, room, max, max_age))));
    }

    /// What may have to be deleted: of cameras whose own rules ask for it, and of all where the node has too much.
    async fn holdings(
        &self,
        settings: &RetentionSettings,
        excess: &Excess,
        now: WallTime,
    ) -> Result<Vec<Holding>, StoreError> {
        let specs = self.specs().await?;
        let all = excess.node > 0 || excess.disks.iter().any(|needed| *needed > 0);
        let mut holdings = Vec::new();
        for key in self.inventory.cameras() {
            let own = specs.get(key).copied().unwrap_or_default();
            let rules = Rules { max_age: own.max_age().or(settings.max_age), max_bytes: own.max_bytes };
            let bytes = self.inventory.bytes(key);
            self.foresee(key, &rules, now);
            let aged =
                rules.max_age.is_some_and(|age| self.inventory.oldest(key).is_some_and(|first| first < now - age));
            let over = rules.max_bytes.is_some_and(|max| bytes > max);
            if !(all || aged || over) {
                continue;
            }
            let (tenant, camera) = key.clone();
            let rows = self.node.store.oldest_segments(&tenant, camera, self.node.config.node, OLDEST_MAX).await?;
            let more = rows.len() == OLDEST_MAX;
            // A row that waits for the index would bring a deleted segment back.
            let settled = rows.into_iter().take_while(|row| !self.node.index.awaits(row.segment));
            let oldest = settled.map(|row| (row.clone(), self.disk_of(&row))).collect();
            holdings.push(Holding { tenant, camera, rules, bytes, oldest, more });
        }
        Ok(holdings)
    }

    /// The rules of all cameras that are in the directory, whether they run or not.
    async fn specs(&self) -> Result<BTreeMap<(TenantId, CameraId), RetentionSpec>, StoreError> {
        let mut specs = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.node.store.cameras_of_all_tenants(after).await?;
            let Some(last) = page.last() else { return Ok(specs) };
            after = Some((last.camera.tenant.clone(), last.camera.id));
            let rules = |camera: eyrie_types::Camera| ((camera.tenant, camera.id), camera.spec.recording.retention);
            specs.extend(page.into_iter().map(|stored| rules(stored.camera)));
        }
    }

    /// Tells how far back a camera's recordings will reach by its own rules, at the rate at which it records.
    fn foresee(&self, key: &(TenantId, CameraId), rules: &Rules, now: WallTime) {
        let rate = self.inventory.bytes_per_s(key, now);
        let by_bytes = rules.max_bytes.filter(|_| rate > 0.0).map(|max| max as f64 / rate);
        let by_age = rules.max_age.map(|age| age.as_secs_f64());
        if let Some(seconds) = by_bytes.into_iter().chain(by_age).reduce(f64::min) {
            metrics::gauge!("eyrie_retention_camera_days", "camera" => key.1.to_string()).set(seconds / 86_400.0);
        }
    }

    /// The disk that holds the file of `row`; where none does, the first.
    fn disk_of(&self, row: &SegmentRow) -> usize {
        if self.node.disks.len() == 1 {
            return 0;
        }
        let path = SegmentPath::new(row.placement.clone(), row.segment, row.start).relative();
        self.node.disks.iter().position(|disk| disk.config().root.join(&path).is_file()).unwrap_or(0)
    }

    /// Carries a plan out; whether anything was deleted.
    async fn execute(&mut self, plan: Plan, now: WallTime) -> Result<bool, StoreError> {
        if plan.cameras.is_empty() {
            return Ok(false);
        }
        tracing::debug!(%plan, "old recordings are deleted");
        for ((tenant, camera), deletions) in plan.cameras {
            let (audit, event) = told((&tenant, camera), deletions.iter().map(|deletion| &deletion.row), now);
            let rows = deletions.iter().map(|deletion| deletion.row.clone()).collect();
            let marked = self.node.store.mark_deleted(rows, audit, event.clone()).await?;
            self.inventory.forget(&tenant, camera);
            if marked.is_empty() {
                continue;
            }
            for Deletion { row, reason } in deletions {
                let reason = reason.as_str();
                metrics::counter!("eyrie_retention_deleted_segments_total", "reason" => reason).increment(1);
                metrics::counter!("eyrie_retention_deleted_bytes_total", "reason" => reason).increment(row.bytes);
            }
            self.node.events.announce(Arc::new(event));
        }
        self.freed += self.finish().await?;
        Ok(true)
    }

    async fn finish(&self) -> Result<u64, StoreError> {
        finish(&self.node.store, &self.node.footage, &self.node.disks).await
    }
}

/// What audit and event say of a camera's deletions.
pub(super) fn told<'a>(
    (tenant, camera): (&TenantId, CameraId),
    rows: impl Iterator<Item = &'a SegmentRow> + Clone,
    now: WallTime,
) -> (AuditRecord, Event) {
    let segments = rows.clone().count() as u64;
    let rows = || rows.clone();
    let from = rows().map(|row| row.start).min().unwrap_or(now);
    let to = rows().map(|row| row.end).max().unwrap_or(now);
    let kind = EventKind::RecordingDeleted { camera, from, to, segments, bytes: rows().map(|row| row.bytes).sum() };
    let audit = AuditRecord {
        id: AuditId::generate(),
        tenant: tenant.clone(),
        time: now,
        actor: Actor::System,
        action: "recording.delete".to_owned(),
        object: format!("cameras/{camera}/recordings?from={from}&to={to}"),
        remote: String::new(),
        request: RequestId::generate(),
        outcome: AuditOutcome::Allowed,
    };
    (audit, Event::new(tenant.clone(), now, By::system(), kind))
}
