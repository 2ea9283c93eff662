use std::net::SocketAddr;
use std::time::Duration;

use eyrie_media::rtmp::{HANDSHAKE_RANDOM_BYTES, RtmpEvent};
use eyrie_storage::shared::RateLimit;
use eyrie_types::{AuditOutcome, CameraId, Secret, TenantId};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::audit::audit;
use super::door::Admission;
use super::publisher::{Connection, Publisher};
use super::refused::Refused;
use super::socket::{Socket, Stream};
use super::tls::RtmpTls;
use super::{PUBLISH_APP, TAKE_OVER_WAIT, parse_name};
use crate::context::NodeContext;

/// How long a publisher may take from its connection to its question.
const ASK_WITHIN: Duration = Duration::from_secs(10);
/// What an address may try. Keys cannot be guessed at any rate, so a wrong one in one camera must not keep out its neighbours
/// behind the same address for long.
const ATTEMPTS: RateLimit = RateLimit {
    kind: "publish",
    burst: 120,
    per_second: 10,
    free_failures: 20,
    pause_max: Duration::from_secs(8),
    kept: Duration::from_secs(600),
    subjects_max: 10_000,
};

/// A connection that nothing was read of yet.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) socket: TcpStream,
    pub(super) remote: SocketAddr,
    /// There is a limit of connections.
    pub(super) counted: OwnedSemaphorePermit,
}

/// Hears a new connection out, and takes it to its camera or turns it away.
pub(super) async fn enter(node: &NodeContext, tls: &RtmpTls, arrival: Arrival) {
    let (remote, until) = (arrival.remote, Instant::now() + ASK_WITHIN);
    let opened = timeout_at(until, open(node, tls, arrival)).await.unwrap_or(Err(Refused::TooSlow));
    let mut connection = match opened {
        Ok(connection) => connection,
        Err(refused) => return tell(remote, None, &refused),
    };
    let asked = timeout_at(until, question(&mut connection)).await.unwrap_or(Err(Refused::TooSlow));
    let (app, name) = match asked {
        Ok(asked) => asked,
        Err(refused) => return turned_away(connection, remote, None, &refused).await,
    };
    let named = parse_name(name.expose()).filter(|_| app == PUBLISH_APP);
    let camera = named.map(|(camera, _)| camera);
    match admit(node, named, remote, connection.is_tls()).await {
        Ok((tenant, camera, admission)) => {
            let over = if connection.is_tls() { "tls" } else { "clear" };
            metrics::counter!("eyrie_publish_accepted_total", "over" => over).increment(1);
            let entered = Admission::enter(|place| Publisher::new(connection, place), admission);
            if entered.is_ok() {
                audit(node, tenant, Some(camera), remote.ip(), AuditOutcome::Allowed).await;
            }
        }
        Err(refused) => {
            let attempt = refused == Refused::BadKey;
            turned_away(connection, remote, camera, &refused).await;
            if attempt {
                audit(node, TenantId::default_tenant(), camera, remote.ip(), AuditOutcome::Denied).await;
            }
        }
    }
}

/// Agrees on TLS with it, if that is what it speaks. A handshake costs a signature, so it is one of what its address may try.
async fn open(node: &NodeContext, tls: &RtmpTls, arrival: Arrival) -> Result<Connection, Refused> {
    let Arrival { mut socket, remote, counted } = arrival;
    let stream = if tls.spoken(&mut socket).await? {
        attempt(node, remote).await?;
        tls.agree(socket).await?
    } else {
        Stream::Clear(Socket::new(socket))
    };
    let mut random = [0; HANDSHAKE_RANDOM_BYTES];
    // Nothing depends on them: without random bytes they are zeros.
    let _ = aws_lc_rs::rand::fill(&mut random);
    Ok(Connection::new(stream, remote, random, counted))
}

/// Counts what an address tries, and turns it away when that is too much.
async fn attempt(node: &NodeContext, remote: SocketAddr) -> Result<(), Refused> {
    let Some(shared) = &node.config.shared else { return Ok(()) };
    let address = remote.ip().to_canonical().to_string();
    shared.take(&ATTEMPTS, &TenantId::default_tenant(), &address).await.map_err(Refused::TooOften)
}

/// The application and name that it wants to publish under.
async fn question(connection: &mut Connection) -> Result<(String, Secret), Refused> {
    match connection.next().await? {
        Some(RtmpEvent::Publish { app, name }) => Ok((app, name)),
        // Before its question is answered, the protocol lets nothing else through.
        Some(_) | None => Err(Refused::Gone),
    }
}

/// Finds the camera's door, and asks there; whoever was `counted` already tries once.
async fn admit(
    node: &NodeContext,
    named: Option<(CameraId, &str)>,
    remote: SocketAddr,
    counted: bool,
) -> Result<(TenantId, CameraId, Admission), Refused> {
    if !counted {
        attempt(node, remote).await?;
    }
    let (address, everybody) = (remote.ip().to_canonical().to_string(), TenantId::default_tenant());
    let running = named.and_then(|(camera, key)| Some((node.directory.owner(camera)?, key)));
    let admitted = match &running {
        Some((running, key)) => running.context.door.knock(key, TAKE_OVER_WAIT).await,
        None => Err(Refused::BadKey),
    };
    if let Some(shared) = &node.config.shared {
        match &admitted {
            Err(Refused::BadKey) => shared.failed(&ATTEMPTS, &everybody, &address).await,
            _ => shared.succeeded(&ATTEMPTS, &everybody, &address).await,
        }
    }
    let placement = running.map(|(running, _)| running.context.placement.clone());
    let placement = placement.ok_or(Refused::BadKey)?;
    admitted.map(|admission| (placement.tenant, placement.camera, admission))
}

async fn turned_away(connection: Connection, remote: SocketAddr, camera: Option<CameraId>, refused: &Refused) {
    tell(remote, camera, refused);
    if let Some(refusal) = refused.refusal() {
        connection.refuse(refusal, &refused.to_string()).await;
    }
}

/// Counts who was turned away, and logs why.
fn tell(remote: SocketAddr, camera: Option<CameraId>, refused: &Refused) {
    metrics::counter!("eyrie_publish_refused_total", "reason" => refused.as_str()).increment(1);
    let camera = camera.map(|camera| camera.to_string());
    tracing::info!(%remote, camera, reason = refused.as_str(), %refused, "a publisher was turned away");
}
