//! Carries a drill out on a cell made for it, and says what was found.

mod findings;
mod probed;
mod round;
mod watchdog;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use eyrie_storage::store::{CqlConfig, Replication, StoreConfig};
use eyrie_types::{Clock as _, SystemClock};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch::Sender;
use tokio::task::JoinSet;

use self::findings::Findings;
use self::probed::{Outside, Probing, look_back};
pub(super) use self::round::{Step, steps};
use self::watchdog::Watchdog;
use super::local::{CellSetup, Launcher, LocalCell, Needs, Network, Relaying, expected, name, relay};
use super::plan::{Plan, Refusal, plan};
use super::report::{Draft, RoundRecord};
use super::watch::CellWatch;
use super::{
    CellFacts, CutOff, Drill, DrillError, DrillReport, Fault, FaultKind, LocalStore, LocalTarget, NodeChoice, Target,
    inject,
};

/// What a drill needs that its file does not say.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The binary whose nodes are drilled.
    pub eyrie: PathBuf,
    /// What that release calls itself.
    pub version: String,
    /// A ScyllaDB or Cassandra for the nodes' metadata; each drill makes a keyspace of its own there.
    pub store: Option<SocketAddr>,
    /// An empty directory for all data; it grows with cameras and time.
    pub directory: PathBuf,
    /// Of all choices.
    pub seed: u64,
    /// Makes no network namespaces, as where they are refused.
    pub loopback: bool,
    /// The drill that is being run on this machine already: with one, this is refused.
    pub running: Option<String>,
}

/// Where a drill says how it goes, a line at a time.
pub type Say<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// Carries out `drill`. Ends early, with the verdict that it was broken off, on SIGINT, SIGTERM, or when a guardrail is hit. All it
/// started is gone when this returns; and soon after this process is gone, however it went.
///
/// # Errors
/// When the drill cannot be run here, or the cell cannot be started. What the cell does wrong later is in the report.
pub fn run(drill: &Drill, options: &RunOptions, say: Say<'_>) -> Result<DrillReport, DrillError> {
    let (plan, target) = match (planned(drill, options.running.clone()), &drill.target) {
        (Ok(plan), Target::Local(target)) => (plan, target),
        (Ok(_), Target::Api(_)) => return Ok(refused(drill, options, &[])),
        (Err(refusals), _) => return Ok(refused(drill, options, &refusals)),
    };
    let store = needs_store(target, options)?;
    let launcher = Launcher::start()?;
    let (network, why_not) = if options.loopback {
        (Network::loopback(target.nodes as usize), Some("not wanted".to_owned()))
    } else {
        let (network, why) = Network::best(&launcher, target.nodes as usize);
        (network, why.map(|why| why.to_string()))
    };
    if let Some(why) = why_not {
        if let Some(fault) = needs_network(drill) {
            return Err(DrillError::Refused(format!("{fault} needs network namespaces ({why})")));
        }
        say(&format!(
            "no network namespaces ({why}): every node gets a loopback address, and proxies stand between them"
        ));
    }
    // The relay's side of the machine: this thread and this runtime stay in the network the drill was started in.
    let outside = runtime(1, || {})?;
    std::thread::scope(|scope| {
        let inside = scope.spawn(|| {
            network.hub().enter().map_err(DrillError::io("entering the network namespace"))?;
            let hub = network.hub().clone();
            // The file was opened by us, and is open.
            let inside = runtime(4, move || drop(hub.enter()))?;
            let relaying =
                store.map_or(Ok(Vec::new()), |store| lead(&outside, &launcher, &network, drill, target, store))?;
            let keyspace = format!("drill_{}_{}", std::process::id(), SystemClock::new().now().as_unix_secs());
            let (eyrie, directory) = (options.eyrie.clone(), options.directory.as_path());
            let (needs, seed) = (needs(drill, target), options.seed);
            let outside = Outside { runtime: outside.handle().clone(), store: store_of(store, &keyspace, options) };
            let setup = CellSetup { target, eyrie, directory, store, keyspace, relaying, needs, seed };
            inside.block_on(carry_out(drill, target, plan, options, launcher, network, setup, outside, say))
        });
        // A panic of ours goes on as what it is.
        inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The cell's store, for whoever reads it beside the nodes.
fn store_of(store: Option<SocketAddr>, keyspace: &str, options: &RunOptions) -> StoreConfig {
    let Some(store) = store else {
        return StoreConfig::Sqlite { path: options.directory.join(name(0)).join("metadata.sqlite") };
    };
    StoreConfig::Cql(CqlConfig {
        contact_points: vec![store.to_string()],
        keyspace: keyspace.to_owned(),
        datacenter: None,
        credentials: None,
        tls: None,
        replication: Replication::Local(1),
    })
}

/// The report of a drill of which nothing was done.
fn refused(drill: &Drill, options: &RunOptions, refusals: &[Refusal]) -> DrillReport {
    let now = SystemClock::new().now();
    Draft::new(drill, Vec::new(), now, options.seed, options.version.clone()).refused(refusals)
}

/// What a drill on a local cell would do, without doing it; or why it would be refused.
///
/// # Errors
/// With all that is wrong with it.
pub fn dry_run(drill: &Drill) -> Result<Plan, Vec<Refusal>> {
    planned(drill, None)
}

fn planned(drill: &Drill, running: Option<String>) -> Result<Plan, Vec<Refusal>> {
    match &drill.target {
        Target::Local(target) => plan(drill, &CellFacts { running, ..expected(target) }, &inject::ABILITIES),
        Target::Api(_) => Err(vec![Refusal::Unsupported {
            wanted: drill.faults.iter().flat_map(|timed| &timed.one_of).map(Fault::kind).collect(),
            supported: Vec::new(),
        }]),
    }
}

/// Where the store is, if one is needed.
fn needs_store(target: &LocalTarget, options: &RunOptions) -> Result<Option<SocketAddr>, DrillError> {
    let refused = |why: &str| Err(DrillError::Refused(why.to_owned()));
    match (target.store, options.store) {
        (LocalStore::Cassandra, None) => refused(
            "nodes of a cell share their metadata store: say where a ScyllaDB or Cassandra is, with --store HOST:PORT",
        ),
        (LocalStore::Sqlite, _) => Ok(None),
        (LocalStore::Cassandra, store) => Ok(store),
    }
}

/// What a proxy between processes cannot do: lose a part of the packets, or stand where the store says that it is.
fn needs_network(drill: &Drill) -> Option<&Fault> {
    let needs = |fault: &&Fault| {
        matches!(
            fault,
            Fault::Partition { from: CutOff::Store | CutOff::All, .. }
                | Fault::PacketLoss { .. }
                | Fault::StoreStop
                | Fault::StorePause
                | Fault::StoreErrors
        )
    };
    faults(drill).find(needs)
}

/// All faults that may happen.
fn faults(drill: &Drill) -> impl Iterator<Item = &Fault> {
    drill.faults.iter().flat_map(|timed| &timed.one_of)
}

/// What the faults of a drill need.
fn needs(drill: &Drill, target: &LocalTarget) -> Needs {
    let by_node = |wanted: fn(&Fault) -> bool| {
        let may_hit = |node| {
            faults(drill).filter(|fault| wanted(fault)).filter_map(Fault::node).any(|choice| match choice {
                NodeChoice::Named(named) => *named == name(node),
                _ => true,
            })
        };
        (0..target.nodes as usize).map(may_hit).collect()
    };
    Needs {
        disks: by_node(Fault::is_of_a_disk),
        clocks: by_node(|fault| matches!(fault, Fault::ClockStep { .. })),
        slow_path: faults(drill).any(|fault| matches!(fault, Fault::Latency { .. } | Fault::PacketLoss { .. })),
        alternate_clips: faults(drill).any(|fault| fault.kind() == FaultKind::CameraAlternateClip),
    }
}

/// A runtime whose threads begin with `enter`.
fn runtime(threads: usize, enter: impl Fn() + Send + Sync + 'static) -> Result<Runtime, DrillError> {
    let built = Builder::new_multi_thread().worker_threads(threads).on_thread_start(enter).enable_all().build();
    built.map_err(DrillError::io("starting a runtime"))
}

/// Begins the relays to the store, one a node; without namespaces there are none.
fn lead(
    outside: &Runtime,
    launcher: &Launcher,
    network: &Network,
    drill: &Drill,
    target: &LocalTarget,
    store: SocketAddr,
) -> Result<Vec<Sender<Relaying>>, DrillError> {
    let framed = faults(drill).any(|fault| matches!(fault, Fault::StoreErrors));
    let nodes = if network.is_isolated() { target.nodes as usize } else { 0 };
    let relays = (0..nodes).map(|node| {
        let relaying = Sender::new(Relaying::Carry);
        let listener = network.listen(launcher, node, store)?;
        // It ends with its runtime. One that failed looks like a store that is gone, and nodes say so.
        drop(outside.spawn(relay(listener, store, relaying.subscribe(), framed)));
        Ok(relaying)
    });
    relays.collect()
}

#[expect(clippy::too_many_arguments, reason = "called once, with what was made on the way")]
async fn carry_out(
    drill: &Drill,
    target: &LocalTarget,
    plan: Plan,
    options: &RunOptions,
    launcher: Launcher,
    network: Network,
    setup: CellSetup<'_>,
    outside: Outside,
    say: Say<'_>,
) -> Result<DrillReport, DrillError> {
    let _watchdog = Watchdog::start(drill.dead_man);
    let what = "listening for signals";
    let mut terminate = signal(SignalKind::terminate()).map_err(DrillError::io(what))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(DrillError::io(what))?;
    let started = SystemClock::new().now();
    say(&format!("starting {}", drill.target));
    let cell = tokio::select! {
        cell = start(launcher, network, setup, target) => cell?,
        _ = terminate.recv() => return Err(DrillError::Refused("it was told to stop".to_owned())),
        _ = interrupt.recv() => return Err(DrillError::Refused("it was told to stop".to_owned())),
    };
    let mut findings = Findings::new(drill, target, plan, options, &cell, started);
    let (watch, mut tasks) = (Arc::new(CellWatch::new()), JoinSet::new());
    let probing = Probing::start(drill, &cell, &mut tasks);
    tasks.spawn(Arc::clone(&watch).run(Arc::clone(&cell), Arc::clone(&probing.calls), drill.guardrails.clone()));
    let mut broken_off = None;
    for number in 1..=drill.repeat {
        let mut record = RoundRecord::new(number, cell.now());
        let done = tokio::select! {
            done = round::run(drill, options.seed, &cell, &mut record) => done,
            hit = watch.alarm() => Err(hit),
            _ = terminate.recv() => Err("it was told to stop".to_owned()),
            _ = interrupt.recv() => Err("it was told to stop".to_owned()),
        };
        if done.is_err() {
            // What is in force ends with the cell.
            let now = cell.now();
            record.ended = now;
            for struck in record.struck.iter_mut().filter(|struck| struck.ended.is_none()) {
                (struck.ended, struck.cut_short) = (Some(now), true);
            }
        }
        say(&findings.take(record).await?);
        if let Err(why) = done {
            say(&format!("broken off: {why}"));
            broken_off = Some(why);
            break;
        }
    }
    let mut probed = probing.found(cell.now());
    tasks.shutdown().await;
    let watched = watch.watched();
    findings.explain().await;
    if broken_off.is_none() {
        broken_off = tokio::select! {
            () = look_back(&mut probed, drill, &cell, started, &outside, say) => None,
            _ = terminate.recv() => Some("it was told to stop".to_owned()),
            _ = interrupt.recv() => Some("it was told to stop".to_owned()),
        };
    }
    say(&findings.counts(&watched));
    Ok(findings.report(probed, &watched, broken_off.as_deref()))
}

async fn start(
    launcher: Launcher,
    network: Network,
    setup: CellSetup<'_>,
    target: &LocalTarget,
) -> Result<Arc<LocalCell>, DrillError> {
    let mut cell = LocalCell::start(launcher, network, setup).await?;
    cell.add_cameras(target).await?;
    Ok(Arc::new(cell))
}
