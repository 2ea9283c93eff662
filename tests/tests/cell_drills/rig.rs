use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, ensure};
use eyrie_camsim::{CamSim, CamSimConfig, ClipSpec, StreamConfig};
use eyrie_cassandra::Cassandra;
use eyrie_chaos::drill::dies_with_us;
use eyrie_tests::{ADMIN_PASSWORD, Client, binary, eventually, free_port, without_ours};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

use crate::networks::Networks;

/// One cell at a time: a machine with two cores is slow to hear nine nodes, and would hold live ones to be dead.
static TURN: Mutex<()> = Mutex::const_new(());
/// What the users of these tests sign in with.
pub(crate) const PASSWORD: &str = "a password of tests";

/// Three nodes under agents, with simulated cameras before them.
pub(crate) struct Cell {
    /// They live as long as the cell.
    _cameras: CamSim,
    agents: Vec<Child>,
    /// Where each node is found: its API, and its listener for peers.
    addresses: Vec<(SocketAddr, SocketAddr)>,
    networks: Option<Networks>,
    /// The node that its agent does not start.
    beside: Option<usize>,
    dir: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Cell {
    /// Starts it, and waits until all `cameras` are recorded and each node's agent is heard.
    pub(crate) async fn start(cameras: usize) -> anyhow::Result<Self> {
        Self::start_in(cameras, None, None, TURN.lock().await).await
    }

    /// The same, with something else starting and stopping node `beside`, whose agent stands beside it.
    pub(crate) async fn start_beside(cameras: usize, beside: usize) -> anyhow::Result<Self> {
        Self::start_in(cameras, None, Some(beside), TURN.lock().await).await
    }

    /// The same with each node in a network of its own, as on a machine of its own.
    pub(crate) async fn start_apart(cameras: usize) -> anyhow::Result<Self> {
        let turn = TURN.lock().await;
        Self::start_in(cameras, Some(Networks::new()?), None, turn).await
    }

    async fn start_in(
        cameras: usize,
        networks: Option<Networks>,
        beside: Option<usize>,
        turn: MutexGuard<'static, ()>,
    ) -> anyhow::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let clip = ClipSpec { width: 160, height: 120, bitrate_kbps: 100, seconds: 4, ..ClipSpec::default() };
        let streams = (0..cameras).map(|i| StreamConfig::new(format!("cam{i}"), clip.clone())).collect();
        let mut cameras_config = CamSimConfig::loopback(streams);
        if let Some(networks) = &networks {
            cameras_config.bind.set_ip(networks.test());
        }
        let sim = CamSim::start(cameras_config).await?;
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("secret"), "a secret that only this test's nodes know")?;
        std::fs::write(dir.path().join("token"), format!("admin:{ADMIN_PASSWORD}\n"))?;
        let address = |i| -> anyhow::Result<_> {
            Ok(match &networks {
                Some(networks) => ((networks.node(i), 8080).into(), (networks.node(i), 7443).into()),
                None => (([127, 0, 0, 1], free_port()?).into(), ([127, 0, 0, 1], free_port()?).into()),
            })
        };
        let addresses = (0..3).map(address).collect::<Result<Vec<_>, _>>()?;
        let urls: Vec<_> = (0..cameras).map(|i| sim.url(&format!("cam{i}"))).collect();
        let mut cell = Self { _cameras: sim, agents: Vec::new(), addresses, networks, beside, dir, _turn: turn };
        let keyspace = format!("cell_drills_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        for i in 0..3 {
            let agent = cell.start_node(i, &keyspace)?;
            cell.agents.push(agent);
            // The first one makes what they share: the master key, the keyspace, the first user.
            if i == 0 {
                cell.admin().await?;
            }
        }
        let admin = cell.admin().await?;
        eventually("all nodes in the cell, with their agents", || async {
            let agents = admin.get("/api/v1/drills/agents").await.map_err(|error| error.to_string())?;
            let heard = agents["items"].as_array().into_iter().flatten().filter(|agent| agent["heard"] == true).count();
            if heard == 3 { Ok(()) } else { Err(format!("{agents}\n{}", cell.logs())) }
        })
        .await?;
        for (i, url) in urls.iter().enumerate() {
            let source = json!({"type": "rtsp", "url": url});
            admin.add_camera(&format!("cam{i}"), source).await?;
        }
        for (name, role) in [("drills", "driller"), ("vera", "viewer"), ("otto", "operator")] {
            admin.post("/api/v1/users", &json!({"username": name, "password": PASSWORD, "role": role})).await?;
        }
        cell.await_steady(cameras).await?;
        Ok(cell)
    }

    /// Waits until three nodes are up and all placements recorded.
    pub(crate) async fn await_steady(&self, cameras: usize) -> anyhow::Result<()> {
        eventually("the steady state", || async {
            let view = async { self.admin().await?.get("/api/v1/cluster").await };
            let view = view.await.map_err(|error| error.to_string())?;
            let nodes: Vec<_> = view["nodes"].as_array().into_iter().flatten().collect();
            let up = nodes.iter().filter(|node| node["health"] == "up" && node["voter"] == true).count();
            let recording: u64 = nodes.iter().filter_map(|node| node["recording"].as_u64()).sum();
            let calm = view["moving"] == 0 && view["unplaced"] == 0;
            if calm && (up, recording) == (3, cameras as u64) { Ok(()) } else { Err(view.to_string()) }
        })
        .await
    }

    fn start_node(&self, i: usize, keyspace: &str) -> anyhow::Result<Child> {
        let (dir, data_dir) = (self.dir.path().display(), self.data_dir(i));
        std::fs::create_dir_all(&data_dir)?;
        let (http, peer) = self.address(i)?;
        let mut toml = format!(
            "cluster.listen = '{peer}'\ncluster.secret_file = '{dir}/secret'\ncluster.name = 'n{i}'\n\
             keys.master_key_file = '{dir}/master.key'\nrecording.sealing = 'off'\n\
             store.contact_points = ['{}']\nstore.keyspace = '{keyspace}'\nstore.replication = '1'\n",
            Cassandra::shared().contact_point(),
        );
        if i > 0 {
            toml += &format!("cluster.join = ['{}']\n", self.address(0)?.1);
        }
        let config = data_dir.join("eyrie.toml");
        std::fs::write(&config, toml)?;
        let log = std::fs::File::options().create(true).append(true).open(self.log(i))?;
        let mut agent = match &self.networks {
            Some(_) => dies_with_us(binary("eyrie")?),
            None => Command::new(binary("eyrie")?),
        };
        agent
            .args(["drill", "agent", "--api", &self.bases().join(","), "--token-file"])
            .arg(self.dir.path().join("token"));
        let command = [
            binary("eyrie")?.display().to_string(),
            format!("node --http {http} --allow-network 127.0.0.0/8 --allow-network 10.0.0.0/8 --data-dir"),
            format!("{} --config {}", data_dir.display(), config.display()),
        ]
        .join(" ");
        if self.beside == Some(i) {
            // What systemd would do, in two lines.
            let pid_file = data_dir.with_extension("pid");
            let (log, pid) = (self.log(i), pid_file.display().to_string());
            let start = format!("setsid {command} >> {} 2>&1 < /dev/null & echo $! > {pid}", log.display());
            agent.arg("--pid-file").arg(&pid_file).arg("--data-dir").arg(&data_dir);
            agent.args(["--start-command", &start, "--stop-command", &format!("kill $(cat {pid}) || true")]);
            let mut first = Command::new("sh");
            first.args(["-c", &start]);
            without_ours(&mut first);
            first.env("EYRIE_ADMIN_PASSWORD", ADMIN_PASSWORD);
            ensure!(first.status()?.success(), "{start}");
        } else {
            agent.arg("--").args(command.split(' '));
        }
        without_ours(&mut agent);
        agent.env("EYRIE_ADMIN_PASSWORD", ADMIN_PASSWORD).stdin(Stdio::null());
        agent.stdout(log.try_clone()?).stderr(log);
        match &self.networks {
            Some(networks) => Ok(networks.launcher.spawn(agent, &networks.place(i))?),
            None => agent.spawn().context("starting an agent"),
        }
    }

    fn log(&self, i: usize) -> PathBuf {
        self.dir.path().join(format!("n{i}.log"))
    }

    pub(crate) fn data_dir(&self, i: usize) -> PathBuf {
        self.dir.path().join(format!("n{i}"))
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    fn address(&self, i: usize) -> anyhow::Result<(SocketAddr, SocketAddr)> {
        self.addresses.get(i).copied().context("no such node")
    }

    /// What filters packets in the network of node `i`.
    pub(crate) fn rules(&self, i: usize) -> anyhow::Result<String> {
        self.networks.as_ref().context("nodes share a network")?.rules(i)
    }

    /// The nodes' addresses.
    pub(crate) fn bases(&self) -> Vec<String> {
        self.addresses.iter().map(|(http, _)| format!("http://{http}")).collect()
    }

    /// Somebody, by whichever node answers.
    pub(crate) async fn user(&self, name: &str, password: &str) -> anyhow::Result<Client> {
        eventually("a node lets us sign in", || async {
            let mut why = String::new();
            for base in self.bases() {
                match Client::sign_in(&base, name, password).await {
                    Ok(client) => return Ok(client),
                    Err(error) => why = format!("{error:#}"),
                }
            }
            Err(why)
        })
        .await
    }

    pub(crate) async fn admin(&self) -> anyhow::Result<Client> {
        self.user("admin", ADMIN_PASSWORD).await
    }

    /// The same, by the node at `base` and no other.
    pub(crate) async fn admin_at(&self, base: &str) -> anyhow::Result<Client> {
        Client::sign_in(base, "admin", ADMIN_PASSWORD).await
    }

    pub(crate) async fn driller(&self) -> anyhow::Result<Client> {
        self.user("drills", PASSWORD).await
    }

    /// The cell's id.
    pub(crate) async fn id(&self) -> anyhow::Result<String> {
        let view = self.driller().await?.get("/api/v1/cluster").await?;
        Ok(view["id"].as_str().context("no cell")?.to_owned())
    }

    /// A run, by whichever node answers.
    pub(crate) async fn run(&self, id: &str) -> anyhow::Result<Value> {
        self.driller().await?.get(&format!("/api/v1/drills/runs/{id}")).await
    }

    /// Begins a drill, which an agent carries; its id.
    pub(crate) async fn begin(&self, file: &str) -> anyhow::Result<String> {
        let (status, answer) = self.ask_to_begin(&json!({"file": file, "cell": self.id().await?, "seed": 7})).await?;
        ensure!(status == StatusCode::CREATED, "{status} {answer}");
        Ok(answer["id"].as_str().context("no id")?.to_owned())
    }

    /// What is answered to somebody who wants to begin a drill.
    pub(crate) async fn ask_to_begin(&self, body: &Value) -> anyhow::Result<(StatusCode, Value)> {
        let answer = self.driller().await?.request(Method::POST, "/api/v1/drills/runs").json(body).send().await?;
        Ok((answer.status(), answer.json().await?))
    }

    /// Waits until a run is over: how it stands then. For as long as it takes.
    pub(crate) async fn await_ended(&self, id: &str) -> anyhow::Result<Value> {
        for _ in 0..5 {
            let ended = eventually("the run is over", || async {
                let run = self.run(id).await.map_err(|error| error.to_string())?;
                if run["now"]["state"] == "ended" { Ok(run) } else { Err(run["now"].to_string()) }
            });
            if let Ok(run) = ended.await {
                println!("{run:#}");
                return Ok(run);
            }
        }
        anyhow::bail!("{:#}\n{}", self.run(id).await?, self.logs())
    }

    /// What agents and nodes said last.
    pub(crate) fn logs(&self) -> String {
        let tail = |i| {
            let log = std::fs::read_to_string(self.log(i)).unwrap_or_default();
            let lines: Vec<_> = log.lines().filter(|line| line.contains("agent") || line.contains("rror")).collect();
            lines[lines.len().saturating_sub(20)..].join("\n")
        };
        (0..3).map(tail).collect::<Vec<_>>().join("\n---\n")
    }

    /// The process of node `i` itself.
    pub(crate) fn node_pid(&self, i: usize) -> Option<u32> {
        let wanted = format!("--data-dir\0{}\0", self.data_dir(i).display());
        process(|line| line.contains(&wanted) && !line.contains("\0drill\0"))
    }

    /// Waits until node `i` has a process, or none.
    pub(crate) async fn await_process(&self, i: usize, wanted: bool) -> anyhow::Result<()> {
        eventually(if wanted { "the node is back" } else { "the node is down" }, || async {
            if self.node_pid(i).is_some() == wanted { Ok(()) } else { Err(self.logs()) }
        })
        .await
    }

    /// Waits until one of the nodes is stopped; which.
    pub(crate) async fn await_stopped(&self) -> anyhow::Result<usize> {
        eventually("a node is stopped", || async {
            (0..3).find(|i| self.state(*i) == Some('T')).ok_or_else(|| self.logs())
        })
        .await
    }

    /// The state of the process of node `i` (proc(5)).
    pub(crate) fn state(&self, i: usize) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.node_pid(i)?)).ok()?;
        stat.rsplit(')').next()?.trim_start().chars().next()
    }

    /// Kills the process that undoes what the agent of node `i` did: nobody is left then who would.
    pub(crate) fn kill_undo(&self, i: usize) -> anyhow::Result<()> {
        let wanted = format!("--data-dir\0{}\0", self.data_dir(i).display());
        let is_undo = |line: &str| line.contains(&wanted) && line.contains("\0drill\0undo\0");
        let pid = process(is_undo).context("no such process")?;
        ensure!(Command::new("kill").arg("-KILL").arg(pid.to_string()).status()?.success(), "kill {pid}");
        Ok(())
    }

    /// Kills the agent of node `i`, and leaves the node alone.
    pub(crate) fn kill_agent(&mut self, i: usize) -> anyhow::Result<()> {
        let agent = self.agents.get_mut(i).context("no such agent")?;
        agent.kill()?;
        agent.wait()?;
        Ok(())
    }
}

/// A process by its command line, whose words end with NUL.
fn process(wanted: impl Fn(&str) -> bool) -> Option<u32> {
    std::fs::read_dir("/proc").ok()?.filter_map(Result::ok).find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let line = String::from_utf8_lossy(&std::fs::read(entry.path().join("cmdline")).ok()?).into_owned();
        wanted(&line).then_some(pid)
    })
}

impl Drop for Cell {
    fn drop(&mut self) {
        for agent in &mut self.agents {
            // The one that undoes what it did, and the node, outlive an agent that is killed.
            let _ = agent.kill();
            let _ = agent.wait();
        }
        let wanted = self.dir.path().display().to_string();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok) {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&line).contains(&wanted) {
                let _ = Command::new("kill").arg("-KILL").arg(entry.file_name()).status();
            }
        }
    }
}
