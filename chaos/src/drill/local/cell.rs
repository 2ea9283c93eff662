use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eyrie_camsim::{CamSim, CamSimConfig, ClipSpec, Clips, StreamConfig};
use eyrie_types::{Clock as _, Secret, SystemClock, WallTime};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::disk_layer::DiskLayer;
use super::facts::camera_name;
use super::false_clock::FalseClock;
use super::launcher::{Launcher, Place, dies_with_us};
use super::network::{NODES_MAX, Network, Party};
use super::node_process::{HTTP_PORT, NodeProcess, NodeSetup, PEER_PORT};
use super::redis::{REDIS_PORT, Redis};
use super::slow_path::{PacketFault, SlowPath};
use super::wires::Wires;
use super::{Api, ClusterView, PlacementPage, PlacementView, Relaying};
use crate::drill::disk::{Answer, Order};
use crate::drill::{DrillError, LocalTarget};

/// Pictures a second of the simulated cameras.
pub(crate) const FPS: u32 = 25;
/// Length of the simulated cameras' clip, where its GOPs fit in.
const CLIP_SECONDS: u32 = 4;
/// How long a started node may take until it answers.
const UP_WITHIN: Duration = Duration::from_secs(60);
/// How long a node may take to stop after SIGTERM: its drain, and then its files.
const STOPPED_WITHIN: Duration = Duration::from_secs(90);
/// Pause between looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Most cameras of a local cell: what one page of placements holds, twins counted.
pub(crate) const CAMERAS_MAX: u32 = 500;

/// What a local cell is started from.
#[derive(Debug)]
pub(crate) struct CellSetup<'a> {
    /// What the drill asks for.
    pub(crate) target: &'a LocalTarget,
    /// The binary.
    pub(crate) eyrie: PathBuf,
    /// Where all data goes.
    pub(crate) directory: &'a Path,
    /// Where the nodes find their store; `None`: each in a file of its own.
    pub(crate) store: Option<SocketAddr>,
    /// Of the store; one a drill.
    pub(crate) keyspace: String,
    /// By node: what its relay to the store does; none where nodes go there themselves.
    pub(crate) relaying: Vec<watch::Sender<Relaying>>,
    /// What its faults need.
    pub(crate) needs: Needs,
    /// Of all choices.
    pub(crate) seed: u64,
}

/// What a cell is given for its faults alone: what no fault needs is left out, so that it changes no figures.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// By node: its disk will be told to misbehave.
    pub(crate) disks: Vec<bool>,
    /// By node: its wall clock will be told to be wrong.
    pub(crate) clocks: Vec<bool>,
    /// Packets will be late, or lost.
    pub(crate) slow_path: bool,
    /// Cameras will show something else, of another size.
    pub(crate) alternate_clips: bool,
}

/// Real nodes over a real store, with simulated cameras before them: all on this machine, all gone with the drill.
#[derive(Debug)]
pub(crate) struct LocalCell {
    nodes: Mutex<Vec<Option<NodeProcess>>>,
    /// By node: it runs, and nothing is being done to it, so that probes may ask it.
    sound: Vec<AtomicBool>,
    configs: Vec<String>,
    cameras: CamSim,
    /// Ids of the cameras, by their number.
    ids: Vec<String>,
    placements: u64,
    network: Network,
    /// Between the parties, where they have no networks of their own.
    wires: Option<Wires>,
    /// Behind the nodes: whatever was launched ends with it.
    pub(crate) launcher: Launcher,
    pub(crate) api: Api,
    eyrie: PathBuf,
    directory: PathBuf,
    password: String,
    /// By node: what its relay to the store does.
    relaying: Vec<watch::Sender<Relaying>>,
    /// By node: its disk, where that is to misbehave; none in it while the power is gone.
    disks: Vec<Option<Mutex<Option<DiskLayer>>>>,
    /// By node: its wall clock, where that is to be wrong.
    clocks: Vec<Option<FalseClock>>,
    /// Where packets are late or lost, if some are to be.
    slow_path: Option<SlowPath>,
    /// The Redis of the nodes, if they have one.
    pub(crate) redis: Option<Redis>,
    seed: u64,
    clock: SystemClock,
}

impl LocalCell {
    /// Starts nodes and cameras; none of these is added yet. Must be called in the network's hub.
    pub(crate) async fn start(launcher: Launcher, network: Network, setup: CellSetup<'_>) -> Result<Self, DrillError> {
        let CellSetup { target, eyrie, directory, store, keyspace, relaying, needs, seed } = setup;
        let nodes = target.nodes as usize;
        if nodes > NODES_MAX || target.cameras + target.twins > CAMERAS_MAX {
            return Err(DrillError::Refused(format!(
                "a local cell has at most {NODES_MAX} nodes and {CAMERAS_MAX} placements of cameras"
            )));
        }
        let password = secret(directory, "password")?;
        secret(directory, "cell-secret")?;
        let clip = ClipSpec {
            width: 160,
            height: 120,
            bitrate_kbps: 100,
            fps: FPS,
            gop: target.gop,
            // A whole number of GOPs.
            seconds: if (CLIP_SECONDS * FPS).is_multiple_of(target.gop) { CLIP_SECONDS } else { target.gop },
            ..ClipSpec::default()
        };
        let larger = ClipSpec { width: 176, height: 144, name: "alternate".to_owned(), ..clip.clone() };
        let alternate = needs.alternate_clips.then_some(larger);
        let stream = |camera: u32| StreamConfig {
            alternate: alternate.clone(),
            ..StreamConfig::new(camera_name(camera as usize), clip.clone())
        };
        let streams = (0..target.cameras).map(stream).collect();
        let bind = SocketAddr::new(network.address(Party::Cameras), if network.is_isolated() { 554 } else { 0 });
        let cameras = CamSim::start(CamSimConfig { bind, clip_dir: Clips::default_dir(), streams, seed: 1 }).await?;
        let wires = if network.is_isolated() {
            None
        } else {
            let at = |party, port| SocketAddr::new(network.told(party), port);
            let to_node = |node| {
                let party = Party::Node(node);
                (party, at(party, PEER_PORT), SocketAddr::new(network.address(party), PEER_PORT))
            };
            let to_cameras = (Party::Cameras, at(Party::Cameras, cameras.addr().port()), cameras.addr());
            let parties: Vec<_> = (0..nodes).map(to_node).chain([to_cameras]).collect();
            Some(Wires::lay(&parties, seed).await?)
        };
        let (drill, hub) = (network.address(Party::Drill), network.hub());
        let redis = SocketAddr::new(drill, REDIS_PORT);
        let redis = target.redis.then(|| Redis::start(&launcher, hub, redis, directory)).transpose()?;
        let slow_path =
            (needs.slow_path && wires.is_none()).then(|| SlowPath::lay(&launcher, hub, seed)).transpose()?;
        let clock = |(node, needed): (usize, bool)| needed.then(|| FalseClock::new(directory, &name(node))).transpose();
        let clocks = needs.clocks.into_iter().enumerate().map(clock).collect::<Result<_, _>>()?;
        let configs = (0..nodes).map(|node| config(node, target, &network, directory, store, &keyspace)).collect();
        let cell = Self {
            nodes: Mutex::new((0..nodes).map(|_| None).collect()),
            sound: (0..nodes).map(|_| AtomicBool::new(false)).collect(),
            configs,
            cameras,
            ids: Vec::new(),
            placements: 0,
            network,
            wires,
            launcher,
            api: Api::new(Secret::new(password.clone()))?,
            eyrie,
            directory: directory.to_owned(),
            password,
            relaying,
            clocks,
            slow_path,
            redis,
            disks: needs.disks.into_iter().map(|layered| layered.then(Mutex::default)).collect(),
            seed,
            clock: SystemClock::new(),
        };
        for node in 0..nodes {
            cell.begin(node)?;
            // The first founds the cell, and makes the store's tables.
            if node == 0 {
                cell.await_up(node).await?;
            }
        }
        for node in 1..nodes {
            cell.await_up(node).await?;
        }
        cell.await_steady().await?;
        Ok(cell)
    }

    /// How many nodes there are, running or not.
    pub(crate) fn len(&self) -> usize {
        self.sound.len()
    }

    /// The wall clock, which nodes and cameras share.
    pub(crate) fn now(&self) -> WallTime {
        self.clock.now()
    }

    /// Tells a node's relay to the store what to do.
    pub(crate) fn relay(&self, node: usize, relaying: Relaying) {
        if let Some(relay) = self.relaying.get(node) {
            relay.send_replace(relaying);
        }
    }

    /// Where a node's API is.
    pub(crate) fn base(&self, node: usize) -> String {
        format!("http://{}:{HTTP_PORT}", self.network.address(Party::Node(node)))
    }

    /// Where a node's data lies.
    pub(crate) fn node_dir(&self, node: usize) -> PathBuf {
        self.directory.join(name(node))
    }

    /// The cameras.
    pub(crate) fn cameras(&self) -> &CamSim {
        &self.cameras
    }

    /// Ids of the cameras, by their number.
    pub(crate) fn ids(&self) -> &[String] {
        &self.ids
    }

    /// A node that runs and that nothing is being done to, another one for another `turn`.
    pub(crate) fn any_sound(&self, turn: usize) -> Option<usize> {
        let sound: Vec<_> = (0..self.len()).filter(|node| self.is_sound(*node)).collect();
        sound.get(turn % sound.len().max(1)).copied()
    }

    /// Whether a node runs and nothing is being done to it.
    pub(crate) fn is_sound(&self, node: usize) -> bool {
        self.sound.get(node).is_some_and(|sound| sound.load(Ordering::Acquire))
    }

    /// Says that something is being done to a node, or no more.
    pub(crate) fn set_sound(&self, node: usize, sound: bool) {
        if let Some(flag) = self.sound.get(node) {
            flag.store(sound, Ordering::Release);
        }
    }

    fn processes(&self) -> MutexGuard<'_, Vec<Option<NodeProcess>>> {
        lock(&self.nodes)
    }

    /// Tells a node's disk what to do.
    pub(crate) fn disk(&self, node: usize, order: Order) -> Result<Answer, DrillError> {
        let layer = self.disks.get(node).and_then(Option::as_ref);
        match layer.map(lock).as_deref_mut() {
            Some(Some(layer)) => layer.order(order),
            _ => Err(DrillError::Refused(format!("the disk of {} cannot be told to misbehave", name(node)))),
        }
    }

    /// Sets a node's wall clock wrong, by so much; 0 is right.
    pub(crate) fn step_clock(&self, node: usize, by_ms: i64) -> Result<(), DrillError> {
        match self.clocks.get(node).and_then(Option::as_ref) {
            Some(clock) => clock.step(by_ms),
            None => Err(DrillError::Refused(format!("the clock of {} cannot be told to be wrong", name(node)))),
        }
    }

    /// The network that the drill and its cameras live in.
    pub(crate) fn hub(&self) -> &Place {
        self.network.hub()
    }

    /// Loses all that the one sends to the other, from now on.
    pub(crate) fn cut(&self, from: Party, to: Party) -> Result<(), DrillError> {
        match &self.wires {
            Some(wires) => wires.cut(from, to),
            None => self.network.cut(&self.launcher, from, to)?,
        }
        Ok(())
    }

    /// Loses it no more.
    pub(crate) fn mend(&self, from: Party, to: Party) -> Result<(), DrillError> {
        match &self.wires {
            Some(wires) => wires.mend(from, to),
            None => self.network.mend(&self.launcher, from, to)?,
        }
        Ok(())
    }

    /// Takes a node's link down, or up again.
    pub(crate) fn link(&self, node: usize, up: bool) -> Result<(), DrillError> {
        match &self.wires {
            Some(wires) => wires.link(node, up),
            None => self.network.link(&self.launcher, node, up)?,
        }
        Ok(())
    }

    /// Does this to the packets of a node from now on.
    pub(crate) fn set_packets(&self, node: usize, fault: PacketFault) -> Result<(), DrillError> {
        match (&self.slow_path, &self.wires, fault) {
            (Some(path), ..) => path.set(&self.launcher, &self.network, node, fault),
            (None, Some(wires), PacketFault::Late(late)) => {
                wires.slow(node, late);
                Ok(())
            }
            _ => Err(DrillError::Refused("the cell has no way on which packets are late or lost".to_owned())),
        }
    }

    /// Takes from the disk of a node that was killed what it had not synced. With a seed, a part of that stays.
    pub(crate) fn lose_power(&self, node: usize, torn: Option<u64>) -> Result<(), DrillError> {
        self.disk(node, Order::Lose { torn })?;
        if let Some(layer) = self.disks.get(node).and_then(Option::as_ref) {
            // The next one begins with what remains, as the kernel does: it has cached nothing.
            *lock(layer) = None;
        }
        Ok(())
    }

    fn take(&self, node: usize) -> Option<NodeProcess> {
        self.set_sound(node, false);
        self.processes().get_mut(node).and_then(Option::take)
    }

    /// Begins the process of a node that does not run.
    pub(crate) fn begin(&self, node: usize) -> Result<(), DrillError> {
        let files = self.node_dir(node);
        let mut layer = self.disks.get(node).and_then(Option::as_ref).map(lock);
        if let Some(layer) = layer.as_deref_mut().filter(|layer| layer.is_none()) {
            let seed = self.seed ^ node as u64;
            let hub = self.network.hub();
            *layer = Some(DiskLayer::start(&self.launcher, hub, &self.eyrie, &self.directory, &name(node), seed)?);
        }
        let layer = layer.as_deref().and_then(Option::as_ref);
        let setup = NodeSetup {
            eyrie: &self.eyrie,
            files: &files,
            layer,
            clock: self.clocks.get(node).and_then(Option::as_ref),
            address: self.network.address(Party::Node(node)),
            toml: self.configs.get(node).map_or("", String::as_str),
            password: &self.password,
        };
        let process = NodeProcess::start(&self.launcher, &self.network.node(node), &name(node), &setup)?;
        if let Some(wires) = &self.wires {
            wires.runs(node, process.id());
        }
        if let Some(slot) = self.processes().get_mut(node) {
            *slot = Some(process);
        }
        Ok(())
    }

    /// Waits until a node answers, and counts it as sound from then on.
    pub(crate) async fn await_up(&self, node: usize) -> Result<(), DrillError> {
        let base = self.base(node);
        let mut seen = String::new();
        let asking = async {
            loop {
                match self.api.get::<ClusterView>(&base, "/api/v1/cluster").await {
                    Ok(_) => return Ok(()),
                    Err(error) => seen = error.to_string(),
                }
                if let Some(error) = self.fallen() {
                    return Err(error);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        match tokio::time::timeout(UP_WITHIN, asking).await {
            Ok(Ok(())) => self.set_sound(node, true),
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                return Err(DrillError::NotReached {
                    what: format!("{} answers", name(node)),
                    within: UP_WITHIN,
                    seen,
                });
            }
        }
        Ok(())
    }

    /// Sends a node a signal, if it runs.
    pub(crate) fn signal(&self, node: usize, signal: Signal) -> Result<(), DrillError> {
        self.processes().get(node).and_then(Option::as_ref).map_or(Ok(()), |process| process.signal(signal))
    }

    /// Kills a node, if it runs.
    pub(crate) fn kill(&self, node: usize) -> Result<(), DrillError> {
        self.take(node).map_or(Ok(()), NodeProcess::kill)
    }

    /// Tells a node to stop and waits until it has: it drains first.
    pub(crate) async fn stop(&self, node: usize) -> Result<(), DrillError> {
        match self.take(node) {
            Some(process) => process.end(STOPPED_WITHIN).await,
            None => Ok(()),
        }
    }

    /// A node that ended without having been asked to: why.
    pub(crate) fn fallen(&self) -> Option<DrillError> {
        self.processes().iter_mut().flatten().find_map(|process| {
            let status = process.ended()?;
            Some(process.failure(super::node_process::how(status)))
        })
    }

    /// The cell, as some sound node sees it.
    pub(crate) async fn view(&self, turn: usize) -> Result<ClusterView, DrillError> {
        let node = self.any_sound(turn).ok_or_else(|| DrillError::Refused("no node of the cell answers".to_owned()))?;
        self.api.get(&self.base(node), "/api/v1/cluster").await
    }

    /// All placements, as some sound node sees them.
    pub(crate) async fn placements(&self, turn: usize) -> Result<Vec<PlacementView>, DrillError> {
        let node = self.any_sound(turn).ok_or_else(|| DrillError::Refused("no node of the cell answers".to_owned()))?;
        let page: PlacementPage = self.api.get(&self.base(node), "/api/v1/cluster/placements?limit=1000").await?;
        Ok(page.items)
    }

    /// Adds all cameras, the first `twins` of them with a twin, and waits for the steady state.
    pub(crate) async fn add_cameras(&mut self, target: &LocalTarget) -> Result<(), DrillError> {
        let base = self.base(0);
        for i in 0..target.cameras {
            let path = camera_name(i as usize);
            let redundancy = if i < target.twins { 2 } else { 1 };
            let body = json!({
                "name": path, "labels": [], "recording": {"mode": "continuous"}, "placement": {"redundancy": redundancy},
                "source": {"type": "rtsp", "url": self.camera_url(&path)},
            });
            let camera: Value = self.api.post(&base, "/api/v1/cameras", &body).await?;
            let id = camera["id"].as_str().unwrap_or_default().to_owned();
            self.ids.push(id);
        }
        self.placements = u64::from(target.cameras + target.twins);
        self.await_steady().await
    }

    /// Where nodes find a camera.
    fn camera_url(&self, path: &str) -> String {
        let at = SocketAddr::new(self.network.told(Party::Cameras), self.cameras.addr().port());
        format!("rtsp://{at}/{path}")
    }

    /// What is not steady, as a sound node sees it.
    pub(crate) async fn unsteady(&self, turn: usize) -> Option<String> {
        let sound = (0..self.len()).filter(|node| self.is_sound(*node)).count();
        if sound < self.len() {
            return Some(format!("{sound} of {} nodes answer", self.len()));
        }
        if let Some(error) = self.fallen() {
            return Some(error.to_string());
        }
        match self.view(turn).await {
            Ok(view) => view.unsteady(self.len(), self.placements),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Waits for the steady state, as every node sees it in turn.
    pub(crate) async fn await_steady(&self) -> Result<(), DrillError> {
        let mut seen = String::new();
        let steady = async {
            let mut held = 0;
            while held < self.len() {
                match self.unsteady(held).await {
                    None => held += 1,
                    Some(instead) => {
                        (held, seen) = (0, instead);
                        tokio::time::sleep(LOOK_EVERY).await;
                    }
                }
            }
        };
        let reached = tokio::time::timeout(UP_WITHIN, steady).await;
        reached.map_err(|_| DrillError::NotReached { what: "the steady state".to_owned(), within: UP_WITHIN, seen })
    }

    /// Cameras by id, with their numbers.
    pub(crate) fn numbers(&self) -> BTreeMap<&str, usize> {
        self.ids.iter().enumerate().map(|(number, id)| (id.as_str(), number)).collect()
    }

    /// Begins a process that takes so many bytes of memory and holds them.
    pub(crate) fn hog(&self, bytes: u64) -> Result<std::process::Child, DrillError> {
        let mut command = dies_with_us(&self.eyrie);
        command.args(["drill", "memory", "--bytes", &bytes.to_string()]);
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
        self.launcher.spawn(command, self.network.hub())
    }

    /// Begins a process that wants a core all the time, in the lowest priority that still competes: the same as the nodes'.
    pub(crate) fn burner(&self) -> Result<std::process::Child, DrillError> {
        let mut command = dies_with_us("sh");
        command.args(["-c", "while :; do :; done"]);
        self.launcher.spawn(command, self.network.hub())
    }
}

/// Every critical section leaves the value whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of a node.
pub(crate) fn name(node: usize) -> String {
    format!("n{node}")
}

/// A file with a new secret, readable by us alone, and what is in it.
fn secret(directory: &Path, name: &str) -> Result<String, DrillError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = directory.join(name);
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|error| DrillError::Refused(format!("no random numbers: {error}")))?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let opened = std::fs::File::options().create(true).truncate(true).write(true).mode(0o600).open(&path);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(DrillError::io(format!("writing {}", path.display())))?;
    Ok(text)
}

/// The configuration file of a node.
fn config(
    node: usize,
    target: &LocalTarget,
    network: &Network,
    directory: &Path,
    store: Option<SocketAddr>,
    keyspace: &str,
) -> String {
    let peer = |address| format!("{address}:{PEER_PORT}");
    let dir = directory.display();
    // Times in the log are read back, so it is one that programs read; recordings are plain, so that the drill needs no keys.
    let mut toml = format!(
        "allow_network = ['127.0.0.0/8', '10.87.0.0/24']\ncluster.name = '{}'\nkeys.master_key_file = '{dir}/master.key'\n\
         recording.sealing = 'off'\nlog.format = 'json'\nlog.level = 'info,eyrie_actors::control=debug'\n",
        name(node)
    );
    // What lies on the disks is what a drill measures by, and how fast they fill is not the nodes' doing alone.
    if !target.settings.contains("retention.") {
        toml += "retention.when_full = 'stop'\n";
    }
    if let Some(store) = store {
        toml += &format!(
            "cluster.listen = '{}'\ncluster.address = '{}'\ncluster.secret_file = '{dir}/cell-secret'\n\
             store.contact_points = ['{store}']\nstore.keyspace = '{keyspace}'\nstore.replication = '1'\n",
            peer(network.address(Party::Node(node))),
            peer(network.told(Party::Node(node)))
        );
        if node > 0 {
            toml += &format!("cluster.join = ['{}']\n", peer(network.told(Party::Node(0))));
        }
    }
    if target.redis {
        toml += &format!("redis.url = 'redis://{}:{REDIS_PORT}'\n", network.address(Party::Drill));
    }
    if !target.zones.is_empty()
        && let Some(zone) = target.zones.get(node % target.zones.len())
    {
        toml += &format!("cluster.zone = '{zone}'\n");
    }
    toml + &target.settings
}
