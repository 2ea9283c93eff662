use std::collections::BTreeMap;

use anyhow::Context as _;
use eyrie_camsim::Scene;
use eyrie_cassandra::Cassandra;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::CameraFarm;
use super::cost::add_and_await_all;
use crate::{Client, Node, NodeOptions, eventually, free_port};

/// Nodes of a cell. Three, so that one of them has neither a camera nor its twin.
const NODES: usize = 3;
/// What the nodes prove to one another.
const SECRET: &str = "a secret that only this benchmark's nodes know";

/// Three nodes of one cell over a Cassandra, and simulated cameras before them, in a process of their own. Recordings are sealed.
pub(super) struct BenchCell {
    /// By number; the node `n0` is the first.
    pub(super) nodes: Vec<Node>,
    /// The cameras' ids.
    pub(super) ids: Vec<String>,
    /// Signed in at the first node; its token is good at all.
    pub(super) client: Client,
    // Behind the nodes, which need both until they end.
    _farm: CameraFarm,
    _dir: TempDir,
}

impl BenchCell {
    /// Starts it and waits until all of `cameras` cameras of `kbps` are online.
    ///
    /// # Errors
    /// When it does not get there.
    pub(super) async fn start(cameras: usize, kbps: u32) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let secret = dir.path().join("secret");
        std::fs::write(&secret, SECRET)?;
        let store = tokio::task::block_in_place(|| Cassandra::shared().contact_point());
        let keyspace = format!("bench_{}", std::process::id());
        let ports: Vec<u16> = (0..NODES).map(|_| free_port()).collect::<anyhow::Result<_>>()?;
        let seed = ports.first().context("no nodes")?;
        let mut nodes = Vec::new();
        for (i, port) in ports.iter().enumerate() {
            let join = if i == 0 { String::new() } else { format!("cluster.join = ['127.0.0.1:{seed}']\n") };
            let toml = format!(
                "cluster.listen = '127.0.0.1:{port}'\ncluster.secret_file = '{}'\ncluster.name = 'n{i}'\n{join}\
                 keys.master_key_file = '{}/master.key'\nstore.contact_points = ['{store}']\nstore.keyspace = '{keyspace}'\n\
                 store.replication = '1'\n",
                secret.display(),
                dir.path().display(),
            );
            // A viewer is a connection.
            let options = NodeOptions { toml, shell: "ulimit -n $(ulimit -Hn)".to_owned(), ..NodeOptions::default() };
            nodes.push(Node::start(&dir.path().join(format!("n{i}")), &options)?);
        }
        let client = nodes.first().context("no nodes")?.client().await?;
        eventually("all nodes in the cell", || async {
            let view = client.get("/api/v1/cluster").await.map_err(|error| error.to_string())?;
            let up = view["nodes"].as_array().map_or(0, |all| all.iter().filter(|node| node["health"] == "up").count());
            if up == NODES { Ok(()) } else { Err(view.to_string()) }
        })
        .await?;
        let farm = CameraFarm::start_showing(cameras, kbps, Scene::Test)?;
        let ids = add_and_await_all(&client, &farm).await?;
        Ok(Self { nodes, ids, client, _farm: farm, _dir: dir })
    }

    /// The node of this number.
    pub(super) fn node(&self, number: usize) -> anyhow::Result<&Node> {
        self.nodes.get(number).context("no such node")
    }

    /// The number of the node that owns each camera.
    pub(super) async fn owners(&self) -> anyhow::Result<BTreeMap<String, usize>> {
        let numbers: BTreeMap<String, usize> = self.node_ids().await?.into_iter().zip(0..).collect();
        let page = self.client.get("/api/v1/cluster/placements?limit=200").await?;
        let items = page["items"].as_array().context("no placements")?.iter().filter(|item| item["slot"] == 0);
        items
            .map(|item| {
                let node = numbers.get(item["node"].as_str().unwrap_or_default()).context("a node that is none")?;
                Ok((item["camera"].as_str().context("no camera")?.to_owned(), *node))
            })
            .collect()
    }

    /// The ids of the nodes, by their number.
    async fn node_ids(&self) -> anyhow::Result<Vec<String>> {
        let view = self.client.get("/api/v1/cluster").await?;
        let nodes = view["nodes"].as_array().context("no nodes")?;
        let id = |number: usize| {
            let node = nodes.iter().find(|node| node["name"] == format!("n{number}"))?;
            Some(node["id"].as_str()?.to_owned())
        };
        (0..self.nodes.len()).map(|number| id(number).context("a node that is not in its cell")).collect()
    }

    /// Takes all cameras from a node, or lets it have some again.
    ///
    /// # Errors
    /// When the cell refuses, or it is not empty in time.
    pub(super) async fn drain(&self, number: usize, draining: bool) -> anyhow::Result<()> {
        let ids = self.node_ids().await?;
        let path = format!("/api/v1/cluster/nodes/{}/drain", ids.get(number).context("no such node")?);
        self.client.post(&path, &json!({"draining": draining})).await?;
        if !draining {
            return Ok(());
        }
        eventually("the drained node is empty", || async {
            let owners = self.owners().await.map_err(|error| error.to_string())?;
            let left = owners.values().filter(|owner| **owner == number).count();
            if left == 0 { Ok(()) } else { Err(format!("{left} cameras left")) }
        })
        .await
    }

    /// A client of a node.
    ///
    /// # Errors
    /// When signing in fails.
    pub(super) async fn client_of(&self, number: usize) -> anyhow::Result<Client> {
        self.node(number)?.client().await
    }

    /// The sum of a metric of a node over those of its labels that hold `with`.
    ///
    /// # Errors
    /// When the node does not answer.
    pub(super) async fn metric(&self, number: usize, name: &str, with: &str) -> anyhow::Result<f64> {
        // Open to this machine: nobody signs in for it.
        let text =
            reqwest::get(format!("{}/metrics", self.node(number)?.base())).await?.error_for_status()?.text().await?;
        let samples = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once(' '));
        Ok(samples.filter(|(labels, _)| labels.contains(with)).filter_map(|(_, value)| value.parse::<f64>().ok()).sum())
    }

    /// Ends all nodes in order.
    ///
    /// # Errors
    /// When one exits with an error.
    pub(super) fn stop(self) -> anyhow::Result<()> {
        // The founder last: the others say goodbye to it.
        self.nodes.into_iter().rev().try_for_each(Node::stop)
    }
}

/// What the JSON of an answer says at `name`, as a number.
pub(super) fn number(value: &Value, name: &str) -> anyhow::Result<f64> {
    value[name].as_f64().with_context(|| format!("no {name} in {value}"))
}
