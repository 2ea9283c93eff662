//! A camera that wants the node to connect elsewhere.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eyrie_types::{RtspSource, RtspTransport, SourceSpec};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::rig::{Rig, source, until};

/// What retina takes for a server that must be told goodbye, if need be over new connections.
const OLD_LIVE555: &str = "LIVE555 Streaming Media v2013.05.30";

/// Answers each request of one connection, and hangs up once it should play.
async fn serve(stream: TcpStream, base: SocketAddr, described: Arc<AtomicUsize>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim();
        let sequence = header("CSeq:");
        let (headers, body) = match head.split(' ').next().unwrap_or_default() {
            "DESCRIBE" => {
                described.fetch_add(1, Ordering::SeqCst);
                let sdp = format!(
                    "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\na=tool:{OLD_LIVE555}\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n\
                     a=rtpmap:96 H264/90000\r\na=control:track1\r\n"
                );
                (format!("Content-Base: rtsp://{base}/elsewhere/\r\nContent-Type: application/sdp\r\n"), sdp)
            }
            "SETUP" => {
                let transport = match header("Transport:") {
                    udp if udp.contains("client_port") => format!("{udp};server_port=40000-40001"),
                    tcp => tcp.to_owned(),
                };
                (format!("Session: 7;timeout=60\r\nTransport: {transport}\r\n"), String::new())
            }
            _ => ("Session: 7\r\n".to_owned(), String::new()),
        };
        let length = body.len();
        let answer = format!("RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        stream.get_mut().write_all(answer.as_bytes()).await?;
        if head.starts_with("PLAY") {
            return Ok(());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_names_another_host_as_its_base_never_gets_the_node_to_connect_there() {
    for transport in [RtspTransport::Tcp, RtspTransport::Udp] {
        let camera = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("rtsp://{}/live", camera.local_addr().unwrap());
        let base = elsewhere.local_addr().unwrap();
        let (described, visited) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counting, visitors) = (Arc::clone(&described), Arc::clone(&visited));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = camera.accept().await {
                tokio::spawn(serve(stream, base, Arc::clone(&counting)));
            }
        });
        let watching = tokio::spawn(async move {
            while elsewhere.accept().await.is_ok() {
                visitors.fetch_add(1, Ordering::SeqCst);
            }
        });
        let rig = Rig::start().await;
        rig.add(SourceSpec::Rtsp(RtspSource { transport, ..source(&url) })).await;
        // By the time the node has lost it and come back several times, it has long tried what it tries to say goodbye.
        until("the node came back", async || (described.load(Ordering::SeqCst) >= 6).then_some(())).await;
        rig.node.shutdown().await;
        assert_eq!(visited.load(Ordering::SeqCst), 0, "{transport:?}: connections to the host that the camera named");
        serving.abort();
        watching.abort();
    }
}
