//! The binary's control port: just enough HTTP/1.1 (RFC 9112) for `curl`. One request a connection, bodies by
//! `Content-Length` only.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::{CamSim, CamSimError, Fault};

/// A request, at most.
const REQUEST_BYTES_MAX: usize = 16 * 1024;
/// Clients at once, at most.
const CLIENTS_MAX: usize = 32;
/// How long a request may take to arrive and an answer to leave.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves `GET /streams`, `PUT /streams/{path}/fault` (a [`Fault`] as JSON) and `DELETE /streams/{path}/fault` at `address`, for
/// ever. There is no sign-in: bind it to loopback.
///
/// # Errors
/// [`CamSimError::Bind`].
pub async fn serve(address: SocketAddr, sim: Arc<CamSim>) -> Result<(), CamSimError> {
    let listener = TcpListener::bind(address).await.map_err(|source| CamSimError::Bind { address, source })?;
    serve_on(listener, sim).await;
    Ok(())
}

/// As [`serve`], on a listener that is bound already.
pub async fn serve_on(listener: TcpListener, sim: Arc<CamSim>) {
    let clients = Arc::new(Semaphore::new(CLIENTS_MAX));
    while let Ok(permit) = Arc::clone(&clients).acquire_owned().await {
        match listener.accept().await {
            Ok((socket, _)) => {
                let sim = Arc::clone(&sim);
                tokio::spawn(async move {
                    if !matches!(tokio::time::timeout(PATIENCE, handle(socket, &sim)).await, Ok(Ok(()))) {
                        tracing::debug!("a control request broke off");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a control client");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn handle(mut socket: TcpStream, sim: &CamSim) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let (status, body) = loop {
        if let Some(answer) = answer(&bytes, sim) {
            break answer;
        }
        if socket.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    socket.write_all((head + &body).as_bytes()).await?;
    socket.shutdown().await
}

/// The status line's end and the body; `None` while the request is incomplete.
fn answer(bytes: &[u8], sim: &CamSim) -> Option<(&'static str, Value)> {
    const BAD: &str = "400 Bad Request";
    let error = |status, text: String| Some((status, json!({ "error": text })));
    let Some(head_len) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
        return if bytes.len() > REQUEST_BYTES_MAX { error(BAD, "request too long".into()) } else { None };
    };
    let Ok(head) = std::str::from_utf8(&bytes[..head_len]) else { return error(BAD, "not HTTP".into()) };
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Ok(0), |(_, value)| value.trim().parse::<usize>());
    let Some(length) = length.ok().filter(|length| *length <= REQUEST_BYTES_MAX) else {
        return error(BAD, "bad Content-Length".into());
    };
    let body = bytes.get(head_len + 4..head_len + 4 + length)?;
    let path = target.strip_prefix("/streams/").and_then(|rest| rest.strip_suffix("/fault"));
    let done = match (method, target, path) {
        ("GET", "/streams", _) => return Some(("200 OK", list(sim))),
        ("PUT", _, Some(path)) => match serde_json::from_slice::<Fault>(body) {
            Ok(fault) => sim.set_fault(path, fault),
            Err(e) => return error(BAD, e.to_string()),
        },
        ("DELETE", _, Some(path)) => sim.clear_fault(path),
        _ => return error("404 Not Found", "GET /streams, PUT or DELETE /streams/{path}/fault".into()),
    };
    match done {
        Ok(()) => Some(("200 OK", json!({}))),
        Err(e) => error("404 Not Found", e.to_string()),
    }
}

fn list(sim: &CamSim) -> Value {
    let streams: Vec<Value> = sim
        .paths()
        .map(|path| json!({ "path": path, "url": sim.url(path), "fault": sim.fault(path).ok(), "stats": sim.stats(path).ok() }))
        .collect();
    json!({ "streams": streams })
}
