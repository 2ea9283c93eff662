use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::NodeIdentity;
use eyrie_types::{Clock as _, DrillRun, DrillRunId, DrillRunnerId, Monotonic, NodeId, SystemClock};
use serde::Deserialize;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::AgentOptions;
use super::ask::{Telling, Told, ToldRun, ask};
use super::cutter::{Cutter, Peer};
use super::hands::Hands;
use super::process::Ended;
use super::watcher::Watcher;
use crate::drill::api::{ApiClient, ApiFailure, CarryOptions, carry};
use crate::drill::file::read_drill;
use crate::drill::on_cell::adapt;
use crate::drill::{DrillError, Say};

/// How often what is to be is compared with what is.
const TICK: Duration = Duration::from_millis(50);
/// As long as a drill says nothing else.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between looks for the identity of a node that starts for the first time.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How soon it is looked again whether something can be done that could not: a name was not found, a tool not installed.
const LACKING_AGAIN: Duration = Duration::from_secs(30);
/// Answers that wait to be read.
const ANSWERS: usize = 4;

/// `POST /api/v1/drills/runs/{id}/carry`.
#[derive(Debug, Deserialize)]
struct Carried {
    run: DrillRun,
    file: String,
}

/// Starts the node and does to it what drills of its cell say, until the node ends or SIGTERM or SIGINT comes, which are passed on
/// to it. Answers what the node ended with. A node that the agent stands beside, and does not start, goes on without it.
///
/// # Errors
/// When the node cannot be started, or what was done to it cannot be undone.
pub fn run_agent(options: AgentOptions, say: impl Fn(&str) + Send + Sync + 'static) -> Result<u8, DrillError> {
    let client = ApiClient::new(&options.addresses, options.credentials.clone(), options.ca.as_deref())?;
    let watcher = Watcher::start(&options.eyrie, &options.means)?;
    let runner = DrillRunnerId::random();
    let cutter = Cutter::new(runner, options.peer_port);
    let hands = Hands::start(options.means.clone(), watcher, cutter, SystemClock::new().monotonic())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(DrillError::io("starting a runtime"))?;
    runtime.block_on(beside(hands, Arc::new(client), runner, options, Arc::new(say)))
}

async fn beside(
    mut hands: Hands,
    client: Arc<ApiClient>,
    runner: DrillRunnerId,
    options: AgentOptions,
    say: Arc<dyn Fn(&str) + Send + Sync>,
) -> Result<u8, DrillError> {
    let what = "listening for signals";
    let mut terminate = signal(SignalKind::terminate()).map_err(DrillError::io(what))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(DrillError::io(what))?;
    let clock = SystemClock::new();
    let telling = Arc::new(Telling::default());
    let (told, mut tells) = mpsc::channel(ANSWERS);
    let asking = tokio::spawn({
        let (client, telling) = (Arc::clone(&client), Arc::clone(&telling));
        async move {
            let node = identity(&options.data_dir).await;
            ask(client, (node, runner), options.version, telling, told).await;
        }
    });
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ear = Ear { heard: clock.monotonic(), patience: PATIENCE, trouble: String::new(), name: String::new() };
    let mut carrying: Option<JoinHandle<()>> = None;
    let (mut peers, mut looked): (Vec<Peer>, _) = (Vec::new(), clock.monotonic());
    let ended = loop {
        tokio::select! {
            _ = ticks.tick() => {}
            Some((asked, answer)) = tells.recv() => {
                if let Some(told) = ear.hear(asked, answer, &*say) {
                    let (run, orders) = told.run.map_or((None, Vec::new()), |run| (Some(run.id), run.orders));
                    let again = telling.lacks() && clock.monotonic().since(looked) > LACKING_AGAIN;
                    if told.peers != peers || again {
                        (peers, looked) = (told.peers, clock.monotonic());
                        let cannot = tokio::task::block_in_place(|| hands.cannot(&told.name, &peers));
                        for cannot in telling.set_cannot(cannot) {
                            say(&format!("cannot do {} here: {}", cannot.word, cannot.why));
                        }
                    }
                    tokio::task::block_in_place(|| {
                        hands.take(run, &orders, (&told.name, &peers), clock.monotonic(), clock.now());
                    });
                    let idle = carrying.as_ref().is_none_or(JoinHandle::is_finished);
                    if let Some(waiting) = told.waiting.filter(|_| idle) {
                        let name = format!("the agent of {}", told.name);
                        let (client, say) = (Arc::clone(&client), Arc::clone(&say));
                        carrying = Some(tokio::spawn(carry_for_others(client, waiting, runner, name, say)));
                    }
                }
            }
            _ = terminate.recv() => break None,
            _ = interrupt.recv() => break None,
        }
        let now = clock.monotonic();
        if hands.is_busy() && now.since(ear.heard) > ear.patience {
            say(&format!("no node was heard for {} s: what this agent did ends", ear.patience.as_secs()));
            hands.end_all("no node answered the agent", clock.now());
        }
        let ended = tokio::task::block_in_place(|| hands.see_to_it(now, clock.now()))?;
        telling.set(hands.doing());
        if ended.is_some() {
            break ended;
        }
    };
    asking.abort();
    let stopped = tokio::task::block_in_place(|| hands.leave(clock.now()))?;
    // As a shell would say it: 128 and the signal.
    let code = match ended.or(stopped) {
        Some(Ended::With(status)) => {
            use std::os::unix::process::ExitStatusExt as _;
            status.code().or_else(|| status.signal().map(|signal| 128 + signal))
        }
        Some(Ended::Somehow) | None => Some(0),
    };
    Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// What was heard of the cell, and when.
struct Ear {
    heard: Monotonic,
    patience: Duration,
    trouble: String,
    name: String,
}

impl Ear {
    /// Takes an answer; says what is new about it.
    fn hear(
        &mut self,
        asked: Monotonic,
        answer: Result<Told, ApiFailure>,
        say: &(dyn Fn(&str) + Send + Sync),
    ) -> Option<Told> {
        match answer {
            Ok(told) => {
                self.heard = asked;
                self.patience = match &told.run {
                    Some(ToldRun { dead_man_ms, .. }) => Duration::from_millis(*dead_man_ms),
                    None => PATIENCE,
                };
                if self.name != told.name || !self.trouble.is_empty() {
                    say(&format!("drills of this cell are heard; this is the agent of {}", told.name));
                }
                self.name.clone_from(&told.name);
                self.trouble.clear();
                Some(told)
            }
            Err(failure) => {
                let trouble = failure.to_string();
                if trouble != self.trouble {
                    say(&format!("drills of this cell are not heard: {trouble}"));
                }
                self.trouble = trouble;
                None
            }
        }
    }
}

/// The node's id, as soon as there is one.
async fn identity(data_dir: &std::path::Path) -> NodeId {
    loop {
        if data_dir.join("node.json").exists()
            && let Ok(identity) = NodeIdentity::open(data_dir, NodeId::generate)
        {
            return identity.node;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Carries a run that nobody carries, if no other agent is faster.
async fn carry_for_others(
    client: Arc<ApiClient>,
    id: DrillRunId,
    runner: DrillRunnerId,
    name: String,
    say: Arc<dyn Fn(&str) + Send + Sync>,
) {
    let body = json!({"id": runner, "name": name});
    let taken = client.post::<Carried>(&format!("/api/v1/drills/runs/{id}/carry"), &body).await;
    // Another one was faster, or nobody answers: the next answer says which.
    let Ok(Carried { run, file }) = taken else { return };
    let drill = read_drill(&file).ok().and_then(|drill| adapt(drill, run.asked.cell).ok());
    let Some(adapted) = drill else {
        say("a drill that this release cannot read waits to be carried");
        return;
    };
    say(&format!("carries the drill {}", run.asked.drill));
    let tell: Say<'_> = &|text: &str| say(text);
    let options = CarryOptions { run, runner };
    // An agent that ends stops beating, and the cell sees to the rest.
    let carried = carry(&adapted.drill, &client, options, std::future::pending(), tell).await;
    match carried {
        Ok(report) => say(&format!("the drill is over: {}", report.verdict.outcome.as_str())),
        Err(error) => say(&format!("the drill cannot be carried: {error}")),
    }
}
