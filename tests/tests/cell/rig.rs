//! Three nodes of one cell on this machine, with a Cassandra between them and simulated cameras before them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use eyrie_camsim::au_number::AuStamp;
use eyrie_camsim::{CamSim, CamSimConfig, ClipSpec, StreamConfig};
use eyrie_cassandra::Cassandra;
use eyrie_chaos::drill::Recordings;
use eyrie_storage::store::{CqlConfig, Replication, StoreConfig};
use eyrie_tests::{Client, Node, NodeOptions, eventually, free_port};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

use crate::liar::Liar;

/// Small pictures, a keyframe a second.
fn clip() -> ClipSpec {
    ClipSpec { width: 160, height: 120, bitrate_kbps: 100, seconds: 4, ..ClipSpec::default() }
}

/// What the nodes prove to one another.
pub(crate) const SECRET: &str = "a secret that only this test's nodes know";

/// One cell at a time: a machine with two cores is slow to hear nine nodes and two databases, and would hold live ones to be dead.
static TURN: Mutex<()> = Mutex::const_new(());

/// Waits until no other cell runs.
pub(crate) async fn take_turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

pub(crate) struct Cell {
    pub(crate) cameras: CamSim,
    pub(crate) nodes: BTreeMap<usize, Node>,
    ports: Vec<u16>,
    contact: String,
    keyspace: String,
    more: String,
    /// Who stands before each node, where somebody does.
    pub(crate) liars: Vec<Liar>,
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
        let mut cell = Self::prepare(contact, nodes, cameras, more).await?;
        cell.start_all().await?;
        Ok(cell)
    }

    /// The same with a [`Liar`] before each node, who is honest for now. Node `i` has the label `ni`, and the
    /// first two are a `pair`.
    pub(crate) async fn start_behind_liars(nodes: usize, cameras: usize, more: &str) -> anyhow::Result<Self> {
        let mut cell = Self::prepare(&Cassandra::shared().contact_point(), nodes, cameras, more).await?;
        for i in 0..nodes {
            cell.liars.push(Liar::before(cell.peer_address(i)?, SECRET).await?);
        }
        cell.start_all().await?;
        Ok(cell)
    }

    /// A cell of which no node runs yet.
    pub(crate) async fn prepare(contact: &str, nodes: usize, cameras: usize, more: &str) -> anyhow::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let turn = take_turn().await;
        let streams = (0..cameras).map(|i| StreamConfig::new(format!("cam{i}"), clip())).collect();
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("secret"), SECRET)?;
        Ok(Self {
            cameras: CamSim::start(CamSimConfig::loopback(streams)).await?,
            nodes: BTreeMap::new(),
            ports: (0..nodes).map(|_| free_port()).collect::<Result<_, _>>()?,
            contact: contact.to_owned(),
            keyspace: format!("cell_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)),
            more: more.to_owned(),
            liars: Vec::new(),
            dir,
            _turn: turn,
        })
    }

    async fn start_all(&mut self) -> anyhow::Result<()> {
        for i in 0..self.ports.len() {
            self.start_node(i)?;
        }
        self.await_all().await
    }

    /// Starts all nodes at one moment, and waits until they are a cell.
    pub(crate) async fn start_at_once(&mut self) -> anyhow::Result<()> {
        let setups = (0..self.ports.len()).map(|i| Ok((self.node_dir(i), self.options(i)?)));
        let setups: Vec<_> = setups.collect::<anyhow::Result<_>>()?;
        let start =
            |(dir, options): (PathBuf, NodeOptions)| tokio::task::spawn_blocking(move || Node::start(&dir, &options));
        for (i, started) in futures::future::join_all(setups.into_iter().map(start)).await.into_iter().enumerate() {
            self.nodes.insert(i, started?.with_context(|| format!("n{i}"))?);
        }
        self.await_all().await
    }

    /// How many files there are of the master key that all nodes share.
    pub(crate) fn key_files(&self) -> anyhow::Result<usize> {
        let names =
            std::fs::read_dir(self.dir.path())?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let names: Vec<String> = names.collect::<anyhow::Result<_>>()?;
        Ok(names.iter().filter(|name| name.starts_with("master")).count())
    }

    async fn await_all(&self) -> anyhow::Result<()> {
        let nodes = self.ports.len();
        let client = self.client(0).await?;
        eventually("all nodes in the cell", || async {
            let view = client.get("/api/v1/cluster").await.map_err(|error| error.to_string())?;
            let up = view["nodes"].as_array().map_or(0, |all| all.iter().filter(|node| node["health"] == "up").count());
            if up == nodes { Ok(()) } else { Err(view.to_string()) }
        })
        .await
    }

    /// Starts a node, the first time or again.
    pub(crate) fn start_node(&mut self, i: usize) -> anyhow::Result<()> {
        let node = Node::start(&self.node_dir(i), &self.options(i)?)?;
        self.nodes.insert(i, node);
        Ok(())
    }

    /// A place for one more node, which joins when it is started.
    pub(crate) fn add_place(&mut self) -> anyhow::Result<usize> {
        self.ports.push(free_port()?);
        Ok(self.ports.len() - 1)
    }

    /// What a node is started with.
    pub(crate) fn options(&self, i: usize) -> anyhow::Result<NodeOptions> {
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
        let mut told = self.peer_address(0)?;
        if let (Some(first), Some(own)) = (self.liars.first(), self.liars.get(i)) {
            told = first.address().to_owned();
            let pair = if i < 2 { ", 'pair'" } else { "" };
            toml += &format!("cluster.address = '{}'\ncluster.labels = ['n{i}'{pair}]\n", own.address());
        }
        if i > 0 {
            toml += &format!("cluster.join = ['{told}']\n");
        }
        Ok(NodeOptions { toml, ..NodeOptions::default() })
    }

    /// `host:port` of a node, for the other nodes.
    pub(crate) fn peer_address(&self, i: usize) -> anyhow::Result<String> {
        Ok(format!("127.0.0.1:{}", self.ports.get(i).context("no such node")?))
    }

    /// Where their database is.
    pub(crate) fn contact(&self) -> &str {
        &self.contact
    }

    /// What it calls their store.
    pub(crate) fn keyspace(&self) -> &str {
        &self.keyspace
    }

    /// The store that the nodes share.
    pub(crate) fn store(&self) -> StoreConfig {
        StoreConfig::Cql(CqlConfig {
            contact_points: vec![self.contact.clone()],
            keyspace: self.keyspace.clone(),
            datacenter: None,
            credentials: None,
            tls: None,
            replication: Replication::Local(1),
        })
    }

    /// What the text of a node's metrics says of `series`, such as `eyrie_job_held{job="x"}`; `None` where it is not there.
    pub(crate) async fn metric(&self, i: usize, series: &str) -> anyhow::Result<Option<f64>> {
        let base = self.nodes.get(&i).context("that node does not run")?.base();
        // Open to this machine: nobody signs in for it.
        let text = reqwest::get(format!("{base}/metrics")).await?.error_for_status()?.text().await?;
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
        Ok(value)
    }

    /// Where every placement is and since which epoch, as node `i` sees it.
    pub(crate) async fn epochs(&self, i: usize) -> anyhow::Result<Vec<String>> {
        let page = self.client(i).await?.get("/api/v1/cluster/placements?limit=200").await?;
        let items = page["items"].as_array().context("no placements")?.iter();
        Ok(items
            .map(|item| format!("{} {} {} {}", item["camera"], item["slot"], item["node"], item["epoch"]))
            .collect())
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
            ids.push(self.add_camera(&client, n, placement).await?);
        }
        self.await_online(i, &ids).await?;
        Ok(ids)
    }

    /// Adds camera `n`.
    pub(crate) async fn add_camera(&self, client: &Client, n: usize, placement: &Value) -> anyhow::Result<String> {
        let path = format!("cam{n}");
        let body = json!({
            "name": path, "labels": [], "recording": {"mode": "continuous"}, "placement": placement,
            "source": {"type": "rtsp", "url": self.cameras.url(&path)},
        });
        let camera = client.post("/api/v1/cameras", &body).await?;
        Ok(camera["id"].as_str().context("no id")?.to_owned())
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

    /// Waits until node `i` says that so many nodes are up, and so many of all vote.
    pub(crate) async fn await_members(&self, i: usize, up: usize, voting: usize) -> anyhow::Result<()> {
        eventually(&format!("{up} nodes are up, and {voting} vote"), || async {
            let view = async { self.client(i).await?.get("/api/v1/cluster").await };
            let view = view.await.map_err(|error| error.to_string())?;
            let nodes: Vec<_> = view["nodes"].as_array().into_iter().flatten().collect();
            let live = nodes.iter().filter(|node| node["health"] == "up").count();
            let voters = nodes.iter().filter(|node| node["voter"] == true).count();
            if (live, voters) == (up, voting) { Ok(()) } else { Err(view.to_string()) }
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

    /// What was recorded on all nodes together.
    pub(crate) fn recordings(&self) -> anyhow::Result<Recordings> {
        let mut recordings = Recordings::new((0..self.ports.len()).map(|i| self.node_dir(i).join("recordings")));
        recordings.refresh()?;
        Ok(recordings)
    }

    /// The units of a camera on all nodes together, each once, in order.
    pub(crate) fn recorded(&self, camera: &str) -> anyhow::Result<Vec<AuStamp>> {
        Ok(self.recordings()?.units(camera.parse()?).collect())
    }

    /// Waits until `seconds` more were recorded of each camera, by what lies on disk.
    pub(crate) async fn await_more(&self, ids: &[String], seconds: u64) -> anyhow::Result<()> {
        let last = |recordings: &Recordings, id: &String| {
            let camera = id.parse().ok()?;
            recordings.units(camera).next_back().map(|unit| unit.number)
        };
        let before: Vec<u64> = eventually("all begun", || async {
            let recordings = self.recordings().map_err(|error| error.to_string())?;
            ids.iter().map(|id| last(&recordings, id)).collect::<Option<_>>().ok_or_else(|| "not yet".to_owned())
        })
        .await?;
        eventually("more recorded", || async {
            let recordings = self.recordings().map_err(|error| error.to_string())?;
            let more = |(id, before): (&String, &u64)| last(&recordings, id) > Some(before + 25 * seconds);
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
