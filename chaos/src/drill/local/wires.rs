use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use procfs::process::{FDTarget, Process};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::cell::lock;
use super::network::Party;
use crate::drill::DrillError;
use crate::sim::Dice;

/// Connections that lead to one party at once: some of each node, and some that are being made anew.
const CONNECTIONS_MAX: usize = 256;
/// Read at once.
const CHUNK_BYTES: usize = 16 << 10;
/// Chunks of one direction that are on their way, when they are late: 100 ms of 80 Mbit/s. Beyond, the sender waits.
const CHUNKS_MAX: usize = 64;

/// Where network namespaces are refused: the ways between the parties, as proxies of this process. Each party is told to others by
/// the address of the proxy that leads to it.
///
/// ```text
/// n0 ─▶ 127.a.b.140:7443 ─▶ this process: from n0 to n1, carried, held or late ─▶ 127.a.b.12:7443 ─▶ n1
/// ```
///
/// Who has connected, the kernel's table of sockets tells. A way that is cut holds what is sent on it, and the end of a connection,
/// until it is mended: like packets that are sent again. Other than there, a connection that is begun meanwhile is accepted, and
/// nothing comes of it.
#[derive(Debug)]
pub(super) struct Wires {
    shared: Arc<Shared>,
    listening: Vec<AbortHandle>,
}

#[derive(Debug)]
struct Shared {
    ways: watch::Sender<Ways>,
    /// Process numbers of the nodes that run.
    nodes: Mutex<BTreeMap<usize, u32>>,
    dice: Mutex<Dice>,
}

/// What is done to the ways.
#[derive(Debug, Clone, Default)]
struct Ways {
    /// Cut from the one to the other, so many times over.
    cut: BTreeMap<(Party, Party), u32>,
    /// Nodes whose link is down.
    down: BTreeSet<usize>,
    /// What is sent from or to a node is so much later, and up to so much later still.
    late: BTreeMap<usize, (Duration, Duration)>,
}

impl Wires {
    /// Begins a proxy for each of `parties`, from the first address to the second.
    pub(super) async fn lay(parties: &[(Party, SocketAddr, SocketAddr)], seed: u64) -> Result<Self, DrillError> {
        let dice = Mutex::new(Dice::new(seed));
        let shared = Arc::new(Shared { ways: watch::Sender::default(), nodes: Mutex::default(), dice });
        let mut wires = Self { shared, listening: Vec::new() };
        for (party, at, to) in parties {
            let bound = TcpListener::bind(at).await.map_err(DrillError::io(format!("listening on {at}")))?;
            let serving = serve(bound, *party, *to, Arc::clone(&wires.shared));
            wires.listening.push(tokio::spawn(serving).abort_handle());
        }
        Ok(wires)
    }

    /// A node runs in this process from now on.
    pub(super) fn runs(&self, node: usize, process: u32) {
        lock(&self.shared.nodes).insert(node, process);
    }

    /// Holds what the one sends to the other.
    pub(super) fn cut(&self, from: Party, to: Party) {
        self.shared.ways.send_modify(|ways| *ways.cut.entry((from, to)).or_default() += 1);
    }

    /// Holds it no more, once it was mended as often as cut.
    pub(super) fn mend(&self, from: Party, to: Party) {
        self.shared.ways.send_modify(|ways| {
            if let Some(cuts) = ways.cut.get_mut(&(from, to)) {
                *cuts = cuts.saturating_sub(1);
            }
        });
    }

    /// Takes a node's link down, or up again.
    pub(super) fn link(&self, node: usize, up: bool) {
        self.shared.ways.send_modify(|ways| {
            if up {
                ways.down.remove(&node);
            } else {
                ways.down.insert(node);
            }
        });
    }

    /// Makes what a node sends and is sent late, or no more.
    pub(super) fn slow(&self, node: usize, late: Option<(Duration, Duration)>) {
        self.shared.ways.send_modify(|ways| match late {
            Some(late) => drop(ways.late.insert(node, late)),
            None => drop(ways.late.remove(&node)),
        });
    }
}

impl Drop for Wires {
    fn drop(&mut self) {
        self.listening.iter().for_each(AbortHandle::abort);
    }
}

impl Ways {
    fn holds(&self, from: Party, to: Party) -> bool {
        let down = |party| matches!(party, Party::Node(node) if self.down.contains(&node));
        down(from) || down(to) || self.cut.get(&(from, to)).is_some_and(|cuts| *cuts > 0)
    }

    /// How much later, by a throw of the dice.
    fn delay(&self, from: Party, to: Party, dice: &Mutex<Dice>) -> Duration {
        let late = |party| match party {
            Party::Node(node) => self.late.get(&node).copied(),
            Party::Drill | Party::Cameras => None,
        };
        let of_end = |(by, jitter): (Duration, Duration)| {
            let jitter_us = u64::try_from(jitter.as_micros()).unwrap_or(u64::MAX).saturating_add(1);
            by + Duration::from_micros(lock(dice).within(0..jitter_us))
        };
        [from, to].into_iter().filter_map(late).map(of_end).sum()
    }
}

impl Shared {
    /// Who has connected from `peer` to `here`: a node, or somebody of the drill.
    fn who(&self, peer: SocketAddr, here: SocketAddr) -> Party {
        let nodes = lock(&self.nodes).clone();
        let owner = || -> Option<usize> {
            let sockets = procfs::net::tcp().ok()?;
            let theirs = sockets.into_iter().find(|one| one.local_address == peer && one.remote_address == here)?;
            let holds = |process: u32| {
                let files = Process::new(process.cast_signed()).and_then(|process| process.fd()).ok()?;
                let is_it = |target: FDTarget| matches!(target, FDTarget::Socket(inode) if inode == theirs.inode);
                files.flatten().any(|file| is_it(file.target)).then_some(())
            };
            nodes.into_iter().find_map(|(node, process)| holds(process).map(|()| node))
        };
        owner().map_or(Party::Drill, Party::Node)
    }
}

/// Accepts what connects to a party, until dropped.
async fn serve(listener: TcpListener, party: Party, to: SocketAddr, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut carried = JoinSet::new();
    loop {
        // Never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((from, peer)) = listener.accept().await else {
            // Out of descriptors, or reset before it was accepted: the next one may be better.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        while carried.try_join_next().is_some() {}
        let shared = Arc::clone(&shared);
        carried.spawn(async move {
            let _place = place;
            // How it ended does not matter: both sides see it.
            let _ = carry(from, peer, party, to, shared).await;
        });
    }
}

/// Carries one connection until both sides have ended it, or one of them is gone.
async fn carry(from: TcpStream, peer: SocketAddr, party: Party, to: SocketAddr, shared: Arc<Shared>) -> io::Result<()> {
    let here = from.local_addr()?;
    let looking = Arc::clone(&shared);
    let who = tokio::task::spawn_blocking(move || looking.who(peer, here)).await.map_err(io::Error::other)?;
    let mut ways = shared.ways.subscribe();
    // A connection is made by packets both ways.
    let open = |ways: &Ways| !ways.holds(who, party) && !ways.holds(party, who);
    ways.wait_for(open).await.map_err(io::Error::other)?;
    let to = TcpStream::connect(to).await?;
    from.set_nodelay(true)?;
    to.set_nodelay(true)?;
    let ((from_read, from_write), (to_read, to_write)) = (from.into_split(), to.into_split());
    let out = one_way(from_read, to_write, who, party, Arc::clone(&shared));
    let back = one_way(to_read, from_write, party, who, shared);
    tokio::try_join!(out, back).map(drop)
}

/// Carries what is sent one way, and its end.
async fn one_way(
    mut read: OwnedReadHalf,
    mut write: OwnedWriteHalf,
    from: Party,
    to: Party,
    shared: Arc<Shared>,
) -> io::Result<()> {
    let (chunks, mut due) = mpsc::channel::<(Instant, Vec<u8>)>(CHUNKS_MAX);
    let taking = async {
        let mut latest = Instant::now();
        let mut bytes = vec![0; CHUNK_BYTES];
        loop {
            // Reset by whoever was killed: an end like any other, which the other side does not see at once.
            let length = read.read(&mut bytes).await.unwrap_or(0);
            let delay = shared.ways.borrow().delay(from, to, &shared.dice);
            // What is sent later does not arrive earlier.
            latest = latest.max(Instant::now() + delay);
            // Empty: its end, which is as late as all else.
            let chunk = bytes.get(..length).unwrap_or_default().to_vec();
            if chunks.send((latest, chunk)).await.is_err() || length == 0 {
                return;
            }
        }
    };
    let giving = async {
        let mut ways = shared.ways.subscribe();
        while let Some((at, chunk)) = due.recv().await {
            tokio::time::sleep_until(at).await;
            ways.wait_for(|ways| !ways.holds(from, to)).await.map_err(io::Error::other)?;
            let given = if chunk.is_empty() { write.shutdown().await } else { write.write_all(&chunk).await };
            if given.is_err() {
                // That nobody is there any more is an answer, too.
                ways.wait_for(|ways| !ways.holds(to, from)).await.map_err(io::Error::other)?;
                return given;
            }
            if chunk.is_empty() {
                break;
            }
        }
        Ok(())
    };
    tokio::select! {
        given = giving => given,
        () = async { taking.await; std::future::pending().await } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N0: Party = Party::Node(0);
    const N1: Party = Party::Node(1);

    /// What arrives within a moment.
    async fn arrives(stream: &mut TcpStream) -> Option<u8> {
        let read = tokio::time::timeout(Duration::from_millis(200), stream.read_u8()).await;
        read.ok().map(|byte| byte.unwrap_or(0))
    }

    #[tokio::test]
    async fn a_way_that_is_cut_holds_what_is_sent_and_a_connections_end_until_it_is_mended() -> io::Result<()> {
        let (node, at) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
        let to = node.local_addr()?;
        let shared = Shared { ways: watch::Sender::default(), nodes: Mutex::default(), dice: Mutex::new(Dice::new(1)) };
        let wires = Wires { shared: Arc::new(shared), listening: Vec::new() };
        // This process is node 0.
        wires.runs(0, std::process::id());
        let address = at.local_addr()?;
        let serving = tokio::spawn(serve(at, N1, to, Arc::clone(&wires.shared)));

        let mut one = TcpStream::connect(address).await?;
        let (mut other, _) = node.accept().await?;
        one.write_u8(1).await?;
        assert_eq!(other.read_u8().await?, 1);

        wires.cut(N0, N1);
        one.write_u8(2).await?;
        assert_eq!(arrives(&mut other).await, None, "held");
        other.write_u8(3).await?;
        assert_eq!(one.read_u8().await?, 3, "the other way is whole");
        wires.link(0, false);
        other.write_u8(4).await?;
        assert_eq!(arrives(&mut one).await, None, "down, both ways");
        wires.mend(N0, N1);
        assert_eq!(arrives(&mut other).await, None, "mended, and down still");
        wires.link(0, true);
        assert_eq!((other.read_u8().await?, one.read_u8().await?), (2, 4), "nothing was lost");

        let late = Duration::from_millis(300);
        wires.slow(1, Some((late, Duration::ZERO)));
        let sent = Instant::now();
        one.write_u8(5).await?;
        assert_eq!(other.read_u8().await?, 5);
        assert!(sent.elapsed() >= late);
        wires.slow(1, None);

        wires.cut(N0, N1);
        drop(one);
        assert_eq!(arrives(&mut other).await, None, "nobody sees it close");
        wires.mend(N0, N1);
        assert!(other.read_u8().await.is_err());
        serving.abort();
        Ok(())
    }
}
