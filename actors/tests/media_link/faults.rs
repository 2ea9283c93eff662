use std::time::{Duration, Instant};

use eyrie_actors::media_link::{MediaLinkError, STREAM_WINDOW_BYTES};
use eyrie_actors::peer::{PeerConfig, PeerRoutes, PeerTls, Peers, Purpose};
use eyrie_types::{NodeId, Secret, SystemClock};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::child::{Node, SECRET, asker, get, know, link, text};

/// How long whatever should happen soon may take on a busy machine.
const SOON: Duration = Duration::from_secs(10);

fn credentials(node: NodeId) -> Peers {
    let (secret, name, tls) = (Secret::new(SECRET), "test".to_owned(), PeerTls::SelfSigned);
    let config = PeerConfig { secret, cell: None, node, start: 1, name, tls };
    Peers::new(&config, std::sync::Arc::new(SystemClock::new())).unwrap()
}

#[tokio::test]
async fn a_peer_without_the_secret_gets_nowhere() {
    let node = Node::start();
    let (stranger, _) = link(NodeId::generate(), 1, "another secret, just as long", 0).await;
    know(&stranger, node.id, &node.at);
    let error = text(&stranger, node.id, "/test/made").await.unwrap_err();
    assert!(matches!(error, MediaLinkError::Refused { .. }), "{error}");
    let link = asker(&node).await;
    let liar = NodeId::generate();
    know(&link, liar, &node.at);
    let error = text(&link, liar, "/test/made").await.unwrap_err();
    assert!(matches!(error, MediaLinkError::Refused { .. }), "an address that leads to another node: {error}");
}

#[tokio::test]
async fn a_peer_that_sends_garbage_after_the_greeting_loses_its_connection_and_nobody_elses() {
    let node = Node::start();
    let good = asker(&node).await;
    text(&good, node.id, "/test/made").await.unwrap();
    for garbage in [
        &[0xff; 9000][..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        let dialer = credentials(NodeId::generate()).dialer();
        let mut bad = dialer.dial(&node.at, Purpose::Media, Some(node.id)).await.unwrap();
        let _ = bad.write_all(garbage).await;
        let _ = bad.flush().await;
        let hung_up = tokio::time::timeout(SOON, bad.read_to_end(&mut Vec::new())).await;
        hung_up.expect("the node hangs up").ok();
    }
    text(&good, node.id, "/test/made").await.expect("others are answered as before");
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_a_lost_connection() {
    let bad = NodeId::generate();
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap().to_string();
    let (media, mut incoming) = mpsc::channel(4);
    tokio::spawn(credentials(bad).listener(socket).run(PeerRoutes { media: Some(media), ..PeerRoutes::default() }));
    tokio::spawn(async move {
        while let Some(mut stream) = incoming.recv().await {
            let _ = stream.write_all(&[0x55; 5000]).await;
            let _ = stream.flush().await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    });
    let (asker, _) = link(NodeId::generate(), 1, SECRET, 0).await;
    know(&asker, bad, &at);
    let error = text(&asker, bad, "/test/made").await.unwrap_err();
    assert!(matches!(error, MediaLinkError::Lost { .. } | MediaLinkError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_reader_that_stops_holds_a_windowful_and_nobody_else() {
    let node = Node::start();
    let link = asker(&node).await;
    let held: Vec<_> = futures::future::join_all((0..40).map(|_| link.ask(node.id, get("/test/endless")))).await;
    assert!(held.iter().all(Result::is_ok));
    let made = || async { text(&link, node.id, "/test/made").await.unwrap().parse::<u64>().unwrap() };
    // It stands still once windows and send buffers are full.
    let begun = Instant::now();
    let mut last = made().await;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = made().await;
        if now == last {
            break;
        }
        last = now;
        assert!(begun.elapsed() < SOON, "{now} chunks and no end");
    }
    let most = 40 * (u64::from(STREAM_WINDOW_BYTES) * 2 / (16 << 10) + 4);
    assert!(last > 0 && last <= most, "{last} chunks, {most} fit");
    let asked = Instant::now();
    let others = futures::future::join_all((0..50).map(|_| text(&link, node.id, "/test/made"))).await;
    assert!(others.iter().all(Result::is_ok));
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_peer_that_stands_still_is_found_while_one_waits_for_its_answer() {
    let node = Node::start();
    let link = asker(&node).await;
    text(&link, node.id, "/test/made").await.unwrap();
    node.signal(Signal::STOP);
    let asked = Instant::now();
    let error = link.ask_within(node.id, get("/test/after/60000"), Duration::from_secs(60)).await.unwrap_err();
    let took = asked.elapsed();
    assert!(matches!(error, MediaLinkError::Lost { .. }), "{error}");
    assert!(took < SOON, "found after {took:?}");
    node.signal(Signal::CONT);
    let again = Instant::now();
    while text(&link, node.id, "/test/made").await.is_err() {
        assert!(again.elapsed() < SOON, "it answers again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_peer_that_stops_in_the_middle_of_an_answer_ends_it_for_its_reader() {
    let node = Node::start();
    let link = asker(&node).await;
    let mut body = link.ask(node.id, get("/test/endless")).await.unwrap().into_body();
    body.chunk().await.unwrap().unwrap();
    node.signal(Signal::STOP);
    let stopped = Instant::now();
    let error = loop {
        match body.chunk().await {
            Ok(chunk) => assert!(chunk.is_some(), "an endless answer has no end"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, MediaLinkError::Lost { .. }), "{error}");
    assert!(stopped.elapsed() < SOON, "{:?}", stopped.elapsed());
}

#[tokio::test]
async fn a_peer_that_is_killed_is_known_at_once_and_found_again_when_it_is_back() {
    let mut node = Node::start();
    let link = asker(&node).await;
    text(&link, node.id, "/test/made").await.unwrap();
    let (waiting, id) = (link.clone(), node.id);
    let waiting =
        tokio::spawn(async move { waiting.ask_within(id, get("/test/after/60000"), Duration::from_secs(60)).await });
    // Asked and waiting by the time another is answered.
    text(&link, node.id, "/test/made").await.unwrap();
    node.kill();
    let killed = Instant::now();
    assert!(matches!(waiting.await.unwrap(), Err(MediaLinkError::Lost { .. })));
    assert!(killed.elapsed() < SOON, "{:?}", killed.elapsed());
    let asked = Instant::now();
    let error = text(&link, node.id, "/test/made").await.unwrap_err();
    assert!(matches!(error, MediaLinkError::Unreachable { .. } | MediaLinkError::Lost { .. }), "{error}");
    assert!(asked.elapsed() < SOON, "who asks is told at once: {:?}", asked.elapsed());
    node.start_again();
    let back = Instant::now();
    while text(&link, node.id, "/test/made").await.is_err() {
        assert!(back.elapsed() < SOON, "it is dialed again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
