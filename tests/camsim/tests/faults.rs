//! Each fault does what it says, and a cleared one leaves a healthy camera.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use eyrie_camsim::{CamSim, ClipSpec, Fault, StreamConfig};
use support::{Client, small_clip, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn one_camera() -> CamSim {
    let alternate = Some(ClipSpec { width: 480, height: 270, ..small_clip() });
    start(vec![StreamConfig { alternate, ..StreamConfig::new("cam", small_clip()) }]).await
}

async fn connect(sim: &CamSim) -> Result<Client, retina::Error> {
    Client::connect(&sim.url("cam"), None, false).await
}

/// Sends one DESCRIBE and reads what comes until an answer without body is complete, the server closes or `limit` bytes are there.
async fn describe(sim: &CamSim, limit: usize) -> std::io::Result<Vec<u8>> {
    let mut socket = TcpStream::connect(sim.addr()).await?;
    socket.write_all(format!("DESCRIBE {} RTSP/1.0\r\nCSeq: 1\r\n\r\n", sim.url("cam")).as_bytes()).await?;
    let mut bytes = Vec::new();
    // A body may begin anywhere in what is read: a description is read up to the limit.
    while bytes.len() < limit && (limit > 1_000 || !bytes.ends_with(b"\r\n\r\n")) {
        if tokio::time::timeout(support::PATIENCE, socket.read_buf(&mut bytes)).await?? == 0 {
            break;
        }
    }
    Ok(bytes)
}

/// What a camera that is held back sends within a second and a half.
async fn trickle(sim: &CamSim) -> usize {
    let mut socket = TcpStream::connect(sim.addr()).await.unwrap();
    socket.write_all(format!("DESCRIBE {} RTSP/1.0\r\nCSeq: 1\r\n\r\n", sim.url("cam")).as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let read = async { while socket.read_buf(&mut bytes).await.unwrap() > 0 {} };
    let _ = tokio::time::timeout(Duration::from_millis(1_500), read).await;
    bytes.len()
}

#[tokio::test]
async fn a_stalled_camera_keeps_the_connection_and_says_nothing_until_it_recovers() {
    let sim = one_camera().await;
    let mut client = connect(&sim).await.unwrap();
    let before = client.picture().await.stamp.number;
    sim.set_fault("cam", Fault::Stall).unwrap();
    assert_eq!(trickle(&sim).await, 0);
    sim.clear_fault("cam").unwrap();
    let mut last = before;
    let jump = loop {
        let number = client.picture().await.stamp.number;
        if number > last + 1 {
            break number - last;
        }
        last = number;
    };
    assert!(jump >= 25, "a second and more is missing: {jump}");
}

#[tokio::test]
async fn a_silent_camera_answers_but_sends_no_media() {
    let sim = one_camera().await;
    sim.set_fault("cam", Fault::Silence).unwrap();
    let mut client = connect(&sim).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(1_500), client.try_picture()).await.is_err());
    sim.clear_fault("cam").unwrap();
    client.picture().await;
}

#[tokio::test]
async fn a_dripping_camera_sends_a_byte_a_second() {
    let sim = one_camera().await;
    sim.set_fault("cam", Fault::Drip).unwrap();
    assert!((1..=2).contains(&trickle(&sim).await));
}

#[tokio::test]
async fn close_ends_connections_and_new_ones_are_served() {
    let sim = one_camera().await;
    for reset in [false, true] {
        let mut client = connect(&sim).await.unwrap();
        client.picture().await;
        sim.set_fault("cam", Fault::Close { reset }).unwrap();
        while client.try_picture().await.is_ok() {}
    }
    connect(&sim).await.unwrap().picture().await;
}

#[tokio::test]
async fn refusals_and_odd_answers_are_as_asked() {
    let sim = one_camera().await;
    let url = "rtsp://192.0.2.1/elsewhere";
    for (fault, start) in [
        (Fault::Refuse { status: 404 }, "RTSP/1.0 404 "),
        (Fault::Refuse { status: 503 }, "RTSP/1.0 503 "),
        (Fault::WrongPassword, "RTSP/1.0 401 "),
        (Fault::Redirect { url: url.to_owned() }, "RTSP/1.0 302 "),
    ] {
        sim.set_fault("cam", fault).unwrap();
        let answer = String::from_utf8(describe(&sim, 1_000).await.unwrap()).unwrap();
        assert!(answer.starts_with(start), "{answer}");
        assert!(!start.contains("302") || answer.contains(&format!("Location: {url}\r\n")), "{answer}");
    }
    sim.set_fault("cam", Fault::Garbage).unwrap();
    let garbage = describe(&sim, 512).await.unwrap();
    assert!(garbage.len() == 512 && garbage.iter().all(|byte| byte & 0x80 != 0));
    sim.set_fault("cam", Fault::HugeSdp { bytes: 3_000_000 }).unwrap();
    assert!(describe(&sim, 3_000_000).await.unwrap().len() >= 3_000_000);
    sim.set_fault("cam", Fault::Hangup { reset: false }).unwrap();
    assert_eq!(describe(&sim, 1).await.unwrap(), b"");
    sim.set_fault("cam", Fault::Hangup { reset: true }).unwrap();
    assert_eq!(describe(&sim, 1).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert!(sim.stats("cam").unwrap().refused >= 6);
}

#[tokio::test]
async fn a_second_session_is_refused_while_the_first_lives_or_lingers() {
    let sim = one_camera().await;
    sim.set_fault("cam", Fault::OneSession { status: 453 }).unwrap();
    let first = connect(&sim).await.unwrap();
    assert!(connect(&sim).await.err().unwrap().to_string().contains("453"));
    sim.set_fault("cam", Fault::LingeringSession { for_ms: 600_000 }).unwrap();
    sim.set_fault("cam", Fault::Close { reset: true }).unwrap();
    while sim.stats("cam").unwrap().sessions > 0 {
        tokio::task::yield_now().await;
    }
    assert!(connect(&sim).await.err().unwrap().to_string().contains("453"), "the dead session holds its place");
    drop(first);
    sim.clear_fault("cam").unwrap();
    connect(&sim).await.unwrap();
}

#[tokio::test]
async fn parameter_sets_change_at_a_keyframe_without_losing_a_unit() {
    let sim = one_camera().await;
    let mut client = connect(&sim).await.unwrap();
    let mut last = client.picture().await;
    let before = client.parameters_changed;
    sim.set_fault("cam", Fault::AlternateClip).unwrap();
    while client.parameters_changed == before {
        let next = client.picture().await;
        assert_eq!(next.stamp.number, last.stamp.number + 1);
        last = next;
    }
    assert!(last.keyframe);
}

#[tokio::test]
async fn times_jump_and_wrap_on_command() {
    let sim = one_camera().await;
    sim.set_fault("cam", Fault::TimestampWrap { in_ms: 400 }).unwrap();
    let mut client = connect(&sim).await.unwrap();
    let first = client.picture().await;
    let mut last = first.clone();
    for _ in 0..15 {
        let next = client.picture().await;
        assert_eq!(next.pts_90k - last.pts_90k, 3_600, "retina unwraps");
        last = next;
    }
    sim.set_fault("cam", Fault::TimestampJump { by_ms: 10_000 }).unwrap();
    let jump = loop {
        let next = client.picture().await;
        if next.pts_90k - last.pts_90k != 3_600 {
            break next.pts_90k - last.pts_90k;
        }
        last = next;
    };
    assert_eq!(jump, 3_600 + 900_000);
}

#[tokio::test]
async fn lost_packets_are_counted_and_seen_as_missing_numbers() {
    let sim = one_camera().await;
    let mut client = connect(&sim).await.unwrap();
    client.picture().await;
    sim.set_fault("cam", Fault::LosePackets { one_in: 7 }).unwrap();
    let mut loss = 0;
    while loss == 0 {
        // A unit may have lost the packet with its number.
        match client.try_picture().await {
            Ok(picture) => loss += picture.loss,
            Err(reason) => assert!(reason.contains("without a number"), "{reason}"),
        }
    }
    assert!(sim.stats("cam").unwrap().packets_lost > 0);
}

#[tokio::test]
async fn sender_reports_can_be_switched_off() {
    let sim = one_camera().await;
    sim.set_fault("cam", Fault::NoSenderReports).unwrap();
    let mut client = connect(&sim).await.unwrap();
    for _ in 0..5 {
        client.picture().await;
    }
    assert_eq!(client.reports, 0);
}

#[tokio::test]
async fn faults_are_switched_over_the_control_port() {
    let sim = std::sync::Arc::new(one_camera().await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(eyrie_camsim::control::serve_on(listener, std::sync::Arc::clone(&sim)));
    let call = async |request: String| {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let put = |path: &str, body: &str| {
        format!("PUT /streams/{path}/fault HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    assert!(call(put("cam", r#"{"type":"refuse","status":503}"#)).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(sim.fault("cam").unwrap(), Some(Fault::Refuse { status: 503 }));
    assert!(call(put("cam", r#"{"type":"explode"}"#)).await.starts_with("HTTP/1.1 400 "));
    assert!(call(put("nobody", r#"{"type":"stall"}"#)).await.starts_with("HTTP/1.1 404 "));
    assert!(call("GET /streams HTTP/1.1\r\n\r\n".into()).await.contains(r#""path":"cam""#));
    assert!(call("DELETE /streams/cam/fault HTTP/1.1\r\n\r\n".into()).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(sim.fault("cam").unwrap(), None);
}
