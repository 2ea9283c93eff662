use std::collections::HashMap;
use std::sync::Arc;

use eyrie_types::{CameraId, Clock, NodeId, TenantId};
use fred::interfaces::{LuaInterface as _, PubsubInterface as _};
use tokio::sync::{broadcast, watch};

use super::super::hashed::Hashed;
use super::super::listener::Sent;
use super::super::rate_limit::{RateLimit, Step, millis};
use super::super::shared_state::{VIEWERS_KEPT, Viewers};
use super::super::ticket_kind::TicketKind;
use super::config::RedisConfig;
use super::connection::Connection;
use super::keeper::keep;
use super::line::Line;
use super::trouble::Trouble;

/// Nodes whose viewers are summed; a cell has fewer.
const NODES_MAX: u32 = 256;

/// Shared state in Redis.
pub(in super::super) struct Redis {
    line: Arc<Line>,
    keeper: tokio::task::JoinHandle<()>,
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Redis {
    /// Begins to connect.
    pub(in super::super) fn start(
        node: NodeId,
        config: RedisConfig,
        clock: Arc<dyn Clock>,
        heard: broadcast::Sender<Sent>,
    ) -> Self {
        let line = Line::new(node, config, clock, heard);
        let keeper = tokio::spawn(keep(Arc::clone(&line)));
        Self { line, keeper }
    }

    pub(in super::super) fn is_up(&self) -> watch::Receiver<bool> {
        self.line.is_up()
    }

    /// One step of a subject's bucket; milliseconds to wait.
    pub(in super::super) async fn limit(
        &self,
        limit: &RateLimit,
        step: Step,
        tenant: &TenantId,
        subject: Hashed,
    ) -> Result<u64, Trouble> {
        let names = &self.line.names;
        let keys = vec![names.limit(limit.kind, tenant, subject), names.limits(limit.kind)];
        let arguments = vec![
            step.word().to_owned(),
            limit.burst.to_string(),
            limit.per_second.to_string(),
            limit.free_failures.to_string(),
            millis(limit.pause_max).to_string(),
            millis(limit.kept).to_string(),
            limit.subjects_max.to_string(),
        ];
        let command = |connection: Arc<Connection>| async move {
            let script = connection.scripts.limit.clone();
            connection.client.evalsha::<(u64, u64), _, _, _>(script, keys, arguments).await
        };
        let (wait, forgotten) = self.line.ask("limit", command).await?;
        metrics::counter!("eyrie_shared_state_forgotten_total", "kind" => limit.kind).increment(forgotten);
        Ok(wait)
    }

    /// Keeps a ticket; whether there was room.
    pub(in super::super) async fn put_ticket(
        &self,
        kind: &TicketKind,
        ticket: Hashed,
        value: String,
    ) -> Result<bool, Trouble> {
        let keys = vec![self.line.names.ticket(kind.kind, ticket), self.line.names.tickets(kind.kind)];
        let arguments = vec![value, millis(kind.good_for).to_string(), kind.waiting_max.to_string()];
        let command = |connection: Arc<Connection>| async move {
            let script = connection.scripts.put_ticket.clone();
            connection.client.evalsha::<u64, _, _, _>(script, keys, arguments).await
        };
        Ok(self.line.ask("put_ticket", command).await? == 1)
    }

    /// Uses a ticket up.
    pub(in super::super) async fn take_ticket(
        &self,
        kind: &TicketKind,
        ticket: Hashed,
    ) -> Result<Option<String>, Trouble> {
        let keys = vec![self.line.names.ticket(kind.kind, ticket), self.line.names.tickets(kind.kind)];
        let command = |connection: Arc<Connection>| async move {
            let script = connection.scripts.take_ticket.clone();
            connection.client.evalsha::<Option<String>, _, _, _>(script, keys, Vec::<String>::new()).await
        };
        self.line.ask("take_ticket", command).await
    }

    /// Notes who watches here; answers who watches on the other nodes.
    pub(in super::super) async fn viewers(&self, own: &Viewers) -> Result<Viewers, Trouble> {
        let names = &self.line.names;
        let node = self.line.node.to_string();
        let keys = vec![names.nodes(), format!("{}{node}", names.viewers())];
        let mut arguments = vec![node, millis(VIEWERS_KEPT).to_string(), names.viewers(), NODES_MAX.to_string()];
        let told = own.iter().filter(|(_, count)| **count > 0);
        arguments.extend(told.flat_map(|((tenant, camera), count)| [format!("{tenant}/{camera}"), count.to_string()]));
        let command = |connection: Arc<Connection>| async move {
            let script = connection.scripts.viewers.clone();
            connection.client.evalsha::<HashMap<String, u32>, _, _, _>(script, keys, arguments).await
        };
        let sums = self.line.ask("viewers", command).await?;
        let read = |(text, sum): (String, u32)| Some((camera(&text)?, sum));
        Ok(sums.into_iter().filter_map(read).collect())
    }

    /// Tells all nodes.
    pub(in super::super) async fn say(&self, bytes: Vec<u8>) -> Result<(), Trouble> {
        let channel = self.line.names.said();
        let command = |connection: Arc<Connection>| async move {
            connection.client.publish::<i64, _, _>(channel, bytes.as_slice()).await
        };
        self.line.ask("say", command).await.map(drop)
    }
}

fn camera(text: &str) -> Option<(TenantId, CameraId)> {
    let (tenant, camera) = text.split_once('/')?;
    Some((tenant.parse().ok()?, camera.parse().ok()?))
}
