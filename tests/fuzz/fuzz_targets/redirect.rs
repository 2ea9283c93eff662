//! The answer of a camera that says it has moved, over a real connection: whatever it sends, what is followed is an `rtsp` or
//! `rtsps` address without credentials. The module is private to the ingest, so the target compiles its files as they are.
#![no_main]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{LazyLock, Mutex, PoisonError};

use eyrie_actors::NetworkError;
use fault::Fault;
use step::Step;
use tokio::runtime::{Builder, Runtime};
use url::Url;

#[path = "../../../actors/src/ingest/fault.rs"]
#[allow(dead_code, reason = "more is in it than this target needs")]
mod fault;
#[path = "../../../actors/src/ingest/redirect.rs"]
#[allow(dead_code, reason = "more is in it than this target needs")]
mod redirect;
#[path = "../../../actors/src/ingest/step.rs"]
#[allow(dead_code, reason = "more is in it than this target needs")]
mod step;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));
/// The camera: its port, and where it gets its next answer from.
static CAMERA: LazyLock<(u16, Mutex<SyncSender<Vec<u8>>>)> = LazyLock::new(|| {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (answer, answers) = sync_channel::<Vec<u8>>(1);
    std::thread::spawn(move || {
        for answer in answers {
            let Ok((mut peer, _)) = listener.accept() else { continue };
            // One read takes the whole request: it is a few dozen bytes in one packet.
            let _ = peer.read(&mut [0; 4096]);
            let _ = peer.write_all(&answer);
        }
    });
    (port, Mutex::new(answer))
});
/// A fresh address of this machine each time: ports of closed connections stay taken for a while.
static NEXT: AtomicU32 = AtomicU32::new(0);

async fn connect(camera: SocketAddr) -> Result<tokio::net::TcpStream, Fault> {
    tokio::net::TcpStream::connect(camera).await.map_err(|error| Fault::Unreachable(error.to_string()))
}

libfuzzer_sys::fuzz_target!(|head: &[u8]| {
    let (port, answers) = &*CAMERA;
    let sent = answers.lock().unwrap_or_else(PoisonError::into_inner).send(head.to_vec());
    sent.expect("the camera answers for ever");
    let address = Ipv4Addr::from(0x7f00_0001 + NEXT.fetch_add(1, Ordering::Relaxed) % 0xff_0000);
    let asked = Url::parse("rtsp://camera.example/stream1").expect("an address");
    let target = RUNTIME.block_on(redirect::target(&asked, connect(SocketAddr::from((address, *port)))));
    match target {
        Ok(target) => {
            assert!(matches!(target.scheme(), "rtsp" | "rtsps"), "{target}");
            assert_eq!((target.username(), target.password()), ("", None));
            assert!(!target.as_str().contains(|c: char| c.is_ascii_control() || c == ' '), "{target}");
        }
        Err(fault) => assert!(fault.to_string().lines().count() <= 1, "{fault}"),
    }
});
