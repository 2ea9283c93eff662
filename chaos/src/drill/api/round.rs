use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{DrillAct, DrillDoingState, DrillFault, NodeId, WallTime};

use super::ApiClient;
use super::lead::Lead;
use super::look::{Look, look};
use crate::drill::on_cell::acts_of;
use crate::drill::plan::{Hits, Scheduled, admit, choose_nodes, schedule};
use crate::drill::report::{RoundRecord, StruckRecord};
use crate::drill::run::{Step, steps};
use crate::drill::{Drill, Fault};
use crate::sim::Dice;

/// Pause between looks at whether the cell is steady.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How soon an agent must have begun a fault: it asks four times a second.
const BEGUN_WITHIN: Duration = Duration::from_secs(10);
/// An agent says a little before it begins that it does.
const LEAD: Duration = Duration::from_secs(1);
/// How soon it must have ended it: a node that is stopped may take its time to close its recordings.
const ENDED_WITHIN: Duration = Duration::from_secs(90);
/// The same of faults that end with a signal: an agent that does not say so by then is gone, and its node goes on without it.
const SIGNALLED_WITHIN: Duration = Duration::from_secs(30);
/// Faults of a round that are shown.
const SHOWN_MAX: usize = 200;

/// What was done in a round, and what came of it.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) done: RoundRecord,
    /// What it takes to end each of its faults, in their order.
    ends: Vec<Ending>,
}

/// What it takes to end a fault.
#[derive(Debug)]
struct Ending {
    /// Its orders.
    orders: Vec<(u32, NodeId)>,
    /// Nodes that start again at its end, with the number of their start before it.
    starts: BTreeMap<NodeId, u64>,
    hits: Hits,
}

impl Record {
    pub(super) fn new(number: u32, now: WallTime) -> Self {
        Self { done: RoundRecord::new(number, now), ends: Vec::new() }
    }

    /// The fault at this place, and what it takes to end it, while it lasts.
    fn lasting(&mut self, place: usize) -> Option<(&mut StruckRecord, &Ending)> {
        let struck = self.done.struck.get_mut(place).filter(|struck| struck.ended.is_none())?;
        Some((struck, self.ends.get(place)?))
    }

    /// The round was broken off: ends what is in force.
    pub(super) async fn cut_short(&mut self, client: &Arc<ApiClient>, lead: &Lead) {
        lead.withdraw_all();
        for place in 0..self.ends.len() {
            if let Some((struck, ending)) = self.lasting(place) {
                struck.cut_short = true;
                end(struck, ending, client, lead).await;
            }
        }
        self.done.ended = lead.now();
    }
}

/// One round. `Err` says why the drill cannot go on; the record says what was done until then.
pub(super) async fn round(
    drill: &Drill,
    seed: u64,
    client: &Arc<ApiClient>,
    lead: &Lead,
    record: &mut Record,
) -> Result<(), String> {
    lead.tell(|progress| {
        progress.doing = "waits for the steady state".to_owned();
        progress.round = record.done.number;
        progress.faults.clear();
    });
    lead.set_round(None);
    let held = await_steady(client, drill.settle.held, drill.settle.within, lead).await;
    held.map_err(|seen| format!("no steady state within {:?}: {seen}", drill.settle.within))?;
    let scheduled = schedule(drill, seed, record.done.number);
    let mut dice = Dice::new(!seed ^ u64::from(record.done.number).rotate_left(32));
    let began = lead.monotonic();
    record.done.began = lead.now();
    lead.set_round(Some(began));
    lead.tell(|progress| {
        progress.doing = "faults".to_owned();
        progress.faults = scheduled.iter().take(SHOWN_MAX).map(planned).collect();
    });
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    for Step { at, fault, begins } in steps(&scheduled) {
        let Some(of) = scheduled.get(fault) else { continue };
        let lasts = |record: &Record| {
            places.get(&fault).and_then(|place| record.done.struck.get(*place)).is_some_and(|s| s.ended.is_none())
        };
        if begins || lasts(record) {
            tokio::time::sleep((began + at).since(lead.monotonic())).await;
        }
        if begins {
            places.insert(fault, record.done.struck.len());
            begin(drill, of, client, lead, &mut dice, record).await?;
            show(lead, record, fault, record.done.struck.len().saturating_sub(1));
        } else if let Some(place) = places.get(&fault) {
            record.done.over = Some(lead.now());
            if let Some((struck, ending)) = record.lasting(*place) {
                end(struck, ending, client, lead).await;
            }
            show(lead, record, fault, *place);
        }
    }
    lead.tell(|progress| progress.doing = "waits for the steady state to come back".to_owned());
    if await_steady(client, Duration::ZERO, drill.recover, lead).await.is_ok() {
        record.done.steady = Some(lead.now());
    }
    record.done.ended = lead.now();
    Ok(())
}

fn planned(of: &Scheduled) -> DrillFault {
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    DrillFault {
        what: of.fault.to_string(),
        hit: Vec::new(),
        begins_ms: ms(of.begins),
        ends_ms: ms(of.ends),
        begun: false,
        over: false,
    }
}

fn show(lead: &Lead, record: &Record, fault: usize, place: usize) {
    let Some(struck) = record.done.struck.get(place) else { return };
    let ms = |at: WallTime| at.since(record.done.began).as_millis() as u64;
    lead.tell(|progress| {
        let Some(shown) = progress.faults.get_mut(fault) else { return };
        shown.hit = struck.nodes.iter().cloned().collect();
        (shown.begun, shown.begins_ms) = (true, ms(struck.at));
        if let Some(ended) = struck.ended {
            (shown.over, shown.ends_ms) = (true, ms(ended));
        }
    });
}

/// Chooses whom a fault hits, holds it against the blast radius as it is by now, and has it done.
async fn begin(
    drill: &Drill,
    scheduled: &Scheduled,
    client: &Arc<ApiClient>,
    lead: &Lead,
    dice: &mut Dice,
    record: &mut Record,
) -> Result<(), String> {
    let fault = &scheduled.fault;
    let mut act = acts_of(fault).ok_or_else(|| format!("no agent can do this: {fault}"))?;
    let seen = look(client).await.map_err(|failure| failure.to_string())?;
    let all = || seen.facts.nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>();
    let names = match fault.node() {
        Some(choice) => choose_nodes(choice, &seen.facts, dice)?,
        None => all(),
    };
    // A rolling restart is done to one node after the other: one of them at a time counts.
    let at_once = if matches!(fault, Fault::RollingRestart(_)) { 1 } else { names.len() };
    let already = record.done.struck.iter().zip(&record.ends).filter(|(struck, _)| struck.ended.is_none());
    let already = already.fold(Hits::default(), |hits, (_, ending)| hits.with(&ending.hits));
    let hits = Hits { nodes: names.iter().take(at_once).cloned().collect(), ..Hits::default() };
    admit(&drill.blast_radius, &already.with(&hits), &seen.facts)
        .map_err(|hit| format!("{fault} would touch {hit}, and the blast radius is {}", drill.blast_radius))?;
    let on = |name: &String| seen.nodes.get(name).copied().ok_or_else(|| format!("there is no node {name:?}"));
    let nodes = names.iter().map(on).collect::<Result<Vec<_>, _>>()?;
    if let DrillAct::Partition { from, .. } = &mut act {
        *from = seen.nodes.values().filter(|node| !nodes.contains(node)).copied().collect();
    }
    let lasted = scheduled.ends - scheduled.begins;
    let starts_again = matches!(act, DrillAct::Kill | DrillAct::Stop);
    record.done.struck.push(StruckRecord {
        kind: fault.kind().as_str(),
        what: fault.to_string(),
        at: lead.now(),
        ended: None,
        cut_short: false,
        cameras: cameras_of(&seen, &names),
        nodes: names.into_iter().collect(),
        may_take: !matches!(act, DrillAct::CpuPressure { .. }),
        chosen: Vec::new(),
    });
    let starts = if starts_again { seen.starts.clone() } else { BTreeMap::new() };
    record.ends.push(Ending { orders: Vec::new(), starts, hits });
    let (Some(struck), Some(ending)) = (record.done.struck.last_mut(), record.ends.last_mut()) else { return Ok(()) };
    lead.line(&format!("{fault} begins: {}", struck.nodes.iter().cloned().collect::<Vec<_>>().join(", ")));
    if matches!(fault, Fault::RollingRestart(_)) {
        let done = tokio::time::timeout(lasted, roll(&nodes, &act, client, lead, ending)).await;
        done.unwrap_or_else(|_| Err(format!("{fault} took longer than it may")))?;
        struck.ended = Some(lead.now());
        return Ok(());
    }
    let orders: Vec<_> = nodes.iter().map(|node| (lead.order(*node, act.clone(), lasted), *node)).collect();
    ending.orders.clone_from(&orders);
    let mut first = None;
    for (number, _) in orders {
        let begun = lead.await_state(number, DrillDoingState::Begun, BEGUN_WITHIN).await;
        let begun = begun.map_err(|why| format!("{fault} could not be begun: {why}"))?;
        first = Some(first.map_or(begun, |first: WallTime| first.min(begun)));
    }
    // An agent's clock may be wrong; it begins after it was told to, and soon after it says so.
    struck.at = first.map_or(struck.at, |first| first.max(struck.at).min(lead.now() + LEAD));
    Ok(())
}

/// One node after the other, each when the one before it is back.
async fn roll(
    nodes: &[NodeId],
    act: &DrillAct,
    client: &Arc<ApiClient>,
    lead: &Lead,
    ending: &mut Ending,
) -> Result<(), String> {
    for node in nodes {
        let number = lead.order(*node, act.clone(), ENDED_WITHIN);
        ending.orders = vec![(number, *node)];
        lead.await_state(number, DrillDoingState::Begun, BEGUN_WITHIN).await?;
        // Withdrawn sooner, it would be over before it was done.
        tokio::time::sleep(LEAD).await;
        lead.withdraw(number);
        lead.await_state(number, DrillDoingState::Ended, ENDED_WITHIN).await?;
        await_start(*node, ending, client).await;
        lead.spare(*node);
        // Bounded by the time of the fault.
        await_steady(client, Duration::ZERO, Duration::MAX, lead).await?;
    }
    Ok(())
}

/// Ends a fault. One that could not be ended has no end, and fails the drill.
async fn end(struck: &mut StruckRecord, ending: &Ending, client: &Arc<ApiClient>, lead: &Lead) {
    ending.orders.iter().for_each(|(number, _)| lead.withdraw(*number));
    for (number, node) in &ending.orders {
        let within = if ending.starts.is_empty() { SIGNALLED_WITHIN } else { ENDED_WITHIN };
        let over = lead.await_state(*number, DrillDoingState::Ended, within).await;
        let up = match over {
            Ok(_) => tokio::time::timeout(ENDED_WITHIN, await_start(*node, ending, client))
                .await
                .map_err(|_| format!("the cell has not heard its node again within {} s", ENDED_WITHIN.as_secs())),
            Err(why) => Err(why),
        };
        match up {
            Ok(()) => lead.spare(*node),
            Err(why) => {
                lead.line(&format!("{} could not be ended: {why}", struck.what));
                return;
            }
        }
    }
    struck.ended = Some(lead.now());
    lead.line(&format!("{} is over", struck.what));
}

/// Waits until the cell hears a later start of a node that starts again; at once for one that does not.
async fn await_start(node: NodeId, ending: &Ending, client: &Arc<ApiClient>) {
    let Some(before) = ending.starts.get(&node) else { return };
    while !look(client).await.is_ok_and(|seen| seen.starts.get(&node).is_some_and(|start| start > before)) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn cameras_of(seen: &Look, nodes: &[String]) -> BTreeSet<String> {
    let on = seen.facts.cameras.iter().filter(|camera| camera.nodes.iter().any(|node| nodes.contains(node)));
    on.map(|camera| camera.name.clone()).collect()
}

/// Waits until the steady state has held for `held`, at most `within`. `Err` says what there was instead.
async fn await_steady(client: &Arc<ApiClient>, held: Duration, within: Duration, lead: &Lead) -> Result<(), String> {
    let mut seen = String::new();
    let steady = async {
        let mut since = None;
        loop {
            match look(client).await.map(|look| look.facts.unsteady()) {
                Ok(why) if why.is_empty() => {
                    let start = *since.get_or_insert_with(|| lead.monotonic());
                    if lead.monotonic().since(start) >= held {
                        return;
                    }
                }
                Ok(why) => (since, seen) = (None, why.join("; ")),
                Err(failure) => (since, seen) = (None, failure.to_string()),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(within, steady).await.map_err(|_| seen)
}
