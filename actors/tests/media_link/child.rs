//! The other node: this very test binary, run again with [`CHILD`] set. It answers until its standard input ends.

use std::io::{BufRead, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use eyrie_actors::media_link::{
    BoxedMediaBody, MediaBody, MediaHandler, MediaHandlers, MediaLink, MediaLinkConfig, MediaLinkError, MediaPeer,
    empty, full,
};
use eyrie_actors::peer::{PROTOCOL_MAX, PeerConfig, PeerRoutes, PeerTls, Peers};
use eyrie_types::{NodeId, Secret, SystemClock};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Request, Response, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// `ID START PORT` of the child.
const CHILD: &str = "EYRIE_TEST_MEDIA_CHILD";
pub(crate) const SECRET: &str = "a secret of sixteen characters or more";

/// Bytes of a chunk of an endless answer.
const CHUNK: usize = 16 << 10;

/// What the handler of `test` does.
#[derive(Default)]
struct Answers {
    /// Chunks of endless answers that were made.
    made: Arc<AtomicU64>,
    /// Answers that were given up before they were made.
    dropped: Arc<AtomicU64>,
}

impl MediaHandler for Answers {
    fn answer(&self, peer: NodeId, request: Request<Incoming>) -> BoxFuture<'static, Response<BoxedMediaBody>> {
        let (made, dropped) = (self.made.clone(), self.dropped.clone());
        async move {
            let path = request.uri().path().to_owned();
            let words: Vec<_> = path.trim_start_matches('/').split('/').collect();
            match words[..] {
                [_, "echo"] => {
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    Response::builder().header("asked-by", peer.to_string()).body(full(body)).unwrap()
                }
                [_, "after", ms] => {
                    struct Dropped(Arc<AtomicU64>);
                    impl Drop for Dropped {
                        fn drop(&mut self) {
                            self.0.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                    let dropped = Dropped(dropped);
                    tokio::time::sleep(Duration::from_millis(ms.parse().unwrap())).await;
                    std::mem::forget(dropped);
                    Response::new(empty())
                }
                [_, "endless"] => {
                    let chunks = futures::stream::repeat_with(move || {
                        made.fetch_add(1, Ordering::SeqCst);
                        Ok(Frame::data(Bytes::from_static(&[7; CHUNK])))
                    });
                    Response::new(StreamBody::new(chunks).boxed_unsync())
                }
                [_, "breaks"] => {
                    let chunks =
                        [Ok(Frame::data(Bytes::from_static(b"half"))), Err(std::io::Error::other("a bad disk"))];
                    Response::new(StreamBody::new(futures::stream::iter(chunks)).boxed_unsync())
                }
                [_, "made"] => Response::new(full(made.load(Ordering::SeqCst).to_string().into())),
                [_, "dropped"] => {
                    while dropped.load(Ordering::SeqCst) == 0 {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    Response::new(full(dropped.load(Ordering::SeqCst).to_string().into()))
                }
                [_, "panics"] => panic!("as asked"),
                _ => Response::builder().status(StatusCode::GONE).body(empty()).unwrap(),
            }
        }
        .boxed()
    }
}

/// A link of `node` over real sockets, with where it listens.
pub(crate) async fn link(node: NodeId, start: u64, secret: &str, port: u16) -> (MediaLink, String) {
    let config = PeerConfig {
        secret: Secret::new(secret),
        cell: None,
        node,
        start,
        name: "test".to_owned(),
        tls: PeerTls::SelfSigned,
    };
    let peers = Peers::new(&config, Arc::new(SystemClock::new())).unwrap();
    let socket = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let (media, incoming) = mpsc::channel(16);
    tokio::spawn(peers.listener(socket).run(PeerRoutes { media: Some(media), ..PeerRoutes::default() }));
    let handlers = MediaHandlers::default();
    handlers.serve("test", Arc::new(Answers::default()));
    (MediaLink::start(MediaLinkConfig { node, dialer: peers.dialer(), incoming: Some(incoming), handlers }), address)
}

/// Not a test: the child's main function.
#[test]
fn child() {
    let Ok(who) = std::env::var(CHILD) else { return };
    let [node, start, port] = who.split(' ').collect::<Vec<_>>()[..] else { panic!("{who}") };
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(async {
        let (_link, at) = link(node.parse().unwrap(), start.parse().unwrap(), SECRET, port.parse().unwrap()).await;
        println!("\n@{at}");
        // Until the parent is gone.
        let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await;
    });
}

/// A node in a process of its own; killed when dropped.
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) at: String,
    start: u64,
    child: Child,
}

impl Node {
    pub(crate) fn start() -> Self {
        Self::start_at(NodeId::generate(), 1, 0)
    }

    fn start_at(id: NodeId, start: u64, port: u16) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child::child", "--nocapture"])
            .env(CHILD, format!("{id} {start} {port}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let at = lines.find_map(|line| line.strip_prefix('@').map(str::to_owned)).expect("the node listens");
        Self { id, at, start, child }
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, at the same address.
    pub(crate) fn start_again(&mut self) {
        let port = self.at.rsplit_once(':').unwrap().1.parse().unwrap();
        *self = Self::start_at(self.id, self.start + 1, port);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// This process as a node that knows `node`.
pub(crate) async fn asker(node: &Node) -> MediaLink {
    let (asker, _) = link(NodeId::generate(), 1, SECRET, 0).await;
    know(&asker, node.id, &node.at);
    asker
}

pub(crate) fn know(link: &MediaLink, node: NodeId, at: &str) {
    link.set_peers([(node, MediaPeer { address: at.to_owned(), protocol_max: PROTOCOL_MAX.into() })].into());
}

pub(crate) fn get(path: &str) -> Request<Bytes> {
    Request::get(path).body(Bytes::new()).unwrap()
}

/// The text at `path` of `node`.
pub(crate) async fn text(link: &MediaLink, node: NodeId, path: &str) -> Result<String, MediaLinkError> {
    let body: MediaBody = link.ask(node, get(path)).await?.into_body();
    Ok(String::from_utf8(body.bytes(1 << 20).await?.to_vec()).unwrap())
}
