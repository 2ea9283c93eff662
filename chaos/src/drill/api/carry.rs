use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::{
    Clock as _, DrillRun, DrillRunnerId, DrillSeen, DrillVerdict, NodeId, SystemClock, TimeRange, WallTime,
};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::ApiClient;
use super::calls::Calls;
use super::findings::Findings;
use super::lead::Lead;
use super::live::look_at_live;
use super::look::look;
use super::plays::{doubled, play_ranges};
use super::round::{Record, round};
use super::through::Through;
use super::views::{OneNode, Placed};
use crate::drill::report::{Draft, Found, Mark, MarkKind, Taken};
use crate::drill::watch::{Ages, Plays};
use crate::drill::{Drill, DrillError, DrillReport, Guard, LiveProbe, Measure, Probe, Say, Seen};

/// How often the cell is looked at: a planned move takes longer, and is seen on its way.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Placements that changed their node, at most so many: a hundred rounds of a thousand cameras.
const TAKEN_MAX: usize = 100_000;
/// Marks that are kept: leaders and verdicts of death.
const MARKS_MAX: usize = 5_000;
/// How often the report is handed in before it is given up: nodes may be on their way back.
const HAND_IN: (usize, Duration) = (20, Duration::from_secs(1));

/// Who carries a run, and which.
#[derive(Debug, Clone)]
pub struct CarryOptions {
    /// The run, taken already.
    pub run: DrillRun,
    /// The process that has taken it.
    pub runner: DrillRunnerId,
}

/// What was seen of the cell so far.
#[derive(Debug, Default)]
struct Watched {
    taken: Vec<Taken>,
    marks: Vec<(WallTime, MarkKind, String)>,
}

/// The probes that run while the cell is drilled.
struct Probing {
    calls: Arc<Calls>,
    live: Option<(LiveProbe, Arc<Ages>)>,
    plays: Arc<Plays>,
}

impl Probing {
    /// Begins those that the drill asks for.
    fn start(drill: &Drill, through: &Through, tasks: &mut JoinSet<()>) -> Self {
        let mut probing = Self { calls: Arc::default(), live: None, plays: Arc::default() };
        for probe in &drill.probes {
            match probe {
                Probe::Api(api) => {
                    tasks.spawn(Arc::clone(&probing.calls).run(through.clone(), api.every));
                }
                Probe::Live(live) => {
                    let ages = Arc::<Ages>::default();
                    tasks.spawn(look_at_live(Arc::clone(&ages), through.clone(), live.clone()));
                    probing.live = Some((live.clone(), ages));
                }
                Probe::Playback(playback) => {
                    tasks.spawn(play_ranges(Arc::clone(&probing.plays), through.clone(), playback.clone()));
                }
                Probe::RecordedGap(_) | Probe::FalseReassignments(_) | Probe::IndexMatchesDisk(_) => {}
            }
        }
        probing
    }

    /// What they have found at `now`.
    fn found(&self, now: WallTime) -> Found {
        Found {
            calls: self.calls.all(),
            plays: self.plays.all(),
            live: self.live.as_ref().and_then(|(probe, ages)| ages.worst(probe.age, now)),
            ..Found::default()
        }
    }
}

/// Carries `drill` out on the cell that `client` asks: says which faults are to be in force, watches, and hands the report in. Ends
/// early, with the verdict that it was broken off, when `stop` says why, when somebody aborts the run, or when a guardrail is hit.
/// Every fault is over when this returns, or its agent ends it by itself.
///
/// # Errors
/// When the cell cannot be asked at all. What it does wrong is in the report.
pub async fn carry(
    drill: &Drill,
    client: &Arc<ApiClient>,
    options: CarryOptions,
    stop: impl Future<Output = String>,
    say: Say<'_>,
) -> Result<DrillReport, DrillError> {
    let CarryOptions { run, runner } = options;
    let clock = SystemClock::new();
    let one: OneNode = client.get("/api/v1/node").await?;
    let ahead_us = one.now.signed_us_since(clock.now());
    let lead = Arc::new(Lead::new(run.id, runner, drill.dead_man, ahead_us));
    lead.tell(|progress| progress.rounds = drill.repeat);
    // Which node is at which address; one that does not answer now is asked without mercy.
    let mut nodes: Vec<Option<NodeId>> = Vec::new();
    for at in 0..client.addresses() {
        nodes.push(client.get_of::<OneNode>(at, "/api/v1/node").await.ok().map(|node| node.id));
    }
    let first = look(client).await?;
    let names: BTreeMap<NodeId, String> = first.nodes.iter().map(|(name, id)| (*id, name.clone())).collect();
    let through = Through {
        client: Arc::clone(client),
        lead: Arc::clone(&lead),
        nodes: nodes.into(),
        latest: Arc::new(Mutex::new(Some(Arc::new(first)))),
    };
    let watched = Arc::<Mutex<Watched>>::default();
    let mut tasks = JoinSet::new();
    tasks.spawn(Arc::clone(&lead).beat(Arc::clone(client)));
    let probing = Probing::start(drill, &through, &mut tasks);
    let calls = Arc::clone(&probing.calls);
    tasks.spawn(watch(through.clone(), calls, Arc::clone(&watched), names, drill.clone()));
    let (started, seed) = (lead.now(), run.asked.seed);
    let draft = Draft::new(drill, run.asked.plan.clone(), started, seed, one.version);
    let mut findings = Findings { draft, client, lead: &lead };
    let tell = |text: &str| {
        lead.line(text);
        say(text);
    };
    let mut broken_off = None;
    let mut stop = std::pin::pin!(stop);
    for number in 1..=drill.repeat {
        let mut record = Record::new(number, lead.now());
        let done = tokio::select! {
            done = round(drill, seed, client, &lead, &mut record) => done,
            why = lead.broken_off() => Err(why),
            why = &mut stop => Err(why),
        };
        if done.is_err() {
            lead.tell(|progress| progress.doing = "ends its faults".to_owned());
            record.cut_short(client, &lead).await;
        }
        lead.tell(|progress| progress.doing = "asks the ledger what is missing".to_owned());
        let marks = std::mem::take(&mut watched.lock().unwrap_or_else(PoisonError::into_inner).marks);
        let mark = |(at, kind, text)| Mark { at_ms: findings.draft.ms(at), kind, text };
        let marks = marks.into_iter().map(mark).collect();
        if let Some(cell) = through.seen() {
            match findings.take(record.done, &cell, marks).await {
                Ok(line) => tell(&line),
                Err(why) => broken_off = Some(format!("the ledger could not be asked: {why}")),
            }
        }
        if let Err(why) = done {
            tell(&format!("broken off: {why}"));
            broken_off = Some(why);
        }
        if broken_off.is_some() {
            break;
        }
    }
    let mut found = probing.found(lead.now());
    found.taken = std::mem::take(&mut watched.lock().unwrap_or_else(PoisonError::into_inner).taken);
    let wants_doubled = drill.bounds().iter().any(|bound| bound.measure == Measure::UnitsDoubled);
    if wants_doubled && broken_off.is_none() {
        lead.tell(|progress| progress.doing = "looks for what playback shows twice".to_owned());
        let looking = doubled(&through, TimeRange { start: started, end: lead.now() });
        tokio::select! {
            answer = looking => match answer {
                Ok(worst) => found.doubled = Some(worst),
                Err(why) => tell(&format!("what playback shows twice cannot be told: {why}")),
            },
            why = lead.broken_off() => broken_off = Some(why),
            why = &mut stop => broken_off = Some(why),
        }
    }
    let report = findings.draft.report(&found, lead.now(), broken_off.as_deref());
    hand_in(client, &run, runner, &report, say).await;
    tasks.shutdown().await;
    Ok(report)
}

/// Hands the report in. A run that is over already keeps what it has.
async fn hand_in(client: &ApiClient, run: &DrillRun, runner: DrillRunnerId, report: &DrillReport, say: Say<'_>) {
    let gaps = report.rounds.iter().flat_map(|round| &round.gaps).map(|gap| gap.lasted_ms);
    let measured = report.rounds.iter().any(|round| round.recovered_ms.is_some()) || gaps.clone().next().is_some();
    let verdict = DrillVerdict {
        outcome: report.verdict.outcome.as_str().to_owned(),
        reasons: report.verdict.reasons.iter().take(50).cloned().collect(),
        worst_gap_ms: measured.then(|| gaps.max().unwrap_or_default()),
    };
    let path = format!("/api/v1/drills/runs/{}/end", run.id);
    let body = json!({"runner": runner, "verdict": verdict, "report": report});
    let (times, pause) = HAND_IN;
    for _ in 0..times {
        match client.post::<DrillRun>(&path, &body).await {
            Ok(_) => return,
            Err(failure) if failure.is_refusal() => {
                say(&format!("the cell does not take the report: {failure}"));
                return;
            }
            Err(_) => tokio::time::sleep(pause).await,
        }
    }
    say("no node has taken the report");
}

/// Looks at the cell, for as long as it is polled: what moves, who leads, and whether a guardrail is hit.
async fn watch(
    through: Through,
    calls: Arc<Calls>,
    watched: Arc<Mutex<Watched>>,
    names: BTreeMap<NodeId, String>,
    drill: Drill,
) {
    let (client, lead) = (&through.client, &through.lead);
    let started = lead.monotonic();
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut guard = Guard::new(drill.guardrails.clone(), started);
    let mut known = BTreeMap::new();
    let mut before = (0, 0);
    let mut leader = None;
    let mut dead = Vec::new();
    loop {
        ticks.tick().await;
        // Nobody answers while all are down: that is known, too.
        let seen = look(client).await.ok();
        let counts = calls.counts();
        let guarded = seen.as_ref().map(|seen| Seen {
            nodes_down: seen.facts.nodes.iter().filter(|node| !node.up).count() as u32,
            cameras: seen.facts.cameras.len() as u64,
            cameras_silent: seen.facts.not_recorded,
            api_calls: counts.0 - before.0,
            api_succeeded: counts.1 - before.1,
        });
        before = counts;
        let round_ms = lead.round_ms();
        lead.tell(|progress| {
            progress.seen = guarded.as_ref().zip(seen.as_ref()).map(|(guarded, seen)| DrillSeen {
                at_ms: lead.monotonic().since(started).as_millis() as u64,
                round_ms,
                nodes_down: guarded.nodes_down,
                nodes_down_max: drill.guardrails.nodes_down,
                placements: seen.wanted,
                not_recording: guarded.cameras_silent,
                api_calls: counts.0,
                api_succeeded: counts.1,
            });
        });
        if let Some(hit) = guard.look(lead.monotonic(), guarded) {
            lead.break_off(hit);
        }
        let Some(seen) = seen else { continue };
        let now = lead.now();
        let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut mark = |text: String| {
            if watched.marks.len() < MARKS_MAX {
                watched.marks.push((now, MarkKind::Cell, text));
            }
        };
        let leads = seen.facts.nodes.iter().find(|node| node.leader).map(|node| node.name.clone());
        if leads.is_some() && leads != leader {
            if leader.is_some() {
                mark(format!("{} leads the cell", leads.clone().unwrap_or_default()));
            }
            leader = leads;
        }
        let down: Vec<_> = seen.facts.nodes.iter().filter(|node| !node.up).map(|node| node.name.clone()).collect();
        down.iter().filter(|node| !dead.contains(*node)).for_each(|node| mark(format!("{node} is held to be dead")));
        dead = down;
        compare(&mut watched.taken, now, &seen.placements, &mut known, &names);
        *through.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(seen));
    }
}

fn compare(
    taken: &mut Vec<Taken>,
    now: WallTime,
    placements: &[Placed],
    known: &mut BTreeMap<(String, u64), Placed>,
    names: &BTreeMap<NodeId, String>,
) {
    let name = |node: NodeId| names.get(&node).cloned().unwrap_or_else(|| node.to_string());
    for placed in placements {
        let key = (placed.camera.clone(), placed.slot);
        let before = known.get(&key);
        // Nodes answer in turn, and one may be behind another: an older epoch is no news.
        if before.is_some_and(|before| before.epoch > placed.epoch) {
            continue;
        }
        if let Some(before) = before.filter(|before| before.node != placed.node)
            && before.moving_to != Some(placed.node)
            && taken.len() < TAKEN_MAX
        {
            let camera = placed.name.clone().unwrap_or_else(|| placed.camera.clone());
            taken.push(Taken { at: now, camera, from: name(before.node), to: name(placed.node) });
        }
        known.insert(key, placed.clone());
    }
}
