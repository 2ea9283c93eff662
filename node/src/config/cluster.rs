use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use eyrie_types::check_name;

use super::error::ConfigError;
use super::layers::{Layers, parse_as};
use super::typed::{duration_within, required};

/// What a node tells its cell of itself, and how it finds it.
#[derive(Debug, Clone)]
pub(crate) struct ClusterConfig {
    /// How it meets other nodes; `None` is a cell of one.
    pub(crate) peers: Option<ClusterPeers>,
    pub(crate) name: Option<String>,
    /// The base URL of the API, as other nodes' clients reach it.
    pub(crate) url: Option<String>,
    pub(crate) zone: String,
    pub(crate) labels: BTreeSet<String>,
    pub(crate) capacity: u32,
    pub(crate) twin_labels: Vec<String>,
    pub(crate) drain_timeout: Duration,
}

/// How a node meets other nodes.
#[derive(Debug, Clone)]
pub(crate) struct ClusterPeers {
    pub(crate) listen: SocketAddr,
    /// `host:port` where they reach it.
    pub(crate) address: Option<String>,
    pub(crate) seeds: Vec<String>,
    pub(crate) secret_file: PathBuf,
    /// Certificate, key and authorities.
    pub(crate) tls: Option<[PathBuf; 3]>,
}

impl ClusterConfig {
    /// Checks every value.
    pub(super) fn from_layers(layers: &Layers) -> Result<Self, ConfigError> {
        let path = |key| layers.get(key, parse_as::<PathBuf>("a path"));
        let listen =
            layers.get("cluster.listen", parse_as::<SocketAddr>("an address and port such as 10.0.0.1:7443"))?;
        let (address, seeds) =
            (layers.get("cluster.address", peer_address)?, layers.all("cluster.join", peer_address)?);
        let secret_file = path("cluster.secret_file")?;
        let files = [path("cluster.tls.certificate")?, path("cluster.tls.key")?, path("cluster.tls.authorities")?];
        let tls = match files {
            [None, None, None] => None,
            [Some(certificate), Some(key), Some(authorities)] => Some([certificate, key, authorities]),
            [None, None, _] => return Err(layers.missing("cluster.tls.certificate", "cluster.tls.authorities")),
            [None, ..] => return Err(layers.missing("cluster.tls.certificate", "cluster.tls.key")),
            [_, None, _] => return Err(layers.missing("cluster.tls.key", "cluster.tls.certificate")),
            [.., None] => return Err(layers.missing("cluster.tls.authorities", "cluster.tls.certificate")),
        };
        let peers = match (listen, secret_file) {
            (Some(listen), Some(secret_file)) => {
                if listen.ip().is_unspecified() && address.is_none() {
                    return Err(layers.missing("cluster.address", "cluster.listen"));
                }
                Some(ClusterPeers { listen, address, seeds, secret_file, tls })
            }
            (Some(_), None) => return Err(layers.missing("cluster.secret_file", "cluster.listen")),
            (None, _) if !seeds.is_empty() => return Err(layers.missing("cluster.listen", "cluster.join")),
            (None, _) => None,
        };
        Ok(Self {
            peers,
            name: layers.get("cluster.name", |text| word("cluster.name", text))?,
            url: layers.get("cluster.url", base_url)?,
            zone: layers.get("cluster.zone", |text| word("cluster.zone", text))?.unwrap_or_default(),
            labels: layers.all("cluster.labels", |text| word("cluster.labels", text))?.into_iter().collect(),
            capacity: required(layers, "cluster.capacity", |text| match text.parse() {
                Ok(n @ 1..=100_000) => Ok(n),
                _ => Err(format!("{text:?} is not a number from 1 to 100000")),
            })?,
            twin_labels: layers.all("cluster.twin_labels", |text| word("cluster.twin_labels", text))?,
            drain_timeout: required(layers, "cluster.drain_timeout", duration_within("0s", 0, "1h", 3_600_000))?,
        })
    }
}

/// A short text for people.
fn word(key: &str, text: &str) -> Result<String, String> {
    check_name(key, text).map(|()| text.trim().to_owned()).map_err(|error| error.reason)
}

/// `host:port`, or a name alone.
fn peer_address(text: &str) -> Result<String, String> {
    let wrong = || format!("{text:?} is not an address such as 10.0.0.1:7443 or a name such as eyrie-peers");
    let text = text.trim();
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.starts_with('[') => (host, Some(port)),
        _ => (text, None),
    };
    let host_fits = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._[]:%".contains(c));
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    if host_fits && port_fits { Ok(text.to_owned()) } else { Err(wrong()) }
}

/// `http://host:port` without a path.
fn base_url(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => Ok(text.to_owned()),
        _ => Err(format!("{text:?} is not a base URL such as https://cam1.example.org:8080")),
    }
}
