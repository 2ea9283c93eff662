//! What happens on one node, told to all: statuses of cameras, and events, so that any node answers for any camera.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{CameraId, CameraStatus, Event, EventKind, NodeId, TenantId};
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
}

/// Takes what `from` says.
pub(super) fn take(shared: &Shared, from: NodeId, bytes: &[u8]) {
    let Ok(News { statuses, events }) = serde_json::from_slice(bytes) else {
        metrics::counter!("eyrie_news_dropped_total", "reason" => "unreadable").increment(1);
        return;
    };
    let bus = shared.node.bus();
    for (tenant, camera, status) in statuses {
        bus.heard(from, tenant, camera, status);
    }
    events.into_iter().for_each(|event| bus.relay(Arc::new(event)));
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
                let news = News { statuses, events };
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
    for statuses in shared.node.bus().own_statuses().chunks(STATUSES_MAX) {
        say(link, peer, &News { statuses: statuses.to_vec(), events: Vec::new() });
    }
}

fn say(link: &Link, peer: NodeId, news: &News) {
    // Our own shapes have nothing that JSON cannot hold. What cannot be said is counted by the link, and told again.
    let bytes = serde_json::to_vec(news).unwrap_or_default();
    let _ = link.cast(peer, LinkCast::News(bytes));
}
