use std::net::SocketAddr;
use std::time::Duration;

use eyrie_media::rtmp::RtmpEvent;
use eyrie_storage::shared::RateLimit;
use eyrie_types::{AuditOutcome, CameraId, Secret, TenantId};
use tokio::time::timeout;

use super::audit::audit;
use super::door::Admission;
use super::publisher::{Connection, Publisher};
use super::refused::Refused;
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

/// Hears a new connection out, and takes it to its camera or turns it away.
pub(super) async fn enter(node: &NodeContext, mut connection: Connection, remote: SocketAddr) {
    let asked = timeout(ASK_WITHIN, question(&mut connection)).await.unwrap_or(Err(Refused::TooSlow));
    let (app, name) = match asked {
        Ok(asked) => asked,
        Err(refused) => return turned_away(connection, remote, None, &refused).await,
    };
    let named = parse_name(name.expose()).filter(|_| app == PUBLISH_APP);
    let camera = named.map(|(camera, _)| camera);
    match admit(node, named, remote).await {
        Ok((tenant, camera, admission)) => {
            metrics::counter!("eyrie_publish_accepted_total").increment(1);
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

/// The application and name that it wants to publish under.
async fn question(connection: &mut Connection) -> Result<(String, Secret), Refused> {
    match connection.next().await? {
        Some(RtmpEvent::Publish { app, name }) => Ok((app, name)),
        // Before its question is answered, the protocol lets nothing else through.
        Some(_) | None => Err(Refused::Gone),
    }
}

/// Finds the camera's door, and asks there.
async fn admit(
    node: &NodeContext,
    named: Option<(CameraId, &str)>,
    remote: SocketAddr,
) -> Result<(TenantId, CameraId, Admission), Refused> {
    let (address, everybody) = (remote.ip().to_canonical().to_string(), TenantId::default_tenant());
    if let Some(shared) = &node.config.shared {
        shared.take(&ATTEMPTS, &everybody, &address).await.map_err(Refused::TooOften)?;
    }
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
    metrics::counter!("eyrie_publish_refused_total", "reason" => refused.as_str()).increment(1);
    let camera = camera.map(|camera| camera.to_string());
    tracing::info!(%remote, camera, reason = refused.as_str(), %refused, "a publisher was turned away");
    if let Some(refusal) = refused.refusal() {
        connection.refuse(refusal, &refused.to_string()).await;
    }
}
