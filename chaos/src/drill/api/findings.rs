use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{NodeId, WallTime};
use futures::StreamExt as _;

use super::lead::Lead;
use super::look::Look;
use super::round::{Record, Struck};
use super::views::Gaps;
use super::{ApiClient, ApiFailure};
use crate::drill::plan::Plan;
use crate::drill::report::{
    CameraGap, Check, Distribution, GapPhases, Mark, MarkKind, ReportedDrill, ReportedFault, Round, SCHEMA, Verdict,
};
use crate::drill::watch::ApiCall;
use crate::drill::{Bound, Drill, DrillReport, Measure, Probe};

/// How long the ledger may take to show what was recorded by the end of a round.
const SHOWN_WITHIN: Duration = Duration::from_secs(20);
/// Pause between looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Cameras asked for at once.
const AT_ONCE: usize = 8;
/// Moves so soon after a fault's end still come of it: the cell has yet to see that it is over.
const AFTERMATH: Duration = Duration::from_secs(10);
/// Gaps of a round that a report keeps, the longest ones: some hundred kilobytes for a hundred rounds.
const GAPS_MAX: usize = 300;

/// A placement that was taken from a node without a plan.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) at: WallTime,
    pub(super) camera: String,
    pub(super) from: NodeId,
    pub(super) to: NodeId,
}

/// Gathers what is found, round by round.
pub(super) struct Findings<'a> {
    pub(super) drill: &'a Drill,
    pub(super) plan: Plan,
    pub(super) client: &'a Arc<ApiClient>,
    pub(super) lead: &'a Lead,
    pub(super) started: WallTime,
    pub(super) seed: u64,
    pub(super) eyrie: String,
    pub(super) rounds: Vec<Round>,
    pub(super) records: Vec<Record>,
}

impl Findings<'_> {
    /// Takes a round that is over, and says in a line what came of it.
    pub(super) async fn take(&mut self, record: Record, cell: &Look, marks: Vec<Mark>) -> Result<String, String> {
        let wanted = self.drill.probes.iter().any(|probe| matches!(probe, Probe::RecordedGap(_)));
        let mut gaps = if wanted { self.gaps(&record, cell).await? } else { Vec::new() };
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.lasted_ms));
        gaps.truncate(GAPS_MAX);
        gaps.sort_by_key(|gap| gap.began_ms);
        let mut all = marks;
        for struck in &record.struck {
            let mark = |at, text| Mark { at_ms: self.ms(at), kind: MarkKind::Fault, text };
            let hit: Vec<_> = struck.nodes.iter().cloned().collect();
            all.push(mark(struck.at, format!("{} begins: {}", struck.what, hit.join(", "))));
            all.extend(struck.ended.map(|at| mark(at, format!("{} is over", struck.what))));
        }
        let steady = record.steady.map(|at| (at, at.since(record.over.unwrap_or(record.began))));
        all.extend(steady.map(|(at, _)| Mark {
            at_ms: self.ms(at),
            kind: MarkKind::Steady,
            text: "the steady state is back".to_owned(),
        }));
        all.sort_by_key(|mark| mark.at_ms);
        let round = Round {
            number: record.number,
            began_ms: self.ms(record.began),
            ended_ms: self.ms(record.ended),
            recovered_ms: steady.map(|(_, after)| after.as_millis() as u64),
            faults: record.struck.iter().map(|struck| self.fault(struck)).collect(),
            marks: all,
            gaps,
        };
        let line = line(&round);
        self.rounds.push(round);
        self.records.push(record);
        Ok(line)
    }

    /// What the ledger says is missing of each camera.
    async fn gaps(&self, record: &Record, cell: &Look) -> Result<Vec<CameraGap>, String> {
        let touched: BTreeSet<_> = record.struck.iter().flat_map(|struck| &struck.cameras).collect();
        let cameras = cell.facts.cameras.iter().zip(&cell.cameras);
        let work = cameras.map(|(camera, id)| {
            let (touched, twinned) = (touched.contains(&camera.name), camera.nodes.len() > 1);
            async move {
                let gaps = self.gaps_of(id, record).await.map_err(|failure| failure.to_string())?;
                Ok::<_, String>((camera.name.clone(), touched, twinned, gaps))
            }
        });
        let work: Vec<_> = work.collect();
        let mut found = Vec::new();
        let mut answers = futures::stream::iter(work).buffered(AT_ONCE);
        while let Some(answer) = answers.next().await {
            let (camera, touched, twinned, gaps) = answer?;
            for gap in gaps.gaps {
                found.push(CameraGap {
                    camera: camera.clone(),
                    twinned,
                    touched,
                    began_ms: self.ms(gap.start),
                    lasted_ms: gap.end.since(gap.start).as_millis() as u64,
                    // Real cameras do not number their pictures.
                    missing: 0,
                    cause: Some(gap.cause),
                    phases: GapPhases::default(),
                });
            }
        }
        Ok(found)
    }

    /// The gaps of a camera, once the ledger shows that it is recorded again; those there are when it is not in time.
    async fn gaps_of(&self, camera: &str, record: &Record) -> Result<Gaps, ApiFailure> {
        let deadline = self.lead.monotonic() + SHOWN_WITHIN;
        loop {
            let after: Result<Gaps, _> =
                self.client.get(&format!("/api/v1/cameras/{camera}/gaps?from={}", record.ended)).await;
            let shown = after.is_ok_and(|after| after.durable_s > 0.0);
            if shown || self.lead.monotonic() > deadline {
                let (from, to) = (record.began, if shown { record.ended } else { self.lead.now() });
                return self.client.get(&format!("/api/v1/cameras/{camera}/gaps?from={from}&to={to}")).await;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn fault(&self, struck: &Struck) -> ReportedFault {
        ReportedFault {
            kind: struck.kind.to_owned(),
            what: struck.what.clone(),
            hit: struck.nodes.iter().cloned().collect(),
            began_ms: self.ms(struck.at),
            ended_ms: struck.ended.map(|at| self.ms(at)),
            cut_short: struck.cut_short,
        }
    }

    pub(super) fn ms(&self, at: WallTime) -> u64 {
        at.since(self.started).as_millis() as u64
    }

    /// The whole report.
    pub(super) fn report(
        self,
        calls: &[ApiCall],
        taken: &[Taken],
        names: &BTreeMap<NodeId, String>,
        broken_off: Option<&str>,
    ) -> DrillReport {
        let bounds = self.drill.bounds().into_iter();
        let checks: Vec<_> = bounds.map(|bound| self.check(bound, calls, taken, names)).collect();
        let verdict = Verdict::of(&checks, &self.rounds, self.drill.repeat, broken_off);
        let mut distributions = Vec::new();
        distributions.extend(Distribution::of("missing, of each camera that a fault touched", self.by_camera()));
        distributions.extend(Distribution::of_gaps(&self.rounds));
        distributions.extend(Distribution::of("API answer", calls.iter().map(|call| call.took.as_millis() as u64)));
        DrillReport {
            schema: SCHEMA,
            drill: reported(self.drill, self.plan.lines.clone()),
            eyrie: self.eyrie.clone(),
            seed: self.seed,
            started: self.started,
            took_ms: self.ms(self.lead.now()),
            verdict,
            checks,
            rounds: self.rounds,
            distributions,
        }
    }

    fn gaps_found(&self) -> impl Iterator<Item = (u32, &CameraGap)> {
        self.rounds.iter().flat_map(|round| round.gaps.iter().map(|gap| (round.number, gap)))
    }

    /// Milliseconds missing of each camera that a fault touched, in each round.
    fn by_camera(&self) -> Vec<u64> {
        let mut missing = Vec::new();
        for (round, record) in self.rounds.iter().zip(&self.records) {
            let touched: BTreeSet<_> = record.struck.iter().flat_map(|struck| &struck.cameras).collect();
            for camera in touched {
                missing.push(round.gaps.iter().filter(|gap| gap.camera == *camera).map(|gap| gap.lasted_ms).sum());
            }
        }
        missing
    }

    fn check(&self, bound: Bound, calls: &[ApiCall], taken: &[Taken], names: &BTreeMap<NodeId, String>) -> Check {
        let longest = |of: &dyn Fn(&CameraGap) -> bool| {
            let worst = self.gaps_found().filter(|(_, gap)| of(gap)).max_by_key(|(_, gap)| gap.lasted_ms);
            let text = worst.map_or_else(String::new, |(round, gap)| format!("{} in round {round}", gap.camera));
            // Without a round that is over, nothing was measured.
            let measured = (!self.rounds.is_empty()).then(|| worst.map_or(0, |(_, gap)| gap.lasted_ms));
            Check::of(bound, measured, text)
        };
        let spread = || Distribution::of("", self.by_camera());
        match bound.measure {
            Measure::GapLongest => longest(&|_| true),
            Measure::GapLongestTwinned => longest(&|gap| gap.twinned),
            Measure::GapLongestUntouched => longest(&|gap| !gap.touched),
            Measure::GapP95 => Check::of(bound, spread().map(|spread| spread.p95_ms), ""),
            Measure::GapP99 => Check::of(bound, spread().map(|spread| spread.p99_ms), ""),
            Measure::ApiSuccess => {
                let counted = self.counted(calls);
                let good = counted.iter().filter(|call| call.succeeded).count() as u64;
                let share = (good * 10_000).checked_div(counted.len() as u64);
                Check::of(bound, share, format!("{good} of {} calls", counted.len()))
            }
            Measure::ApiP99 => {
                let took = self.counted(calls).into_iter().map(|call| call.took.as_millis() as u64);
                Check::of(bound, Distribution::of("", took).map(|spread| spread.p99_ms), "")
            }
            Measure::FalseReassignments => {
                let taken = self.false_moves(taken, names);
                Check::of(bound, Some(taken.len() as u64), taken.first().cloned().unwrap_or_default())
            }
            _ => Check::of(bound, None, ""),
        }
    }

    /// The calls outside of the declared windows around faults.
    fn counted(&self, calls: &[ApiCall]) -> Vec<ApiCall> {
        let except = self.drill.probes.iter().find_map(|probe| match probe {
            Probe::Api(api) => Some(api.except),
            _ => None,
        });
        let except = except.unwrap_or_default();
        let struck = self.records.iter().flat_map(|record| &record.struck);
        let moments: Vec<_> = struck.flat_map(|struck| [Some(struck.at), struck.ended]).flatten().collect();
        let declared = |call: &&ApiCall| moments.iter().any(|at| *at <= call.at + call.took && call.at <= *at + except);
        calls.iter().filter(|call| !declared(call)).copied().collect()
    }

    /// Placements that were taken from nodes that lived, in words.
    fn false_moves(&self, taken: &[Taken], names: &BTreeMap<NodeId, String>) -> Vec<String> {
        let name = |node: NodeId| names.get(&node).cloned().unwrap_or_else(|| node.to_string());
        let expected = |taken: &&Taken| {
            let from = name(taken.from);
            self.records.iter().flat_map(|record| &record.struck).any(|struck| {
                let until = struck.ended.map_or(WallTime::MAX, |ended| ended + AFTERMATH);
                struck.may_take && struck.nodes.contains(&from) && (struck.at..=until).contains(&taken.at)
            })
        };
        let unexpected = taken.iter().filter(|taken| !expected(taken));
        let text = |taken: &Taken| {
            let (from, to) = (name(taken.from), name(taken.to));
            format!("{} from {from} to {to} at {} ms", taken.camera, self.ms(taken.at))
        };
        unexpected.map(text).collect()
    }
}

/// What was asked for, as reports have it.
pub(super) fn reported(drill: &Drill, plan: Vec<String>) -> ReportedDrill {
    let (name, hypothesis) = (drill.name.clone(), drill.hypothesis.clone());
    ReportedDrill { name, hypothesis, target: drill.target.to_string(), plan }
}

/// What came of a round, in a line.
fn line(round: &Round) -> String {
    let hit: Vec<_> = round.faults.iter().flat_map(|fault| &fault.hit).cloned().collect();
    let lasted = Distribution::of("", round.gaps.iter().map(|gap| gap.lasted_ms));
    let gaps = lasted.map_or_else(
        || "nothing missing".to_owned(),
        |lasted| format!("{} gaps, p50 {} ms, longest {} ms", lasted.count, lasted.p50_ms, lasted.max_ms),
    );
    let recovered = round.recovered_ms.map_or_else(|| "not recovered".to_owned(), |ms| format!("steady after {ms} ms"));
    format!("round {}: {}: {gaps}; {recovered}", round.number, hit.join(" "))
}
