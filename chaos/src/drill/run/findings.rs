use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{CameraId, WallTime};
use serde::Deserialize;

use super::RunOptions;
use crate::drill::local::{FPS, LocalCell, camera_name, name};
use crate::drill::plan::Plan;
use crate::drill::report::{CameraGap, Draft, Found, Mark, MarkKind, RoundRecord, Taken};
use crate::drill::watch::{Evidence, Logs, Recordings, Saying, UnitGap, Watched, phases};
use crate::drill::{Drill, DrillError, DrillReport, FaultKind, LocalTarget};

/// How long disks may take to show what was recorded by the end of a round: a second's fragment, and a sync that stretches under
/// load.
const SHOWN_WITHIN: Duration = Duration::from_secs(15);
/// Pause between looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Nodes that say that one is dead within so long of each other speak of one verdict.
const ONE_VERDICT: Duration = Duration::from_secs(2);
/// How far clocks of cameras and recordings may be apart.
const SKEW: Duration = Duration::from_secs(1);

/// `GET /api/v1/cameras/{id}/gaps`: what a drill reads of it.
#[derive(Debug, Deserialize)]
struct Ledger {
    gaps: Vec<LedgerGap>,
}

#[derive(Debug, Deserialize)]
struct LedgerGap {
    start: WallTime,
    end: WallTime,
    cause: String,
}

/// Gathers what is found, round by round: by the numbers of access units, on the disks of all nodes.
pub(super) struct Findings<'a> {
    draft: Draft<'a>,
    target: &'a LocalTarget,
    cell: &'a Arc<LocalCell>,
    cameras: Vec<CameraId>,
    recordings: Recordings,
    logs: Logs,
    /// By camera: gaps that begin before this unit are told of already.
    told: Vec<u64>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(
        drill: &'a Drill,
        target: &'a LocalTarget,
        plan: Plan,
        options: &RunOptions,
        cell: &'a Arc<LocalCell>,
        started: WallTime,
    ) -> Self {
        let nodes = 0..cell.len();
        // Ids come from the cell.
        let cameras: Vec<_> = cell.ids().iter().filter_map(|id| id.parse().ok()).collect();
        Self {
            draft: Draft::new(drill, plan.lines, started, options.seed, options.version.clone()),
            target,
            cell,
            told: vec![0; cameras.len()],
            cameras,
            recordings: Recordings::new(nodes.clone().map(|node| cell.node_dir(node).join("recordings"))),
            logs: Logs::new(nodes.map(|node| cell.node_dir(node).join("node.log"))),
        }
    }

    /// Takes a round that is over, waits until the disks show it, and says in a line what came of it.
    pub(super) async fn take(&mut self, record: RoundRecord) -> Result<String, DrillError> {
        if record.struck.iter().any(|struck| struck.kind == FaultKind::PowerLoss.as_str()) {
            self.recordings.forget();
        }
        self.await_shown(record.ended).await?;
        let seen = Evidence { said: self.logs.news(), journal: self.cell.cameras().take_journal() };
        let mut gaps = Vec::new();
        for camera in 0..self.cameras.len() {
            gaps.extend(self.gaps_of(camera, &record, &seen));
        }
        let marks = self.marks(&seen);
        Ok(self.draft.take(record, gaps, marks))
    }

    /// Waits until each camera's newest unit on the disks was sent after `moment`. A camera that is not recorded any more is told
    /// of as a gap that has not ended.
    async fn await_shown(&mut self, moment: WallTime) -> Result<(), DrillError> {
        let deadline = self.cell.now() + SHOWN_WITHIN;
        loop {
            let read = tokio::task::block_in_place(|| self.recordings.refresh());
            read.map_err(|error| DrillError::Refused(format!("a recording cannot be read: {error}")))?;
            let newest =
                |camera: &CameraId| self.recordings.units(*camera).next_back().map(|unit| wall(unit.sent_unix_us));
            let all = self.cameras.iter().all(|camera| newest(camera) > Some(moment));
            if all || self.cell.now() > deadline {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// What is newly missing of a camera.
    fn gaps_of(&mut self, number: usize, record: &RoundRecord, seen: &Evidence) -> Vec<CameraGap> {
        let Some(camera) = self.cameras.get(number).copied() else { return Vec::new() };
        let told = self.told.get(number).copied().unwrap_or_default();
        let gaps = self.recordings.gaps_from(camera, told);
        let newest = self.recordings.units(camera).next_back();
        if let (Some(told), Some(newest)) = (self.told.get_mut(number), newest) {
            *told = newest.number;
        }
        let (path, id) = (camera_name(number), camera.to_string());
        let touched = record.struck.iter().any(|struck| struck.cameras.contains(&path));
        let twinned = number < self.target.twins as usize;
        let told = |gap: UnitGap, open: bool| {
            let began = wall(gap.before.sent_unix_us);
            // The last fault that was done before the gap was over.
            let struck = record.struck.iter().rfind(|struck| struck.at < wall(gap.after.sent_unix_us));
            let phases = struck.filter(|_| !open).map(|struck| {
                let nodes: Vec<_> = struck.nodes.iter().cloned().collect();
                phases(&gap, struck.at, &nodes, &id, &path, seen)
            });
            CameraGap {
                camera: path.clone(),
                twinned,
                touched,
                began_ms: self.draft.ms(began),
                lasted_ms: gap.missing() * 1_000 / u64::from(FPS),
                missing: gap.missing(),
                cause: None,
                phases: phases.unwrap_or_default(),
            }
        };
        let mut found: Vec<_> = gaps.into_iter().map(|gap| told(gap, false)).collect();
        // Not recorded again by the end of the round: what the camera has sent since then is missing.
        if let Some(before) = newest
            && wall(before.sent_unix_us) < record.ended
            && let Ok(stats) = self.cell.cameras().stats(&path)
            && stats.au_number > before.number
        {
            let after = eyrie_camsim::au_number::AuStamp {
                number: stats.au_number + 1,
                sent_unix_us: self.cell.now().as_unix_us().unsigned_abs(),
            };
            found.push(told(UnitGap { before, after }, true));
        }
        found
    }

    /// What the nodes said of each other.
    fn marks(&self, seen: &Evidence) -> Vec<Mark> {
        let mut marks = Vec::new();
        let mut dead: BTreeMap<&str, WallTime> = BTreeMap::new();
        for said in &seen.said {
            let text = match &said.what {
                // Each node learns of it in its turn, the dead one when it is back; once is enough.
                Saying::HeldDead(node) if *node == name(said.node) => continue,
                Saying::HeldDead(node) => {
                    let last = dead.insert(node, said.at);
                    if last.is_some_and(|last| said.at.since(last) < ONE_VERDICT) {
                        continue;
                    }
                    format!("{node} is held to be dead")
                }
                Saying::Leads => format!("{} leads the cell", name(said.node)),
                Saying::Stands => format!("{} stands for election", name(said.node)),
                Saying::Given(_) => continue,
            };
            marks.push(Mark { at_ms: self.draft.ms(said.at), kind: MarkKind::Cell, text });
        }
        marks
    }

    /// Asks the ledger for the causes of what is missing. What it does not say stays without one.
    pub(super) async fn explain(&mut self) {
        let Some(node) = self.cell.any_sound(0) else { return };
        for (number, id) in self.cell.ids().iter().enumerate() {
            let path = camera_name(number);
            let started = self.draft.started();
            let mut gaps: Vec<_> = self.draft.gaps_mut().filter(|gap| gap.camera == path).collect();
            if gaps.is_empty() {
                continue;
            }
            let url = format!("/api/v1/cameras/{id}/gaps?from={started}");
            let Ok(ledger) = self.cell.api.get::<Ledger>(&self.cell.base(node), &url).await else { continue };
            for gap in &mut gaps {
                let start = started + Duration::from_millis(gap.began_ms);
                let end = start + Duration::from_millis(gap.lasted_ms) + SKEW;
                let explains = |told: &&LedgerGap| told.start <= end && start <= told.end + SKEW;
                gap.cause = ledger.gaps.iter().find(explains).map(|told| told.cause.clone());
            }
        }
    }

    /// The whole report.
    pub(super) fn report(self, mut found: Found, watched: &Watched, broken_off: Option<&str>) -> DrillReport {
        found.taken = self.taken(watched);
        self.draft.report(&found, self.cell.now(), broken_off)
    }

    /// Placements that were taken from a node without a plan.
    fn taken(&self, watched: &Watched) -> Vec<Taken> {
        let numbers = self.cell.numbers();
        let node = |node: Option<usize>| node.map_or_else(|| "?".to_owned(), name);
        let taken = watched.moves.iter().filter(|moved| !moved.planned).map(|moved| {
            let number = numbers.get(moved.camera.as_str());
            let camera = number.map_or_else(|| moved.camera.clone(), |number| camera_name(*number));
            Some(Taken { at: moved.at, camera, from: name(moved.from?), to: node(moved.to) })
        });
        taken.flatten().collect()
    }

    /// What was counted beside the measures, in a line.
    pub(super) fn counts(&self, watched: &Watched) -> String {
        let marks = |what: &str| {
            self.draft.rounds().iter().flat_map(|round| &round.marks).filter(|mark| mark.text.ends_with(what)).count()
        };
        let planned = watched.moves.iter().filter(|moved| moved.planned).count();
        let doubled: usize = self.cameras.iter().map(|camera| self.recordings.doubled(*camera)).sum();
        format!(
            "elections won {}, stood for {}; nodes held to be dead {}; placements taken {}, moved by plan {planned}; units recorded \
             twice {doubled}; units the cameras themselves left out {}",
            marks("leads the cell"),
            marks("stands for election"),
            marks("is held to be dead"),
            watched.moves.len() - planned,
            self.left_out(),
        )
    }

    /// Units that the simulated cameras did not send, for want of time or because nobody read.
    fn left_out(&self) -> u64 {
        let paths = (0..self.cameras.len()).map(camera_name);
        // We made them.
        let stats = paths.map(|path| self.cell.cameras().stats(&path).unwrap_or_default());
        stats.map(|stats| stats.aus_skipped + stats.aus_dropped).sum()
    }
}

fn wall(unix_us: u64) -> WallTime {
    WallTime::from_unix_us(unix_us.cast_signed())
}
