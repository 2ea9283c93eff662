use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::cql_frames::carry_frames;

/// Connections at once: a driver keeps one a core and node, and some for control.
const CONNECTIONS_MAX: usize = 256;

/// What the relay does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relaying {
    /// It carries it.
    Carry,
    /// It holds it: connections stay, and nothing comes through.
    Hold,
    /// It closes connections, old and new, as a store that was stopped.
    Refuse,
    /// It answers requests with errors itself; connections are carried. Only where it was begun `framed`.
    Errors,
}

/// Leads from the drill's network to the metadata store, which lives in the machine's: a socket stays in the namespace it was
/// made in, so one made over there can be served over here. `framed`: it knows CQL, which [`Relaying::Errors`] needs. Runs until
/// dropped.
///
/// # Errors
/// When no more connections can be taken.
pub async fn relay(
    listener: std::net::TcpListener,
    to: SocketAddr,
    relaying: watch::Receiver<Relaying>,
    framed: bool,
) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut carried = JoinSet::new();
    loop {
        // Never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        let (from, _) = listener.accept().await?;
        while carried.try_join_next().is_some() {}
        let relaying = relaying.clone();
        carried.spawn(async move {
            let _place = place;
            carry(from, to, relaying, framed).await;
        });
    }
}

/// Carries one connection until either side, or the relay, ends it.
async fn carry(mut from: TcpStream, to: SocketAddr, mut relaying: watch::Receiver<Relaying>, framed: bool) {
    // Reset is what whoever connects to a stopped store sees; a FIN comes close enough.
    if relaying.wait_for(|now| *now != Relaying::Hold).await.map_or(true, |now| *now == Relaying::Refuse) {
        return;
    }
    let Ok(mut to) = TcpStream::connect(to).await else { return };
    // Without it answers are late, nothing else.
    let _ = (from.set_nodelay(true), to.set_nodelay(true));
    let frames = relaying.clone();
    let mut copy = pin!(async move {
        // How it ended does not matter: both sides see it.
        if framed {
            let _ = carry_frames(from, to, frames).await;
        } else {
            let _ = copy_bidirectional(&mut from, &mut to).await;
        }
    });
    loop {
        let now = *relaying.borrow_and_update();
        tokio::select! {
            _ = &mut copy, if now != Relaying::Hold => return,
            changed = relaying.changed() => {
                if changed.is_err() || *relaying.borrow() == Relaying::Refuse {
                    return;
                }
            }
        }
    }
}
