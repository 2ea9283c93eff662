//! Three nodes of one cell on this machine, with a Cassandra between them and simulated cameras before them.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use eyrie_camsim::au_number::{AuStamp, scan};
use eyrie_camsim::{CamSim, CamSimConfig, ClipSpec, StreamConfig};
use eyrie_cassandra::Cassandra;
use eyrie_storage::segment::SegmentReader;
use eyrie_tests::{Client, Node, NodeOptions, eventually};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

/// Small pictures, a keyframe a second.
fn clip() -> ClipSpec {
    ClipSpec { width: 160, height: 120, bitrate_kbps: 100, seconds: 4, ..ClipSpec::default() }
}

/// A port that nobody has now.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// What the nodes prove to one another.
pub(crate) const SECRET: &str = "a secret that only this test's nodes know";

/// One cell at a time: a machine with two cores is slow to hear nine nodes and two databases, and would hold live ones to be dead.
static TURN: Mutex<()> = Mutex::const_new(());

pub(crate) struct Cell {
    pub(crate) cameras: CamSim,
    pub(crate) nodes: BTreeMap<usize, Node>,
    ports: Vec<u16>,
    contact: String,
    keyspace: String,
    more: String,
    dir: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Cell {
    /// Starts `nodes` nodes with `cameras` cameras before them, none of which is added yet. `more` is TOML for all.
    pub(crate) async fn start(nodes: usize, cameras: usize, more: &str) -> anyhow::Result<Self> {
        Self::start_over(&Cassandra::shared().contact_point(), nodes, cameras, more).await
    }

    /// The same over a Cassandra of the test's own.
    pub(crate) async fn start_over(contact: &str, nodes: usize, cameras: usize, more: &str) -> anyhow::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let turn = TURN.lock().await;
        let streams = (0..cameras).map(|i| StreamConfig::new(format!("cam{i}"), clip())).collect();
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("secret"), SECRET)?;
        let mut cell = Self {
            cameras: CamSim::start(CamSimConfig::loopback(streams)).await?,
            nodes: BTreeMap::new(),
            ports: (0..nodes).map(|_| free_port()).collect::<Result<_, _>>()?,
            contact: contact.to_owned(),
            keyspace: format!("cell_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)),
            more: more.to_owned(),
            dir,
            _turn: turn,
        };
        for i in 0..nodes {
            cell.start_node(i)?;
        }
        let client = cell.client(0).await?;
        eventually("all nodes in the cell", || async {
            let view = client.get("/api/v1/cluster").await.map_err(|error| error.to_string())?;
            let up = view["nodes"].as_array().map_or(0, |all| all.iter().filter(|node| node["health"] == "up").count());
            if up == nodes { Ok(()) } else { Err(view.to_string()) }
        })
        .await?;
        Ok(cell)
    }

    /// Starts a node, the first time or again.
    pub(crate) fn start_node(&mut self, i: usize) -> anyhow::Result<()> {
        let cassandra = &self.contact;
        let dir = self.dir.path().display();
        let port = |i: usize| self.ports.get(i).copied().context("no such node");
        let mut toml = format!(
            "cluster.listen = '127.0.0.1:{}'\ncluster.secret_file = '{dir}/secret'\ncluster.name = 'n{i}'\n\
             keys.master_key_file = '{dir}/master.key'\nrecording.sealing = 'off'\n\
             store.contact_points = ['{cassandra}']\nstore.keyspace = '{}'\nstore.replication = '1'\n{}\n",
            port(i)?,
            self.keyspace,
            self.more
        );
        if i > 0 {
            toml += &format!("cluster.join = ['127.0.0.1:{}']\n", port(0)?);
        }
        let node = Node::start(&self.node_dir(i), &NodeOptions { toml, ..NodeOptions::default() })?;
        self.nodes.insert(i, node);
        Ok(())
    }

    /// Where node `i` listens for the others.
    pub(crate) fn peer_address(&self, i: usize) -> anyhow::Result<String> {
        Ok(format!("127.0.0.1:{}", self.ports.get(i).context("no such node")?))
    }

    pub(crate) fn node_dir(&self, i: usize) -> PathBuf {
        self.dir.path().join(format!("n{i}"))
    }

    pub(crate) async fn client(&self, i: usize) -> anyhow::Result<Client> {
        self.nodes.get(&i).context("that node does not run")?.client().await
    }

    /// Adds every camera through node `i`, and waits until all are online, as node `i` sees it.
    pub(crate) async fn add_cameras(&self, i: usize, count: usize, placement: &Value) -> anyhow::Result<Vec<String>> {
        let client = self.client(i).await?;
        let mut ids = Vec::new();
        for n in 0..count {
            let path = format!("cam{n}");
            let body = json!({
                "name": path, "labels": [], "recording": {"mode": "continuous"}, "placement": placement,
                "source": {"type": "rtsp", "url": self.cameras.url(&path)},
            });
            let camera = client.post("/api/v1/cameras", &body).await?;
            ids.push(camera["id"].as_str().context("no id")?.to_owned());
        }
        self.await_online(i, &ids).await?;
        Ok(ids)
    }

    /// Waits until node `i` says that all are online.
    pub(crate) async fn await_online(&self, i: usize, ids: &[String]) -> anyhow::Result<()> {
        let client = self.client(i).await?;
        eventually("all cameras online", || async {
            let mut not = Vec::new();
            for id in ids {
                let camera = client.get(&format!("/api/v1/cameras/{id}")).await.map_err(|error| error.to_string())?;
                if camera["status"]["state"] != "online" {
                    not.push(camera["status"].to_string());
                }
            }
            if not.is_empty() { Ok(()) } else { Err(not.join(" ")) }
        })
        .await
    }

    /// The placements, as node `i` sees them: camera, slot and the name of its node.
    pub(crate) async fn placements(&self, i: usize) -> anyhow::Result<Vec<(String, u64, String)>> {
        let client = self.client(i).await?;
        let view = client.get("/api/v1/cluster").await?;
        let nodes = view["nodes"].as_array().context("no nodes")?;
        let names: BTreeMap<_, _> = nodes.iter().map(|node| (node["id"].to_string(), node["name"].clone())).collect();
        let page = client.get("/api/v1/cluster/placements?limit=200").await?;
        let items = page["items"].as_array().context("no placements")?.iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let placed = items.map(|item| {
            let name = names.get(&item["node"].to_string()).map(text).unwrap_or_default();
            (text(&item["camera"]), item["slot"].as_u64().unwrap_or(99), name)
        });
        Ok(placed.collect())
    }

    /// The number of the node that leads, as node `i` sees it.
    pub(crate) async fn leader(&self, i: usize) -> anyhow::Result<usize> {
        let view = self.client(i).await?.get("/api/v1/cluster").await?;
        let nodes = view["nodes"].as_array().context("no nodes")?;
        let leader = nodes.iter().find(|node| node["id"] == view["leader"]).context("no leader")?;
        Ok(leader["name"].as_str().and_then(|name| name.strip_prefix('n')).context("no name")?.parse()?)
    }

    /// What was recorded of a camera on all nodes together, each unit once, in order; and how many were recorded twice or more.
    pub(crate) fn recorded(&self, camera: &str) -> anyhow::Result<(Vec<AuStamp>, usize)> {
        let mut found = Vec::new();
        for i in 0..self.ports.len() {
            for segment in eyrie_storage::segment::walk(self.node_dir(i).join("recordings")).filter_map(Result::ok) {
                if segment.path.display().to_string().contains(camera) {
                    let reader = SegmentReader::open(&segment.path, None)?;
                    for entry in reader.scan(u64::MAX)?.fragments {
                        found.extend(scan(&reader.fragment(&entry)?));
                    }
                }
            }
        }
        found.sort_by_key(|stamp: &AuStamp| stamp.number);
        let all = found.len();
        found.dedup_by_key(|stamp| stamp.number);
        let doubled = all - found.len();
        Ok((found, doubled))
    }

    /// Waits until `seconds` more were recorded of each camera, by what lies on disk.
    pub(crate) async fn await_more(&self, ids: &[String], seconds: u64) -> anyhow::Result<()> {
        let last = |id: &String| self.recorded(id).ok().and_then(|(units, _)| units.last().map(|unit| unit.number));
        let before: Vec<u64> = eventually("all begun", || async {
            ids.iter().map(last).collect::<Option<_>>().ok_or_else(|| "not yet".to_owned())
        })
        .await?;
        eventually("more recorded", || async {
            let more = |(id, before): (&String, &u64)| last(id) > Some(before + 25 * seconds);
            if ids.iter().zip(&before).all(more) { Ok(()) } else { Err("not yet".to_owned()) }
        })
        .await
    }
}

/// How many units are missing between the first and the last.
pub(crate) fn missing(units: &[AuStamp]) -> u64 {
    units.windows(2).map(|pair| pair[1].number - pair[0].number - 1).sum()
}

/// How long something took.
pub(crate) async fn timed<T>(what: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<(T, Duration)> {
    let started = Instant::now();
    let done = what.await?;
    Ok((done, started.elapsed()))
}
