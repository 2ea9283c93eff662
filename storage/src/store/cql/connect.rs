//! Reaching the cluster, at the start and for as long as it takes.

use std::sync::{Arc, Weak};
use std::time::Duration;

use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::errors::{DbError, ExecutionError, RequestAttemptError};
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::policies::retry::DefaultRetryPolicy;
use scylla::policies::timestamp_generator::MonotonicTimestampGenerator;
use scylla::statement::{Consistency, SerialConsistency};

use super::cql::{Cql, Shared};
use super::{CqlConfig, migrations};
use crate::store::StoreError;

/// How long a statement may take with all that the driver tries again: longer than a coordinator's own timeouts (2 to 10 s), so
/// that its answer is heard.
const STATEMENT_WITHIN: Duration = Duration::from_secs(12);
/// How long a node of the cluster may take to take a connection.
const CONNECTION_WITHIN: Duration = Duration::from_secs(3);
/// How long the first look at the cluster may take.
const REACHED_WITHIN: Duration = Duration::from_secs(15);
/// How often a connection that is silent is asked whether it is alive, and how long it may take to answer: so soon is a node of the
/// cluster that went away without a word no longer asked.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// How long a keyspace that was just made may not be known yet.
const KEYSPACE_WITHIN: Duration = Duration::from_secs(3);
/// Pauses between tries to reach the cluster, doubling.
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How often the driver looks whether all nodes of the cluster agree on a schema that was just changed.
const AGREEMENT_EVERY: Duration = Duration::from_millis(20);

/// A session with the cluster, with the keyspace made where it was missing.
///
/// # Errors
/// [`StoreError::NotConnected`] when it cannot be reached; [`StoreError::Keyspace`] when it refuses.
pub(in crate::store) async fn session(
    config: &CqlConfig,
    timestamps: Arc<MonotonicTimestampGenerator>,
) -> Result<Session, StoreError> {
    let refused = |reason: String| StoreError::Keyspace { keyspace: config.keyspace.clone(), reason };
    if !CqlConfig::is_keyspace(&config.keyspace) {
        return Err(refused("its name must be lower-case letters, digits and _, beginning with a letter".to_owned()));
    }
    let unreachable = |reason: &dyn std::fmt::Display| {
        StoreError::NotConnected(format!("{}: {reason}", config.contact_points.join(", ")))
    };
    let balancing = DefaultPolicy::builder().token_aware(true).permit_dc_failover(false);
    let balancing = match &config.datacenter {
        Some(name) => balancing.prefer_datacenter(name.clone()),
        None => balancing,
    };
    let profile = ExecutionProfile::builder()
        .consistency(Consistency::LocalQuorum)
        .serial_consistency(Some(SerialConsistency::LocalSerial))
        .request_timeout(Some(STATEMENT_WITHIN))
        .retry_policy(Arc::new(DefaultRetryPolicy::new()))
        .load_balancing_policy(balancing.build())
        .build();
    let mut builder = SessionBuilder::new()
        .known_nodes(&config.contact_points)
        .default_execution_profile_handle(profile.into_handle())
        .timestamp_generator(timestamps)
        .connection_timeout(CONNECTION_WITHIN)
        .keepalive_interval(KEEPALIVE)
        .keepalive_timeout(KEEPALIVE)
        .tcp_nodelay(true)
        .keyspaces_to_fetch([&config.keyspace])
        .schema_agreement_interval(AGREEMENT_EVERY)
        .refresh_metadata_on_auto_schema_agreement(false);
    if let Some((user, password)) = &config.credentials {
        builder = builder.user(user, password.expose());
    }
    if let Some(tls) = &config.tls {
        builder = builder.tls_context(Some(tls.client_config().map_err(StoreError::Certificate)?));
    }
    let session = match tokio::time::timeout(REACHED_WITHIN, builder.build()).await {
        Ok(Ok(session)) => session,
        Ok(Err(error)) => {
            // The driver has no error of its own for a wrong password; the cluster's words for it are in its text.
            let text = error.to_string();
            let refuses = ["uthenticat", "redentials", "nauthorized"].iter().any(|word| text.contains(word));
            return Err(if refuses { refused(text) } else { unreachable(&text) });
        }
        Err(_) => return Err(unreachable(&format_args!("no answer within {REACHED_WITHIN:?}"))),
    };
    migrations::make_keyspace(&session, config).await.map_err(|error| refusal(error, &config.keyspace))?;
    use_keyspace(&session, &config.keyspace).await.map_err(refused)?;
    session.refresh_metadata().await.map_err(|error| unreachable(&error))?;
    Ok(session)
}

/// Uses a keyspace that is there. A node of the cluster that has just heard of it, by another one that starts now, may tell of it
/// before
/// it takes it into use.
async fn use_keyspace(session: &Session, keyspace: &str) -> Result<(), String> {
    let mut waited = Duration::ZERO;
    loop {
        match session.use_keyspace(keyspace, true).await.map_err(|error| error.to_string()) {
            Err(error) if error.contains("does not exist") && waited < KEYSPACE_WITHIN => {
                tokio::time::sleep(AGREEMENT_EVERY).await;
                waited += AGREEMENT_EVERY;
            }
            used => return used,
        }
    }
}

/// What the cluster says no to, however often it is asked, is not what makes it unavailable.
pub(in crate::store) fn refusal(error: StoreError, keyspace: &str) -> StoreError {
    match error {
        StoreError::Cql(source) => match &*source {
            ExecutionError::LastAttemptError(RequestAttemptError::DbError(
                DbError::SyntaxError | DbError::Invalid | DbError::ConfigError | DbError::Unauthorized,
                reason,
            )) => StoreError::Keyspace { keyspace: keyspace.to_owned(), reason: reason.clone() },
            _ => StoreError::Cql(source),
        },
        other => other,
    }
}

/// Tries to reach the cluster until it can be, or nobody wants it any more.
pub(in crate::store) async fn keep_trying(store: Weak<Shared>) {
    let mut pause = PAUSE_MIN;
    loop {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
        let Some(shared) = store.upgrade() else { return };
        let cql = Cql(shared);
        if cql.is_closed() {
            return;
        }
        match cql.connect().await {
            Ok(()) => {
                tracing::info!(keyspace = cql.0.config.keyspace, "the metadata store can be reached now");
                return;
            }
            Err(error) => tracing::warn!(%error, next_try_in = ?pause, "the metadata store cannot be used"),
        }
    }
}
