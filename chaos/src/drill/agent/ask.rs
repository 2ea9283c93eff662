use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::{
    Clock as _, DrillAct, DrillCannot, DrillDoing, DrillOrder, DrillRunId, DrillRunnerId, Monotonic, NodeId,
    SystemClock,
};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Notify, mpsc};

use super::cutter::Peer;
use crate::drill::api::{ApiClient, ApiFailure};

/// Pause after a question that nobody answered.
const AGAIN: Duration = Duration::from_millis(500);
/// And after one that was refused: a user that does not exist yet, or may not drill. Sooner, and it would be taken for an attack.
const REFUSED_AGAIN: Duration = Duration::from_secs(10);
/// What a node may say to be asked again at: sooner is load, later is deaf.
const AGAIN_MS: (u64, u64) = (50, 10_000);
/// What not every machine lets an agent do.
const PARTITION: &str = "partition";

/// What an agent is told.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    /// What the cell calls the node.
    pub(super) name: String,
    pub(super) run: Option<ToldRun>,
    pub(super) waiting: Option<DrillRunId>,
    /// The nodes of the cell; none of a node of an earlier release.
    #[serde(default)]
    pub(super) peers: Vec<Peer>,
    again_ms: u64,
}

/// A run, as an agent hears of it.
#[derive(Debug, Deserialize)]
pub(super) struct ToldRun {
    pub(super) id: DrillRunId,
    pub(super) orders: Vec<DrillOrder>,
    pub(super) dead_man_ms: u64,
}

/// What is told to the cell with each question.
#[derive(Debug, Default)]
pub(super) struct Telling {
    doing: Mutex<Vec<DrillDoing>>,
    /// What the agent cannot do; `None` until it knows whom its node could be cut off from.
    cannot: Mutex<Option<Vec<DrillCannot>>>,
    changed: Notify,
}

impl Telling {
    /// What became of the orders; the cell is told at once when it is something new.
    pub(super) fn set(&self, doing: Vec<DrillDoing>) {
        let mut known = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != doing {
            *known = doing;
            self.changed.notify_one();
        }
    }

    /// What the agent cannot do, and why; answers it where that is new.
    pub(super) fn set_cannot(&self, cannot: Vec<DrillCannot>) -> Vec<DrillCannot> {
        let mut known = self.cannot.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref() == Some(&cannot) {
            return Vec::new();
        }
        *known = Some(cannot.clone());
        self.changed.notify_one();
        cannot
    }

    /// There is something that the agent cannot do.
    pub(super) fn lacks(&self) -> bool {
        self.cannot.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|cannot| !cannot.is_empty())
    }

    /// The words of what the agent can do, and what it cannot.
    fn can(&self) -> (Vec<&'static str>, Vec<DrillCannot>) {
        let cannot = self.cannot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let unknown = cannot.is_none();
        let cannot = cannot.unwrap_or_default();
        let lacks = |word: &str| (unknown && word == PARTITION) || cannot.iter().any(|cannot| cannot.word == word);
        (DrillAct::WORDS.into_iter().filter(|word| !lacks(word)).collect(), cannot)
    }
}

/// Asks what is to be done, for as long as it is polled. Answers go to `told` with the moment the question was asked.
pub(super) async fn ask(
    client: Arc<ApiClient>,
    (node, runner): (NodeId, DrillRunnerId),
    version: String,
    telling: Arc<Telling>,
    told: mpsc::Sender<(Monotonic, Result<Told, ApiFailure>)>,
) {
    let clock = SystemClock::new();
    let path = format!("/api/v1/drills/agents/{node}");
    loop {
        let doing = telling.doing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (can, cannot) = telling.can();
        let mut body = json!({"runner": runner, "can": can, "version": version, "doing": doing});
        // Nodes of the release before know no such field.
        if !cannot.is_empty() {
            body["cannot"] = json!(cannot);
        }
        let asked = clock.monotonic();
        let answer = client.post::<Told>(&path, &body).await;
        let pause = match &answer {
            Ok(told) => Duration::from_millis(told.again_ms.clamp(AGAIN_MS.0, AGAIN_MS.1)),
            Err(failure) if failure.is_refusal() => REFUSED_AGAIN,
            Err(_) => AGAIN,
        };
        if told.send((asked, answer)).await.is_err() {
            return;
        }
        // Whichever comes first.
        let _ = tokio::time::timeout(pause, telling.changed.notified()).await;
    }
}
