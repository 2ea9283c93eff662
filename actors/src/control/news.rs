//! What happens on one node, told to all: statuses of cameras, and events, so that any node answers for any camera.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{CameraId, CameraStatus, Event, EventKind, NodeId, TenantId, WallTime};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use super::control::Shared;
use crate::link::{Link, LinkCast, LinkPeer};

/// How long changes gather: a client hears of a change within a second, and this is a tenth of it.
const GATHER: Duration = Duration::from_millis(100);
/// Statuses of one message: at 400 bytes each, less than half of what a message may be long.
const STATUSES_MAX: usize = 1_000;
/// Events of one message: each at most a few kilobytes.
const EVENTS_MAX: usize = 100;
/// How often everything is told again: what was dropped for want of credit is made good by then.
const AGAIN: Duration = Duration::from_secs(15);

/// JSON, since events are: fields are only ever added.
#[derive(Debug, Default, Serialize, Deserialize)]
struct News {
    #[serde(default)]
    statuses: Vec<(TenantId, CameraId, CameraStatus)>,
    #[serde(default)]
    events: Vec<Event>,
    /// The sender's wall clock, in microseconds, when it sent this: said with all that is told from time to time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clock_us: Option<i64>,
}

/// Takes what `from` says.
pub(super) fn take(shared: &Shared, from: NodeId, bytes: &[u8]) {
    let Ok(News { statuses, events, clock_us }) = serde_json::from_slice(bytes) else {
        metrics::counter!("eyrie_news_dropped_total", "reason" => "unreadable").increment(1);
        return;
    };
    if let Some(clock_us) = clock_us {
        compare_clocks(shared, from, WallTime::from_unix_us(clock_us));
    }
    let bus = shared.node.bus();
    for (tenant, camera, status) in statuses {
        bus.heard(from, tenant, camera, status);
    }
    events.into_iter().for_each(|event| bus.relay(Arc::new(event)));
}

/// Tells people when a node's clock is not this one's: what is recorded is placed by it.
fn compare_clocks(shared: &Shared, from: NodeId, theirs: WallTime) {
    let (apart, ahead_us) = {
        let mut clocks = shared.clocks();
        (clocks.heard(from, theirs, shared.clock.now()), clocks.ahead_us(from).unwrap_or_default())
    };
    let name = shared.core().state().1.member(from).map(|member| member.name.clone()).unwrap_or_default();
    let ahead_s = ahead_us as f64 / 1e6;
    metrics::gauge!("eyrie_peer_clock_ahead_seconds", "peer" => name.clone()).set(ahead_s);
    if apart.is_some() {
        metrics::counter!("eyrie_peer_clocks_apart_total").increment(1);
        tracing::error!(
            node = %from,
            name,
            ahead_s,
            "the wall clock of a node is not this one's: recordings and events of one of them stand at a wrong time. Let all nodes keep \
             time by NTP (`timedatectl` shows whether one does)"
        );
    }
}

/// Tells the others, for as long as it is polled.
pub(super) async fn run(shared: Arc<Shared>) {
    let Some(link) = shared.link().cloned() else { return std::future::pending().await };
    let mut own = shared.node.bus().subscribe_own();
    let mut connected = link.connected();
    let mut told: BTreeSet<(NodeId, u64)> = BTreeSet::new();
    let mut again = tokio::time::interval(AGAIN);
    loop {
        let mut lagged = false;
        tokio::select! {
            first = own.recv() => {
                let mut statuses = BTreeMap::new();
                let mut events = Vec::new();
                lagged = collect(first, &mut statuses, &mut events);
                tokio::time::sleep(GATHER).await;
                while events.len() < EVENTS_MAX && statuses.len() < STATUSES_MAX {
                    match own.try_recv() {
                        Ok(event) => drop(collect(Ok(event), &mut statuses, &mut events)),
                        Err(broadcast::error::TryRecvError::Lagged(_)) => lagged = true,
                        Err(_) => break,
                    }
                }
                let statuses = statuses.into_iter().map(|(camera, (tenant, status))| (tenant, camera, status)).collect();
                let news = News { statuses, events, clock_us: None };
                peers(&connected).into_iter().for_each(|(peer, _)| say(&link, peer, &news));
            }
            // The sender lives as long as the link.
            Ok(()) = connected.changed() => {}
            _ = again.tick() => lagged = true,
        }
        let peers = peers(&connected);
        if lagged {
            told.clear();
        }
        told.retain(|peer| peers.contains(peer));
        for peer in peers {
            if told.insert(peer) {
                tell_all(&shared, &link, peer.0);
            }
        }
    }
}

fn peers(connected: &watch::Receiver<Arc<BTreeMap<NodeId, LinkPeer>>>) -> BTreeSet<(NodeId, u64)> {
    connected.borrow().iter().map(|(node, peer)| (*node, peer.session)).collect()
}

/// Takes one event; whether some were lost before it.
fn collect(
    event: Result<Arc<Event>, RecvError>,
    statuses: &mut BTreeMap<CameraId, (TenantId, CameraStatus)>,
    events: &mut Vec<Event>,
) -> bool {
    let Ok(event) = event else { return true };
    match &event.kind {
        // Only the last counts.
        EventKind::CameraStatus { camera, status } => {
            statuses.insert(*camera, (event.tenant.clone(), status.clone()));
        }
        _ => events.push(Event::clone(&event)),
    }
    false
}

fn tell_all(shared: &Shared, link: &Link, peer: NodeId) {
    say(link, peer, &News { clock_us: Some(shared.clock.now().as_unix_us()), ..News::default() });
    for statuses in shared.node.bus().own_statuses().chunks(STATUSES_MAX) {
        say(link, peer, &News { statuses: statuses.to_vec(), ..News::default() });
    }
}

fn say(link: &Link, peer: NodeId, news: &News) {
    // Our own shapes have nothing that JSON cannot hold. What cannot be said is counted by the link, and told again.
    let bytes = serde_json::to_vec(news).unwrap_or_default();
    let _ = link.cast(peer, LinkCast::News(bytes));
}
