use std::time::Duration;

use bytes::Bytes;
use eyrie_actors::media_link::{MediaLinkError, MediaPeer, STREAMS_MAX};
use eyrie_types::NodeId;
use hyper::{Request, StatusCode};

use crate::child::{Node, asker, get, text};

#[tokio::test]
async fn a_peer_in_another_process_answers_by_prefix_and_knows_who_asks() {
    let node = Node::start();
    let link = asker(&node).await;
    let body = Bytes::from(vec![5; 3 << 20]);
    let echoed = link.ask(node.id, Request::post("/test/echo?x=1").body(body.clone()).unwrap()).await.unwrap();
    assert!(echoed.headers().contains_key("asked-by"));
    assert_eq!(echoed.into_body().bytes(4 << 20).await.unwrap(), body);
    let status = |path: &'static str| {
        let link = link.clone();
        async move { link.ask(node.id, get(path)).await.unwrap().status() }
    };
    assert_eq!(status("/nobodys/echo").await, StatusCode::NOT_FOUND);
    assert_eq!(status("/test/other").await, StatusCode::GONE);
    assert_eq!(status("/test/panics").await, StatusCode::INTERNAL_SERVER_ERROR);
    let echo = || Request::post("/test/echo").body(Bytes::from(vec![5; 100])).unwrap();
    let long = link.ask(node.id, echo()).await.unwrap().into_body().bytes(99).await;
    assert_eq!(long.unwrap_err(), MediaLinkError::TooLong { node: node.id, bytes_max: 99 });
    let broken = text(&link, node.id, "/test/breaks").await;
    assert!(matches!(broken, Err(MediaLinkError::Lost { .. })), "half an answer is no answer: {broken:?}");
}

#[tokio::test]
async fn unknown_nodes_and_older_releases_are_told_apart_before_anybody_is_dialed() {
    let node = Node::start();
    let link = asker(&node).await;
    let stranger = NodeId::generate();
    assert_eq!(text(&link, stranger, "/test/made").await.unwrap_err(), MediaLinkError::NoPeer(stranger));
    link.set_peers([(node.id, MediaPeer { address: node.at.clone(), protocol_max: 1 })].into());
    assert_eq!(text(&link, node.id, "/test/made").await.unwrap_err(), MediaLinkError::TooOld(node.id));
    link.set_peers([].into());
    assert_eq!(text(&link, node.id, "/test/made").await.unwrap_err(), MediaLinkError::NoPeer(node.id));
}

#[tokio::test]
async fn a_question_that_takes_too_long_is_given_up_on_both_sides() {
    let node = Node::start();
    let link = asker(&node).await;
    text(&link, node.id, "/test/made").await.unwrap();
    let within = Duration::from_millis(200);
    let slow = link.ask_within(node.id, get("/test/after/60000"), within).await;
    assert_eq!(slow.unwrap_err(), MediaLinkError::TooSlow { node: node.id, within });
    assert_eq!(text(&link, node.id, "/test/dropped").await.unwrap(), "1");
    link.ask_within(node.id, get("/test/after/4000"), Duration::from_secs(30)).await.expect("one may wait longer");
}

#[tokio::test]
async fn more_questions_than_places_wait_for_one() {
    let node = Node::start();
    let link = asker(&node).await;
    let asked = (0..STREAMS_MAX * 2).map(|_| text(&link, node.id, "/test/after/100"));
    let answered = futures::future::join_all(asked).await;
    assert!(answered.iter().all(Result::is_ok), "{answered:?}");
    let mut held = Vec::new();
    for _ in 0..STREAMS_MAX {
        held.push(link.ask(node.id, get("/test/endless")).await.unwrap());
    }
    let within = Duration::from_millis(200);
    let beyond = link.ask_within(node.id, get("/test/made"), within).await;
    assert_eq!(beyond.unwrap_err(), MediaLinkError::TooSlow { node: node.id, within });
    held.pop();
    text(&link, node.id, "/test/made").await.unwrap();
}
