//! The WebSocket of statuses and events.

use std::collections::BTreeSet;

use eyrie_types::{CameraId, CameraState, TenantId};
use futures::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::harness::{ADMIN_PASSWORD, Caller, Eyrie};

pub(crate) type Socket = tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>;

pub(crate) async fn open(eyrie: &Eyrie, ticket: &str) -> Result<Socket, u16> {
    let mut request = format!("ws://{}/api/v1/ws", eyrie.address).into_client_request().unwrap();
    let protocols = format!("eyrie.v1, ticket.{ticket}");
    request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
    let stream = tokio::net::TcpStream::connect(eyrie.address).await.unwrap();
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, response)) => {
            assert_eq!(response.headers()["sec-websocket-protocol"], "eyrie.v1", "the ticket is not repeated");
            Ok(socket)
        }
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

pub(crate) async fn ticket(caller: &Caller<'_>) -> String {
    let issued: Value = caller.send(Method::POST, "/api/v1/ws-tickets", None).await.json().await.unwrap();
    assert_eq!(issued["expires_in"], 30);
    issued["ticket"].as_str().unwrap().to_owned()
}

/// The next text message.
async fn message(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The code it is closed with.
pub(crate) async fn close_code(socket: &mut Socket) -> u16 {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Close(Some(frame)) => return frame.code.into(),
            Message::Close(None) => panic!("closed without a code"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn first_comes_a_snapshot_then_what_happens() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let camera = admin.camera("Lobby").await;
    let viewer = eyrie.user("viewer").await;
    let mut socket = open(&eyrie, &ticket(&viewer).await).await.unwrap();
    let snapshot = message(&mut socket).await;
    assert_eq!(snapshot["type"], "snapshot");
    assert_eq!(snapshot["statuses"][camera["id"].as_str().unwrap()]["state"], "disabled");
    admin.send(Method::PATCH, camera["links"]["self"].as_str().unwrap(), Some(json!({"name": "Hall"}))).await;
    let updated = loop {
        let message = message(&mut socket).await;
        assert_eq!(message["type"], "event");
        if message["event"]["kind"] == "camera.updated" {
            break message;
        }
    };
    assert_eq!((&updated["event"]["camera"], &updated["event"]["revision"]), (&camera["id"], &json!(2)));
    assert_eq!(updated["event"]["actor"]["name"], "admin");
    socket.send(Message::text("whatever clients say is passed over")).await.unwrap();
    socket.close(None).await.unwrap();
}

#[tokio::test]
async fn a_snapshot_of_many_cameras_comes_in_pieces_that_hold_each_camera_once() {
    let eyrie = Eyrie::start().await;
    let (tenant, cameras) = (TenantId::default_tenant(), 2_500);
    // Straight onto the node's board: the directory has no part in a snapshot.
    let ids: BTreeSet<_> = (0..cameras).map(|_| CameraId::generate()).collect();
    ids.iter().for_each(|id| eyrie.node.put_unrunnable(&tenant, *id, CameraState::Offline, "gone"));
    let admin = eyrie.admin().await;
    let mut socket = open(&eyrie, &ticket(&admin).await).await.unwrap();
    let (mut seen, mut kinds) = (BTreeSet::new(), Vec::new());
    while seen.len() < cameras {
        let message = message(&mut socket).await;
        kinds.push(message["type"].as_str().unwrap().to_owned());
        for (id, status) in message["statuses"].as_object().unwrap() {
            assert_eq!(status["state"], "offline");
            assert!(seen.insert(id.parse::<CameraId>().unwrap()), "{id} came twice");
        }
    }
    assert_eq!(seen, ids);
    assert_eq!(kinds, ["snapshot", "statuses", "statuses"]);
}

#[tokio::test]
async fn what_the_socket_tells_of_a_camera_is_kept_in_the_outbox_with_who_did_it() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let mut socket = open(&eyrie, &ticket(&admin).await).await.unwrap();
    message(&mut socket).await;
    let camera = admin.camera("Lobby").await;
    let path = camera["links"]["self"].as_str().unwrap();
    admin.send(Method::PATCH, path, Some(json!({"name": "Hall"}))).await;
    let bulk = json!({"ids": [camera["id"]], "action": "add_labels", "labels": ["a"]});
    admin.send(Method::POST, "/api/v1/cameras/bulk", Some(bulk)).await;
    let note = json!({"start": "2026-01-31T12:00:00Z", "category": "delivery", "title": "Van"});
    let markers = camera["links"]["markers"].as_str().unwrap();
    let noted: Value = admin.send(Method::POST, markers, Some(note)).await.json().await.unwrap();
    let marker = format!("{markers}/{}", noted["id"].as_str().unwrap());
    admin.send(Method::PATCH, &marker, Some(json!({"title": "Lorry"}))).await;
    admin.send(Method::DELETE, &marker, None).await;
    admin.send(Method::DELETE, path, None).await;
    let mut told = Vec::new();
    while told.last().is_none_or(|last: &Value| last["kind"] != "camera.deleted") {
        let event = message(&mut socket).await["event"].clone();
        if event["kind"] != "camera.status" {
            told.push(event);
        }
    }
    let kinds: Vec<_> = told.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    let markers = ["marker.created", "marker.updated", "marker.deleted"];
    let cameras = ["camera.created", "camera.updated", "camera.updated"];
    assert_eq!(kinds, [&cameras[..], &markers, &["camera.deleted"]].concat());
    assert!(
        told[3..6].iter().all(|event| event["marker"] == noted["id"] && event["camera"] == camera["id"]),
        "{told:?}"
    );
    assert!(told.iter().all(|event| event["actor"]["name"] == "admin" && event["trace"].is_string()), "{told:?}");
    // Answered is durable: nothing has to be waited for.
    let kept = eyrie.store.events_after(0, 1000).await.unwrap();
    let kept = kept.into_iter().map(|entry| serde_json::to_value(entry.event).unwrap());
    assert_eq!(kept.filter(|event| event["kind"] != "camera.status").collect::<Vec<_>>(), told);
}

#[tokio::test]
async fn a_ticket_opens_one_socket_within_thirty_seconds() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let once = ticket(&admin).await;
    let _socket = open(&eyrie, &once).await.unwrap();
    assert_eq!(open(&eyrie, &once).await.err(), Some(401), "used");
    assert_eq!(open(&eyrie, "invented").await.err(), Some(401));
    let late = ticket(&admin).await;
    eyrie.clock.advance(std::time::Duration::from_secs(30));
    assert_eq!(open(&eyrie, &late).await.err(), Some(401), "expired");
}

#[tokio::test]
async fn the_socket_closes_when_its_session_ends() {
    let eyrie = Eyrie::start().await;
    let tokens = eyrie.tokens("admin", ADMIN_PASSWORD).await;
    let caller = Caller { eyrie: &eyrie, token: tokens["access_token"].as_str().map(str::to_owned) };
    let mut socket = open(&eyrie, &ticket(&caller).await).await.unwrap();
    message(&mut socket).await;
    let body = json!({"refresh_token": tokens["refresh_token"]});
    eyrie.anonymous().send(Method::POST, "/api/v1/auth/logout", Some(body)).await;
    assert_eq!(close_code(&mut socket).await, 4401);
}

#[tokio::test]
async fn the_socket_closes_when_the_node_stops() {
    let eyrie = Eyrie::start().await;
    let mut socket = open(&eyrie, &ticket(&eyrie.admin().await).await).await.unwrap();
    message(&mut socket).await;
    drop(eyrie);
    assert_eq!(close_code(&mut socket).await, 1012);
}

#[tokio::test]
async fn facts_of_watched_cameras_come_each_second_of_the_last_list_alone() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let (first, second) = (admin.camera("Lobby").await["id"].clone(), admin.camera("Yard").await["id"].clone());
    let mut socket = open(&eyrie, &ticket(&admin).await).await.unwrap();
    message(&mut socket).await;
    let next = async |socket: &mut Socket| loop {
        let message = message(socket).await;
        if message["type"] == "facts" {
            break message;
        }
    };
    let watch = |cameras: Value| Message::text(json!({"type": "watch_facts", "cameras": cameras}).to_string());
    socket.send(watch(json!([first, CameraId::generate()]))).await.unwrap();
    for _ in 0..2 {
        let facts = next(&mut socket).await;
        assert_eq!(facts["camera"], first, "a camera that is not there gives nothing");
        assert_eq!((&facts["fps"], &facts["verdict"]["level"]), (&json!(0.0), &json!("poor")));
    }
    socket.send(watch(json!([second]))).await.unwrap();
    // What was on its way may still come.
    while next(&mut socket).await["camera"] != second {}
    assert_eq!(next(&mut socket).await["camera"], second);
    // None ends it, and nonsense changes nothing.
    socket.send(watch(json!([]))).await.unwrap();
    socket.send(Message::text(r#"{"type": "watch_facts", "cameras": "all"}"#)).await.unwrap();
    let many: Vec<_> = (0..33).map(|_| CameraId::generate()).collect();
    socket.send(watch(json!(many))).await.unwrap();
    assert_eq!(close_code(&mut socket).await, 1008);
}
