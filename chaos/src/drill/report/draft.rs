use std::time::Duration;

use eyrie_types::WallTime;

use super::found::{ApiCall, Found, Taken, Worst};
use super::record::{RoundRecord, StruckRecord};
use super::{
    CameraGap, Check, Distribution, DrillReport, Mark, MarkKind, ReportedDrill, ReportedFault, Round, SCHEMA, Verdict,
};
use crate::drill::plan::Refusal;
use crate::drill::{Bound, Drill, Measure, Probe};

/// Moves so soon after a fault's end still come of it: the cell has yet to see that it is over.
const AFTERMATH: Duration = Duration::from_secs(10);
/// Absences of units up to this are no gaps, and the ledger says nothing of them.
const NO_GAP_MS: u64 = 500;

/// The report of a drill while it is written: round by round, and at the end what probes found. Pure: whoever runs the drill, on a
/// local cell or on one that exists, brings what was done and what was seen.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    drill: &'a Drill,
    plan: Vec<String>,
    started: WallTime,
    seed: u64,
    eyrie: String,
    rounds: Vec<Round>,
    records: Vec<RoundRecord>,
}

impl<'a> Draft<'a> {
    /// Of `drill`, begun at `started`; `plan` are the lines of its plan, `eyrie` is the release that is drilled.
    pub(crate) fn new(drill: &'a Drill, plan: Vec<String>, started: WallTime, seed: u64, eyrie: String) -> Self {
        Self { drill, plan, started, seed, eyrie, rounds: Vec::new(), records: Vec::new() }
    }

    /// The report of a drill of which nothing was done.
    pub(crate) fn refused(self, refusals: &[Refusal]) -> DrillReport {
        let verdict = Verdict::refused(refusals);
        self.written(verdict, Vec::new(), Vec::new(), 0)
    }

    /// Milliseconds from the beginning of the drill.
    pub(crate) fn ms(&self, at: WallTime) -> u64 {
        at.since(self.started).as_millis() as u64
    }

    /// The drill.
    pub(crate) fn drill(&self) -> &'a Drill {
        self.drill
    }

    /// When it began.
    pub(crate) fn started(&self) -> WallTime {
        self.started
    }

    /// The rounds so far.
    pub(crate) fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// The gaps so far, of all rounds.
    pub(crate) fn gaps_mut(&mut self) -> impl Iterator<Item = &mut CameraGap> {
        self.rounds.iter_mut().flat_map(|round| &mut round.gaps)
    }

    /// Takes a round that is over, what was missing in it, and what else was seen; says in a line what came of it.
    pub(crate) fn take(&mut self, record: RoundRecord, mut gaps: Vec<CameraGap>, seen: Vec<Mark>) -> String {
        gaps.sort_by_key(|gap| gap.began_ms);
        let mut marks = self.marks(&record);
        marks.extend(seen);
        marks.sort_by_key(|mark| mark.at_ms);
        let recovered = |steady: WallTime| steady.since(record.over.unwrap_or(record.began)).as_millis() as u64;
        let round = Round {
            number: record.number,
            began_ms: self.ms(record.began),
            ended_ms: self.ms(record.ended),
            recovered_ms: record.steady.map(recovered),
            faults: record.struck.iter().map(|struck| self.fault(struck)).collect(),
            marks,
            gaps,
        };
        let line = line(&round);
        self.rounds.push(round);
        self.records.push(record);
        line
    }

    fn marks(&self, record: &RoundRecord) -> Vec<Mark> {
        let mark = |at: WallTime, kind, text: String| Mark { at_ms: self.ms(at), kind, text };
        let mut marks = Vec::new();
        for struck in &record.struck {
            let hit = struck.hit().join(", ");
            marks.push(mark(struck.at, MarkKind::Fault, format!("{} begins: {hit}", struck.what)));
            marks.extend(struck.ended.map(|at| mark(at, MarkKind::Fault, format!("{} is over", struck.what))));
        }
        marks.extend(record.steady.map(|at| mark(at, MarkKind::Steady, "the steady state is back".to_owned())));
        marks
    }

    fn fault(&self, struck: &StruckRecord) -> ReportedFault {
        ReportedFault {
            kind: struck.kind.to_owned(),
            what: struck.what.clone(),
            hit: struck.hit(),
            began_ms: self.ms(struck.at),
            ended_ms: struck.ended.map(|at| self.ms(at)),
            cut_short: struck.cut_short,
        }
    }

    /// The whole report, at `now`; `broken_off` says why, where it was.
    pub(crate) fn report(self, found: &Found, now: WallTime, broken_off: Option<&str>) -> DrillReport {
        let checks: Vec<_> = self.drill.bounds().into_iter().map(|bound| self.check(bound, found)).collect();
        let verdict = Verdict::of(&checks, &self.rounds, self.drill.repeat, broken_off);
        let (distributions, took_ms) = (self.distributions(found), self.ms(now));
        self.written(verdict, checks, distributions, took_ms)
    }

    fn written(
        self,
        verdict: Verdict,
        checks: Vec<Check>,
        distributions: Vec<Distribution>,
        took_ms: u64,
    ) -> DrillReport {
        let Self { drill, plan, started, seed, eyrie, rounds, .. } = self;
        let (name, hypothesis) = (drill.name.clone(), drill.hypothesis.clone());
        let drill = ReportedDrill { name, hypothesis, target: drill.target.to_string(), plan };
        DrillReport { schema: SCHEMA, drill, eyrie, seed, started, took_ms, verdict, checks, rounds, distributions }
    }

    fn gaps(&self) -> impl Iterator<Item = (u32, &CameraGap)> {
        self.rounds.iter().flat_map(|round| round.gaps.iter().map(|gap| (round.number, gap)))
    }

    /// Milliseconds missing of each camera that a fault touched, in each round: the gaps of one camera in one round together, and
    /// 0 for those of which nothing is missing.
    fn by_camera(&self) -> Vec<u64> {
        let mut missing = Vec::new();
        for (round, record) in self.rounds.iter().zip(&self.records) {
            for camera in record.touched() {
                missing.push(round.gaps.iter().filter(|gap| gap.camera == camera).map(|gap| gap.lasted_ms).sum());
            }
        }
        missing
    }

    fn check(&self, bound: Bound, found: &Found) -> Check {
        let longest = |of: &dyn Fn(&CameraGap) -> bool| {
            let worst = self.gaps().filter(|(_, gap)| of(gap)).max_by_key(|(_, gap)| gap.lasted_ms);
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
                let counted = self.counted(&found.calls);
                let good = counted.iter().filter(|call| call.succeeded).count() as u64;
                let share = (good * 10_000).checked_div(counted.len() as u64);
                Check::of(bound, share, format!("{good} of {} calls", counted.len()))
            }
            Measure::ApiP99 => {
                let took = self.counted(&found.calls).into_iter().map(|call| call.took.as_millis() as u64);
                Check::of(bound, Distribution::of("", took).map(|spread| spread.p99_ms), "")
            }
            Measure::FalseReassignments => {
                let taken = self.false_moves(&found.taken);
                Check::of(bound, Some(taken.len() as u64), taken.first().cloned().unwrap_or_default())
            }
            Measure::UnitsUnexplained => {
                let silent = |gap: &&CameraGap| gap.cause.is_none() && gap.lasted_ms > NO_GAP_MS;
                let unexplained: u64 = self.gaps().map(|(_, gap)| gap).filter(silent).map(|gap| gap.missing).sum();
                let worst = self.gaps().find(|(_, gap)| silent(gap));
                let text = worst.map_or_else(String::new, |(round, gap)| format!("{} in round {round}", gap.camera));
                Check::of(bound, Some(unexplained), text)
            }
            Measure::UnitsDoubled => worst(bound, found.doubled.as_ref()),
            Measure::LiveOutage => worst(bound, found.live.as_ref()),
            Measure::IndexDifferences => worst(bound, found.index.as_ref()),
            Measure::PlaybackSuccess => {
                let all = found.plays.len() as u64;
                let mut failed = found.plays.iter().filter_map(|play| Some((&play.camera, play.failed.as_ref()?)));
                let good = all - failed.clone().count() as u64;
                let first = failed.next().map(|(camera, why)| format!("; {camera}: {why}")).unwrap_or_default();
                Check::of(bound, (good * 10_000).checked_div(all), format!("{good} of {all} ranges{first}"))
            }
            Measure::PlaybackP99 => {
                let spread = Distribution::of("", found.plays.iter().map(|play| play.took.as_millis() as u64));
                Check::of(bound, spread.map(|spread| spread.p99_ms), "")
            }
        }
    }

    fn struck(&self) -> impl Iterator<Item = &StruckRecord> {
        self.records.iter().flat_map(|record| &record.struck)
    }

    /// The calls outside of the declared windows around faults.
    fn counted(&self, calls: &[ApiCall]) -> Vec<ApiCall> {
        let except = self.drill.probes.iter().find_map(|probe| match probe {
            Probe::Api(api) => Some(api.except),
            _ => None,
        });
        let except = except.unwrap_or_default();
        let moments: Vec<_> = self.struck().flat_map(|struck| [Some(struck.at), struck.ended]).flatten().collect();
        let declared = |call: &&ApiCall| moments.iter().any(|at| *at <= call.at + call.took && call.at <= *at + except);
        calls.iter().filter(|call| !declared(call)).copied().collect()
    }

    /// Placements that were taken from nodes that lived, in words.
    fn false_moves(&self, taken: &[Taken]) -> Vec<String> {
        let expected = |taken: &&Taken| {
            self.struck().any(|struck| {
                let until = struck.ended.map_or(WallTime::MAX, |ended| ended + AFTERMATH);
                struck.may_take && struck.nodes.contains(&taken.from) && (struck.at..=until).contains(&taken.at)
            })
        };
        let text =
            |taken: &Taken| format!("{} from {} to {} at {} ms", taken.camera, taken.from, taken.to, self.ms(taken.at));
        taken.iter().filter(|taken| !expected(taken)).map(text).collect()
    }

    fn distributions(&self, found: &Found) -> Vec<Distribution> {
        let mut all = Vec::new();
        all.extend(Distribution::of("missing, of each camera that a fault touched", self.by_camera()));
        all.extend(Distribution::of_gaps(&self.rounds));
        all.extend(Distribution::of("API answer", found.calls.iter().map(|call| call.took.as_millis() as u64)));
        all.extend(Distribution::of(
            "playlists of a range",
            found.plays.iter().map(|play| play.took.as_millis() as u64),
        ));
        all
    }
}

fn worst(bound: Bound, found: Option<&Worst>) -> Check {
    Check::of(bound, found.map(|found| found.measured), found.map_or_else(String::new, |found| found.text.clone()))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::drill::CATALOGUE;
    use crate::drill::file::read_drill;
    use crate::drill::report::{GapPhases, Outcome};

    fn at(s: u64) -> WallTime {
        WallTime::EPOCH + Duration::from_secs(s)
    }

    fn drill(probes: &str) -> Drill {
        let (_, text) = CATALOGUE.iter().find(|(name, _)| *name == "kill-a-node").unwrap();
        let (before, rest) = text.split_once("probes:").unwrap();
        let (_, after) = rest.split_once("faults:").unwrap();
        read_drill(&format!("{before}probes: {probes}\nfaults:{after}")).unwrap()
    }

    fn struck() -> StruckRecord {
        StruckRecord {
            kind: "kill",
            what: "kill any".to_owned(),
            at: at(10),
            ended: Some(at(20)),
            cut_short: false,
            nodes: BTreeSet::from(["n1".to_owned()]),
            cameras: BTreeSet::from(["cam1".to_owned(), "cam2".to_owned()]),
            chosen: Vec::new(),
            may_take: true,
        }
    }

    fn gap(camera: &str, lasted_ms: u64) -> CameraGap {
        let (phases, camera) = (GapPhases::default(), camera.to_owned());
        CameraGap { camera, twinned: false, touched: true, began_ms: 0, lasted_ms, missing: 1, cause: None, phases }
    }

    fn report(drill: &Drill, found: &Found) -> DrillReport {
        let mut draft = Draft::new(drill, Vec::new(), at(0), 1, "test".to_owned());
        let mut record = RoundRecord::new(1, at(5));
        (record.struck, record.over, record.steady) = (vec![struck()], Some(at(20)), Some(at(23)));
        let line = draft.take(record, vec![gap("cam1", 700), gap("cam1", 300)], Vec::new());
        assert_eq!(line, "round 1: n1: 2 gaps, p50 300 ms, longest 700 ms; steady after 3000 ms");
        draft.report(found, at(30), None)
    }

    fn measured(report: &DrillReport) -> Vec<Option<u64>> {
        report.checks.iter().map(|check| check.measured).collect()
    }

    #[test]
    fn gaps_of_one_camera_count_together_and_cameras_without_one_count_as_nothing_missing() {
        let drill = drill("{recorded_gap: {longest: 1s, p95: 1s, unexplained: 0}}");
        let report = report(&drill, &Found::default());
        assert_eq!(measured(&report), [Some(700), Some(1_000), Some(1)]);
        let spread = &report.distributions[0];
        assert_eq!((spread.count, spread.p50_ms, spread.max_ms), (2, 0, 1_000));
        assert_eq!(report.verdict.outcome, Outcome::Failed, "700 ms are missing, and the ledger does not say why");
    }

    #[test]
    fn what_was_taken_from_a_node_that_a_fault_had_hit_is_no_false_move() {
        let drill = drill("{false_reassignments: {at_most: 0}}");
        let taken = |at, from: &str| Taken { at, camera: "cam1".into(), from: from.into(), to: "n2".into() };
        for (moved, count) in [
            (taken(at(12), "n1"), 0),
            (taken(at(29), "n1"), 0),
            (taken(at(31), "n1"), 1),
            (taken(at(9), "n1"), 1),
            (taken(at(12), "n0"), 1),
        ] {
            let text = format!("{moved:?}");
            let found = Found { taken: vec![moved], ..Found::default() };
            assert_eq!(measured(&report(&drill, &found)), [Some(count)], "{text}");
        }
    }

    #[test]
    fn calls_in_the_declared_windows_around_a_fault_are_not_counted() {
        let drill = drill("{api: {success: 100%, except: 2s}}");
        let call = |s, succeeded| ApiCall { at: at(s), took: Duration::from_millis(5), succeeded };
        let found = Found { calls: vec![call(8, true), call(11, false), call(21, false)], ..Found::default() };
        assert_eq!(measured(&report(&drill, &found)), [Some(10_000)]);
        let found = Found { calls: vec![call(8, true), call(15, false)], ..Found::default() };
        assert_eq!(measured(&report(&drill, &found)), [Some(5_000)]);
    }

    #[test]
    fn what_no_probe_found_is_not_measured_and_has_not_held() {
        let drill = drill("{live: {outage: 1s}, playback: {success: 100%}, recorded_gap: {doubled: 0}}");
        let report = report(&drill, &Found::default());
        assert!(measured(&report).iter().all(Option::is_none) && report.checks.iter().all(|check| !check.held));
    }
}
