use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::{NodeId, Secret};
use fred::clients::Client;
use fred::error::Error;
use fred::interfaces::{ClientLike as _, EventInterface as _, PubsubInterface as _};
use fred::types::config::{Config, ServerConfig, TlsConnector};
use fred::types::{Builder, Message, RespVersion};
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;

use super::super::listener::MESSAGES_MAX;
use super::config::RedisConfig;
use super::key_names::KeyNames;
use super::scripts::Scripts;
use super::trouble::Trouble;

/// How long making a connection may take, all in all: TCP, TLS, authentication, scripts and channels.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// Commands in a row that get no answer in time before the connection counts as broken: a Redis that hangs costs three callers
/// their patience, and a node that was busy itself for a moment does not count a good Redis as down.
const UNANSWERED_MAX: u32 = 3;

/// One connection to Redis. It is never mended: when it is broken, the keeper makes another one.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) scripts: Scripts,
    /// When a beat came back last, in microseconds of the monotonic clock.
    pub(super) heard_us: AtomicU64,
    unanswered: AtomicU32,
    trouble: Mutex<Option<Trouble>>,
    broken: Notify,
    task: tokio::task::AbortHandle,
}

/// A connection with what belongs to it alone.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) messages: broadcast::Receiver<Message>,
    pub(super) task: JoinHandle<Result<(), Error>>,
}

/// Ends fred's task, and with it the socket, unless the connection comes about.
struct Guard(Option<JoinHandle<Result<(), Error>>>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

impl Connection {
    /// Connects, loads the scripts and subscribes to what nodes say.
    pub(super) async fn open(config: &RedisConfig, names: &KeyNames, node: NodeId) -> Result<Opened, Trouble> {
        let reading = config.clone();
        let password = tokio::task::spawn_blocking(move || reading.password()).await;
        let password = password.map_err(|error| Trouble::PasswordFile(error.to_string()))?;
        let password = password.map_err(|error| Trouble::PasswordFile(error.to_string()))?;
        tokio::time::timeout(CONNECT_DEADLINE, Self::make(config, password, names, node))
            .await
            .unwrap_or(Err(Trouble::Timeout))
    }

    async fn make(
        config: &RedisConfig,
        password: Option<Secret>,
        names: &KeyNames,
        node: NodeId,
    ) -> Result<Opened, Trouble> {
        let address = &config.address;
        let fred = Config {
            server: ServerConfig::new_centralized(address.host.clone(), address.port),
            username: config.username.clone(),
            password: password.map(|password| password.expose().to_owned()),
            version: RespVersion::RESP3,
            database: address.database,
            // The certificates the system trusts; SSL_CERT_FILE names others.
            tls: if address.tls { Some(TlsConnector::default_rustls()?.into()) } else { None },
            ..Config::default()
        };
        // Without a policy fred does not connect again, and hands no command to another connection.
        let mut builder = Builder::from_config(fred);
        builder.with_connection_config(|connection| {
            connection.connection_timeout = CONNECT_DEADLINE;
            connection.internal_command_timeout = CONNECT_DEADLINE;
            connection.tcp.nodelay = Some(true);
        });
        builder.with_performance_config(|performance| performance.broadcast_channel_capacity = MESSAGES_MAX);
        let client = builder.build()?;
        let mut guard = Guard(Some(client.connect()));
        client.wait_for_connect().await?;
        let scripts = Scripts::load(&client).await?;
        // Listened to before it is subscribed to: the first message is not missed.
        let messages = client.message_rx();
        client.subscribe::<_>(vec![names.said(), names.beat(node)]).await?;
        let Some(task) = guard.0.take() else { return Err(Trouble::Connection("it ended".to_owned())) };
        let connection = Self {
            client,
            scripts,
            heard_us: AtomicU64::new(0),
            unanswered: AtomicU32::new(0),
            trouble: Mutex::new(None),
            broken: Notify::new(),
            task: task.abort_handle(),
        };
        Ok(Opened { connection, messages, task })
    }

    /// A command was answered.
    pub(super) fn answered(&self) {
        self.unanswered.store(0, Ordering::Relaxed);
    }

    /// A command failed. Whether the connection is broken.
    pub(super) fn failed(&self, trouble: &Trouble) -> bool {
        let unanswered = match trouble {
            Trouble::Timeout => self.unanswered.fetch_add(1, Ordering::Relaxed) + 1,
            _ => 0,
        };
        let broken = trouble.ends_connection() || unanswered >= UNANSWERED_MAX;
        if broken {
            self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| trouble.clone());
            self.broken.notify_one();
        }
        broken
    }

    /// Returns once the connection is broken, with why.
    pub(super) async fn broken(&self) -> Trouble {
        self.broken.notified().await;
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        trouble.unwrap_or(Trouble::Timeout)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}
