//! A node: this very test binary, run again with [`CHILD`] set. It obeys lines on its standard input, `NUMBER COMMAND…`, and
//! answers each with a line `@NUMBER ANSWER`.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eyrie_actors::link::{Link, LinkAnswer, LinkCast, LinkConfig, LinkHandler, LinkRequest};
use eyrie_actors::peer::{PeerConfig, PeerRoutes, PeerTls, Peers};
use eyrie_types::{NodeId, Secret, SystemClock};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::time::Instant;

/// Which node the child is: `ID START PORT`.
pub(crate) const CHILD: &str = "EYRIE_TEST_LINK_CHILD";

#[derive(Default)]
struct Heard {
    casts: u64,
    /// The number in the last heartbeat, and whether each was greater than the one before.
    last: u64,
    in_order: bool,
}

#[derive(Default)]
struct Answers {
    heard: Mutex<BTreeMap<NodeId, Heard>>,
    /// Calls that were dropped before they were answered.
    dropped: Arc<Mutex<u64>>,
}

impl LinkHandler for Answers {
    fn call(self: Arc<Self>, from: NodeId, request: LinkRequest) -> BoxFuture<'static, LinkAnswer> {
        async move {
            match request {
                // Proposals are echoed after as many milliseconds as their first two bytes say.
                LinkRequest::Propose(bytes) => {
                    struct Dropped(Arc<Mutex<u64>>);
                    impl Drop for Dropped {
                        fn drop(&mut self) {
                            *self.0.lock().unwrap() += 1;
                        }
                    }
                    let pause = bytes.first_chunk().map_or(0, |chunk| u16::from_be_bytes(*chunk));
                    let dropped = Dropped(self.dropped.clone());
                    tokio::time::sleep(Duration::from_millis(pause.into())).await;
                    std::mem::forget(dropped);
                    LinkAnswer::Proposed(bytes)
                }
                LinkRequest::NodeInfo => LinkAnswer::NodeInfo(from.to_string().into_bytes()),
                LinkRequest::FetchCamera { .. } => LinkAnswer::Camera(None),
                other => LinkAnswer::Refused(format!("{other:?}")),
            }
        }
        .boxed()
    }

    fn cast(&self, from: NodeId, cast: LinkCast) {
        let LinkCast::Heartbeat(bytes) = cast else { return };
        let mut heard = self.heard.lock().unwrap();
        let heard = heard.entry(from).or_insert(Heard { casts: 0, last: 0, in_order: true });
        let number = bytes.first_chunk().map_or(0, |chunk| u64::from_be_bytes(*chunk));
        heard.in_order &= number > heard.last;
        heard.casts += 1;
        heard.last = number;
    }
}

/// Not a test: the child's main function.
#[test]
fn child() {
    let Ok(who) = std::env::var(CHILD) else { return };
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(run(&who));
}

async fn run(who: &str) {
    let [node, start, port] = who.split(' ').collect::<Vec<_>>()[..] else { panic!("{who}") };
    let node: NodeId = node.parse().unwrap();
    let config = PeerConfig {
        secret: Secret::new("a secret of sixteen characters or more"),
        cell: None,
        node,
        start: start.parse().unwrap(),
        name: format!("node {node}"),
        tls: PeerTls::SelfSigned,
    };
    let peers = Peers::new(&config, Arc::new(SystemClock::new())).unwrap();
    let listener = peers.listener(tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap());
    say(0, &listener.local_addr().unwrap().to_string());
    let (actors, incoming) = tokio::sync::mpsc::channel(16);
    tokio::spawn(listener.run(PeerRoutes { raft: None, actors: Some(actors) }));
    let answers = Arc::new(Answers::default());
    let handler: Arc<dyn LinkHandler> = answers.clone();
    let link = Link::start(LinkConfig { node, dialer: peers.dialer(), incoming }, handler).await.unwrap();
    let link = Arc::new(link);
    let (lines, mut commands) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        std::io::stdin().lock().lines().map_while(Result::ok).for_each(|line| drop(lines.send(line)))
    });
    while let Some(line) = commands.recv().await {
        let (link, answers) = (link.clone(), answers.clone());
        tokio::spawn(async move {
            let (number, command) = line.split_once(' ').unwrap();
            let answer = obey(&link, &answers, &command.split_whitespace().collect::<Vec<_>>()).await;
            say(number.parse().unwrap(), &answer);
        });
    }
    // The parent is gone.
}

fn say(number: u64, answer: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n@{number} {answer}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

async fn obey(link: &Arc<Link>, answers: &Answers, command: &[&str]) -> String {
    let ms = |text: &str| Duration::from_millis(text.parse().unwrap());
    match command {
        ["peers", peers @ ..] => {
            let peer =
                |peer: &&str| peer.split_once('=').map(|(node, at)| (node.parse().unwrap(), at.to_owned())).unwrap();
            link.set_peers(peers.iter().map(peer).collect());
            "done".to_owned()
        }
        // As with seeds: besides those it was told of.
        ["seeds", peers @ ..] => {
            let peer =
                |peer: &&str| peer.split_once('=').map(|(node, at)| (node.parse().unwrap(), at.to_owned())).unwrap();
            link.meet(peers.iter().map(peer).collect());
            "done".to_owned()
        }
        // Waits until there is a session with NODE, or none; how long that took, in milliseconds.
        ["await", node, up, within] => {
            let (node, up): (NodeId, bool) = (node.parse().unwrap(), *up == "up");
            let (start, mut connected) = (Instant::now(), link.connected());
            let changed = connected.wait_for(|peers| peers.contains_key(&node) == up);
            match tokio::time::timeout(ms(within), changed).await {
                Ok(_) => start.elapsed().as_millis().to_string(),
                Err(_) => "never".to_owned(),
            }
        }
        ["sessions"] => {
            let connected = link.connected().borrow().clone();
            connected
                .values()
                .map(|peer| format!("{}:{}:{}", peer.node, peer.start, peer.session))
                .collect::<Vec<_>>()
                .join(" ")
        }
        // COUNT calls at once, to be answered after PAUSE; how many were answered, the reasons of the others, and the longest.
        ["call", node, count, bytes, pause, within] => {
            let node: NodeId = node.parse().unwrap();
            let mut body = vec![7; bytes.parse().unwrap()];
            body.splice(..2.min(body.len()), pause.parse::<u16>().unwrap().to_be_bytes());
            let calls = (0..count.parse().unwrap()).map(|_| {
                let (link, body, within) = (link.clone(), body.clone(), ms(within));
                tokio::spawn(async move {
                    let start = Instant::now();
                    let answer = link.call(node, LinkRequest::Propose(body.clone()), within).await;
                    let outcome = match answer {
                        Ok(LinkAnswer::Proposed(echo)) if echo == body => "answered".to_owned(),
                        Ok(other) => format!("{other:?}").chars().take(40).collect(),
                        Err(error) => error.reason().to_owned(),
                    };
                    (outcome, start.elapsed())
                })
            });
            let (mut outcomes, mut longest) = (BTreeMap::<String, usize>::new(), Duration::ZERO);
            for call in calls.collect::<Vec<_>>() {
                let (outcome, took) = call.await.unwrap();
                *outcomes.entry(outcome).or_default() += 1;
                longest = longest.max(took);
            }
            let outcomes: Vec<_> = outcomes.iter().map(|(outcome, count)| format!("{outcome}={count}")).collect();
            format!("{} {}", longest.as_millis(), outcomes.join(" "))
        }
        ["info", node] => format!("{:?}", link.call(node.parse().unwrap(), LinkRequest::NodeInfo, ms("1000")).await),
        // COUNT casts of BYTES each, numbered from FIRST on, as fast as may be: how many were taken. With `all`, each is tried
        // again until it is taken.
        ["cast", node, first, count, bytes, all @ ..] => {
            let (node, mut taken): (NodeId, u64) = (node.parse().unwrap(), 0);
            let first: u64 = first.parse().unwrap();
            let mut body = vec![7; bytes.parse().unwrap()];
            for number in first..first + count.parse::<u64>().unwrap() {
                body.splice(..8, number.to_be_bytes());
                loop {
                    let said = link.cast(node, LinkCast::Heartbeat(body.clone()));
                    taken += u64::from(said.is_ok());
                    if said.is_ok() || all.is_empty() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            taken.to_string()
        }
        // How many casts of NODE came, and whether they came in order; waits for COUNT of them.
        ["heard", node, count] => {
            let (node, count): (NodeId, u64) = (node.parse().unwrap(), count.parse().unwrap());
            let start = Instant::now();
            loop {
                let heard =
                    answers.heard.lock().unwrap().get(&node).map_or((0, true), |heard| (heard.casts, heard.in_order));
                if heard.0 >= count || start.elapsed() > ms("10000") {
                    return format!("{} {}", heard.0, heard.1);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        // Waits until COUNT calls were dropped unanswered.
        ["dropped", count] => {
            let (count, start): (u64, _) = (count.parse().unwrap(), Instant::now());
            while *answers.dropped.lock().unwrap() < count && start.elapsed() < ms("5000") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            answers.dropped.lock().unwrap().to_string()
        }
        other => panic!("{other:?}"),
    }
}
