//! How this process becomes a node of its cell.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use eyrie_actors::control::{CellPart, Control, ControlConfig, ControlHandle, ControlParts};
use eyrie_actors::peer::{PeerConfig, PeerTls, Peers};
use eyrie_actors::{Fallen, NodeHandle};
use eyrie_cluster::{DetectorLimits, Identity};
use eyrie_storage::NodeIdentity;
use eyrie_types::{Epoch, Secret};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::config::{ClusterPeers, Config};
use crate::place::Place;
use crate::running_node::DataDir;

/// What a node has to know of itself before it does anything.
pub(crate) struct Seat {
    started: NodeIdentity,
    identity: Identity,
    name: String,
    cell: CellPart,
}

/// Counts the start, takes the address for other nodes, and makes sure that this process alone is its node.
///
/// # Errors
/// When the address, secret or certificates cannot be used, or the data directory is a copy of a running node's.
pub(crate) async fn take_seat(config: &Config, data: &DataDir) -> anyhow::Result<Seat> {
    let started = data.identity.start(&config.data_dir)?;
    let name = config.cluster.name.clone().unwrap_or_else(host_name);
    let cell = meet(config.cluster.peers.as_ref(), data, started.start, &name).await?;
    let identity = directory_identity(&config.data_dir)?;
    Place::new(identity, &cell.address).take(&config.data_dir, started.node, &cell.peers.dialer()).await?;
    Ok(Seat { started, identity, name, cell })
}

/// Starts the node's part in its cell, which makes one at its first start, or joins the configured one.
///
/// # Errors
/// When Raft's log cannot be opened.
pub(crate) async fn join(
    config: &Config,
    data: &DataDir,
    Seat { started, identity, name, cell }: Seat,
    node: &NodeHandle,
    fallen: mpsc::Receiver<Fallen>,
    url: &str,
) -> anyhow::Result<ControlHandle> {
    let control = ControlConfig {
        node: started.node,
        start: started.start,
        identity,
        name,
        url: url.to_owned(),
        zone: config.cluster.zone.clone(),
        labels: config.cluster.labels.clone(),
        capacity: config.cluster.capacity,
        raft_dir: config.raft_dir(),
        twin_labels: config.cluster.twin_labels.clone(),
        epochs_given: epochs_given(data).await?,
        limits: DetectorLimits::default(),
        cell,
    };
    let parts = ControlParts {
        node: node.clone(),
        store: Arc::clone(&data.store),
        mirror: Arc::clone(&data.mirror),
        keyring: Arc::clone(&data.keys),
        clock: Arc::clone(&data.clock),
        fallen,
    };
    Control::start(control, parts).await.context("starting the node's part in its cell")
}

/// What an older release has given out; asked for a founding, for which the store has to be there.
async fn epochs_given(data: &DataDir) -> anyhow::Result<Option<Epoch>> {
    match data.store.last_epoch().await {
        Err(error) if error.is_unavailable() => Ok(None),
        given => Ok(given?),
    }
}

async fn meet(peers: Option<&ClusterPeers>, data: &DataDir, start: u64, name: &str) -> anyhow::Result<CellPart> {
    let (node, clock) = (data.identity.node, Arc::clone(&data.clock));
    let Some(ClusterPeers { listen, address, seeds, secret_file, tls }) = peers else {
        let peers = tokio::task::spawn_blocking(move || Peers::alone(node, start, clock)).await??;
        return Ok(CellPart { socket: None, address: String::new(), peers, seeds: Vec::new() });
    };
    let secret = fs::read_to_string(secret_file)
        .with_context(|| format!("cluster.secret_file: reading {}", secret_file.display()))?;
    let tls = tls.clone().map(|[certificate, key, authorities]| PeerTls::Files { certificate, key, authorities });
    let credentials = PeerConfig {
        secret: Secret::new(secret.trim()),
        cell: None,
        node,
        start,
        name: name.to_owned(),
        tls: tls.unwrap_or_default(),
    };
    // Stretching the secret and making a certificate are work for a thread of their own.
    let credentials = tokio::task::spawn_blocking(move || Peers::new(&credentials, clock)).await?;
    let credentials = credentials.context("cluster.secret_file")?;
    let socket = TcpListener::bind(listen).await.with_context(|| format!("cluster.listen: listening on {listen}"))?;
    let bound = socket.local_addr()?;
    let address = address.clone().unwrap_or_else(|| bound.to_string());
    Ok(CellPart { socket: Some(socket), address, peers: credentials, seeds: seeds.clone() })
}

/// Tells this directory on this machine from a copy of it elsewhere.
fn directory_identity(data_dir: &Path) -> anyhow::Result<Identity> {
    let place = fs::canonicalize(data_dir).with_context(|| format!("{}", data_dir.display()))?;
    // A container may have none; then the directory and the host's name have to do.
    let machine = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let mut hash = blake3::Hasher::new();
    for part in [machine.trim(), &host_name(), &place.display().to_string()] {
        hash.update(part.as_bytes()).update(&[0]);
    }
    let mut identity = [0; 16];
    hash.finalize_xof().fill(&mut identity);
    Ok(Identity(identity))
}

fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "node".to_owned() } else { name.to_owned() }
}
