use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use eyrie_types::{Clock, NodeId};
use fred::error::Error;
use tokio::sync::{Semaphore, broadcast, watch};

use super::super::counted_log::CountedLog;
use super::super::listener::Sent;
use super::config::RedisConfig;
use super::connection::Connection;
use super::key_names::KeyNames;
use super::trouble::Trouble;

/// How long a command may take: a hundred times what it takes on a good day, and a pause a person does not notice.
const COMMAND_DEADLINE: Duration = Duration::from_millis(100);
/// Commands that may wait for Redis at once: those of 0.1 s at 10,000 a second. Beyond it Redis counts as down for the caller.
const WAITING_MAX: usize = 1024;

/// The connection of the moment, and what commands and the keeper share about it.
pub(super) struct Line {
    pub(super) config: RedisConfig,
    pub(super) names: KeyNames,
    pub(super) node: NodeId,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) heard: broadcast::Sender<Sent>,
    /// `None` while Redis is down: commands fail at once, and only the keeper tries.
    connection: ArcSwapOption<Connection>,
    up: watch::Sender<bool>,
    waiting: Semaphore,
    troubles: CountedLog,
    /// The log says that Redis is away, or nothing yet: it is to say that it is there.
    said_away: AtomicBool,
}

impl Line {
    pub(super) fn new(
        node: NodeId,
        config: RedisConfig,
        clock: Arc<dyn Clock>,
        heard: broadcast::Sender<Sent>,
    ) -> Arc<Self> {
        metrics::gauge!("eyrie_shared_state_up").set(0.0);
        Arc::new(Self {
            names: KeyNames::new(&config.prefix),
            config,
            node,
            clock,
            heard,
            connection: ArcSwapOption::empty(),
            up: watch::Sender::new(false),
            waiting: Semaphore::new(WAITING_MAX),
            troubles: CountedLog::default(),
            said_away: AtomicBool::new(true),
        })
    }

    pub(super) fn is_up(&self) -> watch::Receiver<bool> {
        self.up.subscribe()
    }

    /// Asks Redis over the connection of the moment.
    pub(super) async fn ask<T, F>(
        &self,
        what: &'static str,
        command: impl FnOnce(Arc<Connection>) -> F,
    ) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let connection = self.connection.load_full().ok_or(Trouble::Down)?;
        self.ask_over(&connection, what, command).await
    }

    /// Asks Redis over `connection`.
    pub(super) async fn ask_over<T, F>(
        &self,
        connection: &Arc<Connection>,
        what: &'static str,
        command: impl FnOnce(Arc<Connection>) -> F,
    ) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let Ok(_place) = self.waiting.try_acquire() else { return Err(counted(Trouble::Busy)) };
        let began = self.clock.monotonic();
        let answer = tokio::time::timeout(COMMAND_DEADLINE, command(Arc::clone(connection))).await;
        let took = self.clock.monotonic().since(began);
        metrics::histogram!("eyrie_shared_state_command_seconds", "command" => what).record(took.as_secs_f64());
        let trouble = match answer {
            Ok(Ok(answer)) => {
                connection.answered();
                return Ok(answer);
            }
            Ok(Err(error)) => Trouble::from(error),
            Err(_) => Trouble::Timeout,
        };
        if connection.failed(&trouble) {
            // From here on nobody waits for it. The keeper has been told.
            self.drop_connection(connection);
        }
        Err(counted(trouble))
    }

    /// Redis is there.
    pub(super) fn connected(&self, connection: Arc<Connection>) {
        self.connection.store(Some(Arc::clone(&connection)));
        metrics::counter!("eyrie_shared_state_connections_total").increment(1);
        self.proven(&connection);
        // Whatever the others said until now may not have got here.
        let _ = self.heard.send(None);
        if self.said_away.swap(false, Ordering::Relaxed) {
            tracing::info!(address = %self.config.address, "connected to Redis");
        }
    }

    /// A connection is good, still. Said again and again, so that what two tasks say of it at one moment is put right.
    pub(super) fn proven(&self, connection: &Arc<Connection>) {
        if self.connection.load().as_ref().is_some_and(|current| Arc::ptr_eq(current, connection)) {
            metrics::gauge!("eyrie_shared_state_up").set(1.0);
            self.up.send_if_modified(|up| !std::mem::replace(up, true));
        }
    }

    /// Redis is away.
    pub(super) fn disconnected(&self, connection: &Arc<Connection>, trouble: &Trouble) {
        self.drop_connection(connection);
        self.complain(trouble);
    }

    /// Redis cannot be connected to.
    pub(super) fn refused(&self, trouble: Trouble) {
        self.complain(&counted(trouble));
    }

    fn drop_connection(&self, connection: &Arc<Connection>) {
        // Another one may have taken its place.
        self.connection.rcu(|current| match current {
            Some(current) if Arc::ptr_eq(current, connection) => None,
            current => current.clone(),
        });
        if self.connection.load().is_none() {
            metrics::gauge!("eyrie_shared_state_up").set(0.0);
            self.up.send_if_modified(|up| std::mem::replace(up, false));
        }
    }

    fn complain(&self, trouble: &Trouble) {
        if let Some(left_out) = self.troubles.may_write(self.clock.monotonic()) {
            self.said_away.store(true, Ordering::Relaxed);
            let address = &self.config.address;
            tracing::warn!(%address, %trouble, left_out, "Redis is of no use now; this node counts and remembers alone");
        }
    }
}

fn counted(trouble: Trouble) -> Trouble {
    metrics::counter!("eyrie_shared_state_errors_total", "kind" => trouble.kind()).increment(1);
    trouble
}
