//! TLS under the RTSP library, which speaks over plain TCP alone and takes no stream of ours: it connects to a port of loopback
//! that takes one connection, and what passes there goes through TLS to the camera.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use eyrie_types::CertificatePin;
use tokio::io::{AsyncWriteExt as _, BufReader, copy, copy_buf, split};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use url::Url;

use super::fault::first_line;
use super::{Fault, camera_tls};
use crate::counted::Counted;

/// How long the library may take to connect to a port of its own machine.
const TAKEN_WITHIN: Duration = Duration::from_secs(5);
/// How long the camera may take to hear that its session is over.
const CLOSED_WITHIN: Duration = Duration::from_secs(1);
/// What is read of the camera at once: two TLS records, or a hundred packets.
const FROM_CAMERA_BYTES: usize = 32 << 10;

/// Opens a way to the camera at `address`. Answers where the library finds it: a port of loopback, for one connection, which is
/// to be made at once.
///
/// # Errors
/// As [`camera_tls::connect`], or when the machine has no port left.
pub(super) async fn open(address: SocketAddr, url: &Url, pin: Option<CertificatePin>) -> Result<SocketAddr, Fault> {
    let camera = camera_tls::connect(address, url, pin).await?;
    let no_port =
        |error: std::io::Error| Fault::Tls(format!("no port for its tunnel: {}", first_line(&error.to_string())));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(no_port)?;
    let at = listener.local_addr().map_err(no_port)?;
    // It ends with either side, and so with the library's session, which says its goodbye here after it was dropped.
    tokio::spawn(carry(listener, camera));
    Ok(at)
}

async fn carry(listener: TcpListener, camera: TlsStream<TcpStream>) {
    let _counted = Counted::in_gauge("eyrie_rtsps_tunnels");
    let Ok(Ok((library, _))) = tokio::time::timeout(TAKEN_WITHIN, listener.accept()).await else { return };
    // Whoever comes later finds nobody.
    drop(listener);
    let _ = library.set_nodelay(true);
    let (mut from_library, mut to_library) = library.into_split();
    let (from_camera, mut to_camera) = split(camera);
    let mut from_camera = BufReader::with_capacity(FROM_CAMERA_BYTES, from_camera);
    // Until either end is over. Why does not matter: the library sees its connection end. To the camera it flushes whenever there
    // is nothing more to say, for TLS may hold the end of a request back.
    tokio::select! {
        _ = copy_buf(&mut from_camera, &mut to_library) => {}
        _ = copy(&mut from_library, &mut to_camera) => {}
    }
    let _ = tokio::time::timeout(CLOSED_WITHIN, to_camera.shutdown()).await;
}
