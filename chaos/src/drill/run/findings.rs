use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{CameraId, Clock as _, SystemClock, WallTime};
use serde::Deserialize;

use super::RunOptions;
use super::probed::Probed;
use super::record::{RoundRecord, StruckRecord};
use crate::drill::local::{FPS, LocalCell, camera_name, name};
use crate::drill::plan::{Plan, Refusal};
use crate::drill::report::{
    CameraGap, Check, Distribution, Mark, MarkKind, ReportedDrill, ReportedFault, Round, SCHEMA, Verdict,
};
use crate::drill::watch::{ApiCall, Evidence, Logs, Recordings, Saying, UnitGap, Watched, Worst, phases};
use crate::drill::{Bound, Drill, DrillError, DrillReport, FaultKind, LocalTarget, Measure, Probe};

/// How long disks may take to show what was recorded by the end of a round: a second's fragment, and a sync that stretches under
/// load.
const SHOWN_WITHIN: Duration = Duration::from_secs(15);
/// Pause between looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Moves so soon after a fault's end still come of it: the cell has yet to see that it is over.
const AFTERMATH: Duration = Duration::from_secs(10);

/// Absences of units up to this are no gaps, and the ledger says nothing of them.
const NO_GAP_MS: u64 = 500;
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

/// Gathers what is found, round by round.
pub(super) struct Findings<'a> {
    drill: &'a Drill,
    target: &'a LocalTarget,
    plan: Plan,
    cell: &'a Arc<LocalCell>,
    started: WallTime,
    seed: u64,
    eyrie: String,
    cameras: Vec<CameraId>,
    recordings: Recordings,
    logs: Logs,
    /// By camera: gaps that begin before this unit are told of already.
    told: Vec<u64>,
    rounds: Vec<Round>,
    records: Vec<RoundRecord>,
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
            drill,
            target,
            plan,
            cell,
            started,
            seed: options.seed,
            eyrie: options.version.clone(),
            told: vec![0; cameras.len()],
            cameras,
            recordings: Recordings::new(nodes.clone().map(|node| cell.node_dir(node).join("recordings"))),
            logs: Logs::new(nodes.map(|node| cell.node_dir(node).join("node.log"))),
            rounds: Vec::new(),
            records: Vec::new(),
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
        gaps.sort_by_key(|gap| gap.began_ms);
        let marks = self.marks(&record, &seen);
        let round = Round {
            number: record.number,
            began_ms: self.ms(record.began),
            ended_ms: self.ms(record.ended),
            recovered_ms: record
                .steady
                .map(|steady| steady.since(record.over.unwrap_or(record.began)).as_millis() as u64),
            faults: record.struck.iter().map(|struck| self.fault(struck)).collect(),
            marks,
            gaps,
        };
        let line = line(&round);
        self.rounds.push(round);
        self.records.push(record);
        Ok(line)
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
        let touched = record.struck.iter().any(|struck| struck.cameras.contains(&number));
        let twinned = number < self.target.twins as usize;
        let told = |gap: UnitGap, open: bool| {
            let began = wall(gap.before.sent_unix_us);
            // The last fault that was done before the gap was over.
            let struck = record.struck.iter().rfind(|struck| struck.at < wall(gap.after.sent_unix_us));
            let phases = struck.filter(|_| !open).map(|struck| {
                let nodes: Vec<_> = struck.nodes.iter().map(|node| name(*node)).collect();
                phases(&gap, struck.at, &nodes, &id, &path, seen)
            });
            CameraGap {
                camera: path.clone(),
                twinned,
                touched,
                began_ms: self.ms(began),
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

    fn marks(&self, record: &RoundRecord, seen: &Evidence) -> Vec<Mark> {
        let mark = |at: WallTime, kind, text: String| Mark { at_ms: self.ms(at), kind, text };
        let mut marks = Vec::new();
        for struck in &record.struck {
            marks.push(mark(struck.at, MarkKind::Fault, format!("{} begins: {}", struck.what, hit(struck).join(", "))));
            marks.extend(struck.ended.map(|at| mark(at, MarkKind::Fault, format!("{} is over", struck.what))));
        }
        marks.extend(record.steady.map(|at| mark(at, MarkKind::Steady, "the steady state is back".to_owned())));
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
            marks.push(mark(said.at, MarkKind::Cell, text));
        }
        marks.sort_by_key(|mark| mark.at_ms);
        marks
    }

    fn fault(&self, struck: &StruckRecord) -> ReportedFault {
        ReportedFault {
            kind: struck.kind.to_owned(),
            what: struck.what.clone(),
            hit: hit(struck),
            began_ms: self.ms(struck.at),
            ended_ms: struck.ended.map(|at| self.ms(at)),
            cut_short: struck.cut_short,
        }
    }

    fn ms(&self, at: WallTime) -> u64 {
        at.since(self.started).as_millis() as u64
    }

    /// Asks the ledger for the causes of what is missing. What it does not say stays without one.
    pub(super) async fn explain(&mut self) {
        let Some(node) = self.cell.any_sound(0) else { return };
        for (number, id) in self.cell.ids().iter().enumerate() {
            let path = camera_name(number);
            let mut gaps: Vec<_> =
                self.rounds.iter_mut().flat_map(|round| &mut round.gaps).filter(|gap| gap.camera == path).collect();
            if gaps.is_empty() {
                continue;
            }
            let url = format!("/api/v1/cameras/{id}/gaps?from={}", self.started);
            let Ok(ledger) = self.cell.api.get::<Ledger>(&self.cell.base(node), &url).await else { continue };
            for gap in &mut gaps {
                let start = self.started + Duration::from_millis(gap.began_ms);
                let end = start + Duration::from_millis(gap.lasted_ms) + SKEW;
                let explains = |told: &&LedgerGap| told.start <= end && start <= told.end + SKEW;
                gap.cause = ledger.gaps.iter().find(explains).map(|told| told.cause.clone());
            }
        }
    }

    /// The whole report.
    pub(super) fn report(self, probed: &Probed, watched: &Watched, broken_off: Option<&str>) -> DrillReport {
        let checks: Vec<_> = self.drill.bounds().into_iter().map(|bound| self.check(bound, probed, watched)).collect();
        let verdict = Verdict::of(&checks, &self.rounds, self.drill.repeat, broken_off);
        let distributions = self.distributions(probed);
        DrillReport {
            schema: SCHEMA,
            drill: reported(self.drill, self.plan.lines.clone()),
            eyrie: self.eyrie.clone(),
            seed: self.seed,
            started: self.started,
            took_ms: self.ms(self.cell.now()),
            verdict,
            checks,
            rounds: self.rounds,
            distributions,
        }
    }

    fn gaps(&self) -> impl Iterator<Item = (u32, &CameraGap)> {
        self.rounds.iter().flat_map(|round| round.gaps.iter().map(|gap| (round.number, gap)))
    }

    /// Milliseconds missing of each camera that a fault touched, in each round: the gaps of one camera in one round together, and
    /// 0 for those of which nothing is missing.
    fn by_camera(&self) -> Vec<u64> {
        let mut missing = Vec::new();
        for (round, record) in self.rounds.iter().zip(&self.records) {
            let touched: BTreeSet<_> = record.struck.iter().flat_map(|struck| &struck.cameras).collect();
            for number in touched {
                let path = camera_name(*number);
                missing.push(round.gaps.iter().filter(|gap| gap.camera == path).map(|gap| gap.lasted_ms).sum());
            }
        }
        missing
    }

    fn check(&self, bound: Bound, probed: &Probed, watched: &Watched) -> Check {
        let longest = |of: &dyn Fn(&CameraGap) -> bool| {
            let worst = self.gaps().filter(|(_, gap)| of(gap)).max_by_key(|(_, gap)| gap.lasted_ms);
            let text = worst.map_or_else(String::new, |(round, gap)| format!("{} in round {round}", gap.camera));
            Check::of(bound, Some(worst.map_or(0, |(_, gap)| gap.lasted_ms)), text)
        };
        let spread = || Distribution::of("", self.by_camera());
        match bound.measure {
            Measure::GapLongest => longest(&|_| true),
            Measure::GapLongestTwinned => longest(&|gap| gap.twinned),
            Measure::GapLongestUntouched => longest(&|gap| !gap.touched),
            Measure::GapP95 => Check::of(bound, spread().map(|spread| spread.p95_ms), ""),
            Measure::GapP99 => Check::of(bound, spread().map(|spread| spread.p99_ms), ""),
            Measure::ApiSuccess => {
                let counted = self.counted(&probed.calls);
                let good = counted.iter().filter(|call| call.succeeded).count() as u64;
                let share = (good * 10_000).checked_div(counted.len() as u64);
                Check::of(bound, share, format!("{good} of {} calls", counted.len()))
            }
            Measure::ApiP99 => {
                let spread =
                    Distribution::of("", self.counted(&probed.calls).iter().map(|call| call.took.as_millis() as u64));
                Check::of(bound, spread.map(|spread| spread.p99_ms), "")
            }
            Measure::FalseReassignments => {
                let taken = self.false_moves(watched);
                Check::of(bound, Some(taken.len() as u64), taken.first().cloned().unwrap_or_default())
            }
            Measure::UnitsUnexplained => {
                let silent = |gap: &&CameraGap| gap.cause.is_none() && gap.lasted_ms > NO_GAP_MS;
                let unexplained: u64 = self.gaps().map(|(_, gap)| gap).filter(silent).map(|gap| gap.missing).sum();
                let worst = self.gaps().find(|(_, gap)| silent(gap));
                Check::of(
                    bound,
                    Some(unexplained),
                    worst.map_or_else(String::new, |(round, gap)| format!("{} in round {round}", gap.camera)),
                )
            }
            Measure::UnitsDoubled => worst(bound, probed.doubled.as_ref()),
            Measure::LiveOutage => worst(bound, probed.live.as_ref()),
            Measure::IndexDifferences => worst(bound, probed.index.as_ref()),
            Measure::PlaybackSuccess => {
                let (all, failed) =
                    (probed.plays.len() as u64, probed.plays.iter().filter(|play| play.failed.is_some()));
                let good = all - failed.clone().count() as u64;
                let first = failed.clone().next().map(|play| {
                    format!("; {}: {}", camera_name(play.camera), play.failed.as_deref().unwrap_or_default())
                });
                let text = format!("{good} of {all} ranges{}", first.unwrap_or_default());
                Check::of(bound, (good * 10_000).checked_div(all), text)
            }
            Measure::PlaybackP99 => {
                let spread = Distribution::of("", probed.plays.iter().map(|play| play.took.as_millis() as u64));
                Check::of(bound, spread.map(|spread| spread.p99_ms), "")
            }
        }
    }

    /// The calls outside of the declared windows around faults.
    fn counted(&self, calls: &[ApiCall]) -> Vec<ApiCall> {
        let except = self
            .drill
            .probes
            .iter()
            .find_map(|probe| if let Probe::Api(api) = probe { Some(api.except) } else { None });
        let except = except.unwrap_or_default();
        let moments: Vec<_> = self.struck().flat_map(|struck| [Some(struck.at), struck.ended]).flatten().collect();
        let declared = |call: &&ApiCall| moments.iter().any(|at| *at <= call.at + call.took && call.at <= *at + except);
        calls.iter().filter(|call| !declared(call)).copied().collect()
    }

    fn struck(&self) -> impl Iterator<Item = &StruckRecord> {
        self.records.iter().flat_map(|record| &record.struck)
    }

    /// Placements that were taken from nodes that lived, in words.
    fn false_moves(&self, watched: &Watched) -> Vec<String> {
        let expected = |at: WallTime, node: usize| {
            self.struck().any(|struck| {
                let until = struck.ended.map_or(WallTime::MAX, |ended| ended + AFTERMATH);
                struck.may_take && struck.nodes.contains(&node) && (struck.at..=until).contains(&at)
            })
        };
        let numbers = self.cell.numbers();
        let taken = watched.moves.iter().filter(|moved| !moved.planned);
        let taken = taken.filter(|moved| moved.from.is_some_and(|from| !expected(moved.at, from)));
        let node = |node: Option<usize>| node.map_or_else(|| "?".to_owned(), name);
        let text = taken.map(|moved| {
            let camera =
                numbers.get(moved.camera.as_str()).map_or_else(|| moved.camera.clone(), |number| camera_name(*number));
            format!("{camera} from {} to {} at {} ms", node(moved.from), node(moved.to), self.ms(moved.at))
        });
        text.collect()
    }

    fn distributions(&self, probed: &Probed) -> Vec<Distribution> {
        let mut all = Vec::new();
        all.extend(Distribution::of("missing, of each camera that a fault touched", self.by_camera()));
        all.extend(Distribution::of_gaps(&self.rounds));
        all.extend(Distribution::of("API answer", probed.calls.iter().map(|call| call.took.as_millis() as u64)));
        all.extend(Distribution::of(
            "playlists of a range",
            probed.plays.iter().map(|play| play.took.as_millis() as u64),
        ));
        all
    }

    /// What was counted beside the measures, in a line.
    pub(super) fn counts(&self, watched: &Watched) -> String {
        let marks = |what: &str| {
            self.rounds.iter().flat_map(|round| &round.marks).filter(|mark| mark.text.ends_with(what)).count()
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

fn worst(bound: Bound, found: Option<&Worst>) -> Check {
    Check::of(bound, found.map(|found| found.measured), found.map_or_else(String::new, |found| found.text.clone()))
}

/// The report of a drill of which nothing was done.
pub(super) fn refused(drill: &Drill, options: &RunOptions, refusals: &[Refusal]) -> DrillReport {
    DrillReport {
        schema: SCHEMA,
        drill: reported(drill, Vec::new()),
        eyrie: options.version.clone(),
        seed: options.seed,
        started: SystemClock::new().now(),
        took_ms: 0,
        verdict: Verdict::refused(refusals),
        checks: Vec::new(),
        rounds: Vec::new(),
        distributions: Vec::new(),
    }
}

fn reported(drill: &Drill, plan: Vec<String>) -> ReportedDrill {
    let (name, hypothesis) = (drill.name.clone(), drill.hypothesis.clone());
    ReportedDrill { name, hypothesis, target: drill.target.to_string(), plan }
}

fn hit(struck: &StruckRecord) -> Vec<String> {
    let nodes = struck.nodes.iter().map(|node| name(*node));
    nodes.chain(struck.chosen.iter().map(|camera| camera_name(*camera))).collect()
}

/// What came of a round, in a line.
fn line(round: &Round) -> String {
    let hit: Vec<_> = round.faults.iter().flat_map(|fault| &fault.hit).cloned().collect();
    let lasted = Distribution::of("", round.gaps.iter().map(|gap| gap.lasted_ms));
    let gaps = lasted.map_or_else(
        || "nothing missing".to_owned(),
        |lasted| format!("{} gaps, p50 {} ms, longest {} ms", lasted.count, lasted.p50_ms, lasted.max_ms),
    );
    let mut phases = String::new();
    for at in 0..5 {
        let values = round.gaps.iter().filter_map(|gap| gap.phases.named().into_iter().nth(at));
        let name = values.clone().next().map_or("", |(name, _)| name);
        if let Some(spread) = Distribution::of("", values.filter_map(|(_, ms)| ms)) {
            phases += &format!(", {name} {}", spread.p50_ms);
        }
    }
    let recovered = round.recovered_ms.map_or_else(|| "not recovered".to_owned(), |ms| format!("steady after {ms} ms"));
    format!("round {}: {}: {gaps}{phases}; {recovered}", round.number, hit.join(" "))
}

fn wall(unix_us: u64) -> WallTime {
    WallTime::from_unix_us(unix_us.cast_signed())
}
