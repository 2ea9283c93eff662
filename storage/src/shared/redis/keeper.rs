use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fred::interfaces::LuaInterface as _;
use fred::types::Message as Published;
use tokio::sync::broadcast::error::RecvError;

use super::super::message::Message;
use super::connection::{Connection, Opened};
use super::line::Line;
use super::trouble::Trouble;

/// How often a connection is proven good: a write, and a message to ourselves.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// A connection on which our own messages have not come back for so long is deaf.
const DEAF_AFTER: Duration = Duration::from_secs(5);
/// How long the key of a beat stays.
const BEAT_KEPT_MS: u64 = 10_000;
/// The first pause before connecting again; each doubles,
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// up to this: how late a Redis that comes back is noticed at most, give or take half.
const PAUSE_MAX: Duration = Duration::from_secs(4);
/// A connection that lasted so long was good: the next pause is the shortest again.
const GOOD_AFTER: Duration = Duration::from_secs(10);

/// Keeps a connection to Redis for as long as it is polled.
pub(super) async fn keep(line: Arc<Line>) {
    let mut pause = PAUSE_MIN;
    loop {
        let began = line.clock.monotonic();
        match Connection::open(&line.config, &line.names, line.node).await {
            Ok(Opened { connection, messages, task }) => serve(&line, Arc::new(connection), messages, task).await,
            Err(trouble) => line.refused(trouble),
        }
        if line.clock.monotonic().since(began) >= GOOD_AFTER {
            pause = PAUSE_MIN;
        }
        tokio::time::sleep(jittered(pause)).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Proves the connection good, then lets it be used until it no longer is.
async fn serve(
    line: &Line,
    connection: Arc<Connection>,
    mut messages: tokio::sync::broadcast::Receiver<Published>,
    mut task: tokio::task::JoinHandle<Result<(), fred::error::Error>>,
) {
    connection.heard_us.store(line.clock.monotonic().as_us(), Ordering::Relaxed);
    let deliver = async {
        loop {
            match messages.recv().await {
                Ok(message) => take(line, &connection, message),
                Err(RecvError::Lagged(_)) => drop(line.heard.send(None)),
                Err(RecvError::Closed) => return Trouble::Connection("its messages ended".to_owned()),
            }
        }
    };
    let beats = async {
        let mut number = 0_u64;
        let mut announced = false;
        loop {
            number += 1;
            // What fails is counted with all other commands: a single one that is late breaks nothing.
            match beat(line, &connection, number).await {
                Ok(()) if announced => line.proven(&connection),
                Ok(()) => {
                    line.connected(Arc::clone(&connection));
                    announced = true;
                }
                Err(_) if announced => {}
                Err(trouble) => return trouble,
            }
            tokio::time::sleep(BEAT_EVERY).await;
            let silent_us = line.clock.monotonic().as_us().saturating_sub(connection.heard_us.load(Ordering::Relaxed));
            if silent_us > DEAF_AFTER.as_micros() as u64 {
                return Trouble::Deaf;
            }
        }
    };
    let trouble = tokio::select! {
        trouble = deliver => trouble,
        trouble = beats => trouble,
        trouble = connection.broken() => trouble,
        ended = &mut task => match ended {
            Ok(Err(error)) => error.into(),
            Ok(Ok(())) => Trouble::Connection("it was closed".to_owned()),
            Err(error) => Trouble::Connection(error.to_string()),
        },
    };
    // Commands under way learn it at once.
    task.abort();
    line.disconnected(&connection, &trouble);
}

async fn beat(line: &Line, connection: &Arc<Connection>, number: u64) -> Result<(), Trouble> {
    let key = line.names.beat(line.node);
    let command = |connection: Arc<Connection>| async move {
        let (script, arguments) = (connection.scripts.beat.clone(), vec![number.to_string(), BEAT_KEPT_MS.to_string()]);
        connection.client.evalsha::<i64, _, _, _>(script, vec![key], arguments).await
    };
    line.ask_over(connection, "beat", command).await.map(drop)
}

/// Takes what Redis delivers.
fn take(line: &Line, connection: &Connection, message: Published) {
    let bytes = message.value.into_bytes().unwrap_or_default();
    if *message.channel != *line.names.said() {
        connection.heard_us.store(line.clock.monotonic().as_us(), Ordering::Relaxed);
        return;
    }
    let Some(message) = Message::decode(&bytes) else {
        metrics::counter!("eyrie_shared_state_messages_total", "direction" => "unreadable").increment(1);
        return;
    };
    if message.from != line.node {
        metrics::counter!("eyrie_shared_state_messages_total", "direction" => "received").increment(1);
        // Nobody may be listening.
        let _ = line.heard.send(Some(Arc::new(message)));
    }
}

/// Half to one and a half times `pause`, so that the nodes of a cell do not come all at once.
fn jittered(pause: Duration) -> Duration {
    let mut random = [0; 2];
    // Without randomness the pause is as long as it is.
    let share = getrandom::fill(&mut random).map_or(0.5, |()| f64::from(u16::from_le_bytes(random)) / 65_536.0);
    pause.mul_f64(0.5 + share)
}
