//! What must not disturb a cell that runs: each is refused, or survived, with a reason in a log or an answer.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use eyrie_tests::{Node, eventually, free_port};
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use serde_json::{Value, json};

use crate::foreign_peer;
use crate::preload::Preload;
use crate::rig::{Cell, SECRET};

/// Pictures from one keyframe of the simulated cameras to the next.
const GOP: u64 = 25;

/// Waits until a node's log says `words`.
async fn said(node: &Node, words: &str) -> anyhow::Result<()> {
    eventually(&format!("its log says {words:?}"), || async {
        let log = node.log();
        if log.contains(words) { Ok(()) } else { Err(log.lines().rev().take(5).collect::<Vec<_>>().join("\n")) }
    })
    .await
}

/// Waits until node `i` has turned somebody away for `reason`.
async fn refused(cell: &Cell, i: usize, reason: &str) -> anyhow::Result<()> {
    eventually(&format!("n{i} has refused somebody: {reason}"), || async {
        let series = format!("eyrie_peer_refused_total{{reason=\"{reason}\"}}");
        let count = cell.metric(i, &series).await.map_err(|error| error.to_string())?;
        if count >= Some(1.0) { Ok(()) } else { Err(format!("{count:?}")) }
    })
    .await
}

/// Every camera is where it was, under the same epoch, and no picture of it is missing.
async fn undisturbed(cell: &Cell, ids: &[String], before: &[String], by: &str) -> anyhow::Result<()> {
    undisturbed_but(cell, ids, before, by, 0).await
}

/// The same, but for up to `lost` pictures of each.
async fn undisturbed_but(cell: &Cell, ids: &[String], before: &[String], by: &str, lost: u64) -> anyhow::Result<()> {
    cell.await_more(ids, 1).await?;
    let now = cell.epochs(0).await?;
    ensure!(now == before, "{by} moved cameras: {before:?}, {now:?}");
    // Files are read one after the other: where one is cut meanwhile, the end of the old one may have been missed.
    eventually(&format!("{by} cost no pictures"), || async {
        for id in ids {
            let units = cell.recorded(id).map_err(|error| error.to_string())?;
            let holes = units.windows(2).filter(|pair| pair[1].number > pair[0].number + 1);
            let holes: Vec<_> = holes.map(|pair| (pair[0].number + 1, pair[1].number - 1)).collect();
            if holes.iter().map(|(first, last)| last + 1 - first).sum::<u64>() > lost {
                return Err(format!("{id} of {before:?}: {holes:?} of {}", units.len()));
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_copies_get_nowhere_and_are_told_why() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 3, "").await?;
    let ids = cell.add_cameras(0, 3, &json!({})).await?;
    cell.await_more(&ids, 1).await?;
    cell.await_members(0, 3, 3).await?;
    let before = cell.epochs(0).await?;

    // A node's data directory is copied while it runs, and the copy is started.
    let copy = cell.add_place()?;
    let copied = Command::new("cp").arg("-a").arg(cell.node_dir(2)).arg(cell.node_dir(copy)).status()?;
    ensure!(copied.success(), "cp: {copied}");
    let Err(error) = Node::start(&cell.node_dir(copy), &cell.options(copy)?) else { bail!("a copy runs") };
    let error = error.to_string();
    ensure!(error.contains("is a copy: node ") && error.contains("remove place.json, node.json"), "{error}");
    refused(&cell, 2, "two_nodes_one_id").await?;
    said(&cell.nodes[&2], "was a data directory copied?").await?;
    undisturbed(&cell, &ids, &before, "a copy of n2").await?;

    // A node with another secret.
    let wrong = cell.add_place()?;
    let other_secret = cell.node_dir(wrong).with_extension("secret");
    fs::write(&other_secret, "another secret than the one of the cell")?;
    let mut options = cell.options(wrong)?;
    let secret_file = format!("cluster.secret_file = '{}'\n", other_secret.display());
    options.toml = without(&options.toml, "cluster.secret_file") + &secret_file;
    let stranger = Node::start(&cell.node_dir(wrong), &options)?;
    said(&stranger, "has another cell secret").await?;
    refused(&cell, 0, "wrong_secret").await?;
    said(&cell.nodes[&0], "has another cell secret").await?;
    stranger.kill()?;
    undisturbed(&cell, &ids, &before, "a node with another secret").await?;

    // Seeds that are something else: a camera, and the interface of a node.
    let lost = cell.add_place()?;
    let mut options = cell.options(lost)?;
    let camera = cell.cameras.url("cam0");
    let address = |url: &str| url.split('/').nth(2).map(str::to_owned);
    for (seed, what) in [(address(&camera), "a camera"), (address(cell.nodes[&0].base()), "the interface of a node")] {
        let seed = seed.context("no address")?;
        options.toml = without(&options.toml, "cluster.join") + &format!("cluster.join = ['{seed}']\n");
        let node = Node::start(&cell.node_dir(lost), &options)?;
        said(&node, "this node is not in a cell yet; it goes on trying").await?;
        let told = node.log();
        ensure!(told.contains(&format!("{seed}: ")), "{what} is named as the seed that does not do: {told}");
        ensure!(told.contains("its cluster.listen"), "and what is wanted of one: {told}");
        println!("a seed that is {what}: {}", told.lines().find(|line| line.contains(&seed)).unwrap_or_default());
        node.kill()?;
    }
    undisturbed(&cell, &ids, &before, "a node with seeds that lie").await?;

    // A release that is too far away.
    let told = foreign_peer::greet(&cell.peer_address(0)?, SECRET, 7, 9).await?;
    ensure!(told.contains("upgrade one release at a time"), "{told:?}");
    refused(&cell, 0, "protocol").await?;
    said(&cell.nodes[&0], "the other side speaks protocol 7 to 9").await?;
    undisturbed(&cell, &ids, &before, "a node of a release far away").await?;

    // A node that has a cell of its own is told to join this one.
    let other = cell.add_place()?;
    let mut options = cell.options(other)?;
    options.toml = without(&options.toml, "cluster.join");
    options.toml = options.toml.replace("store.keyspace = 'cell_", "store.keyspace = 'other_");
    Node::start(&cell.node_dir(other), &options)?.stop()?;
    options.toml += &format!("cluster.join = ['{}']\n", cell.peer_address(0)?);
    let node = Node::start(&cell.node_dir(other), &options)?;
    said(&node, "and its seed to another: it stays in its own").await?;
    refused(&cell, 0, "wrong_cell").await?;
    node.kill()?;
    undisturbed(&cell, &ids, &before, "a node of another cell").await?;
    cell.await_members(0, 3, 3).await?;

    // The copy, after what its refusal says to do, is a node like any other.
    for name in ["place.json", "node.json"] {
        fs::remove_file(cell.node_dir(copy).join(name))?;
    }
    for name in ["raft", "mirror"] {
        fs::remove_dir_all(cell.node_dir(copy).join(name))?;
    }
    cell.start_node(copy)?;
    cell.await_members(0, 4, 3).await
}

/// A configuration without the line that sets `key`.
fn without(toml: &str, key: &str) -> String {
    toml.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nodes_clock_that_is_an_hour_off_is_told_and_moves_nothing() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 3, "").await?;
    let shim = cell.node_dir(2).with_extension("clock");
    let clock = Preload::build("tests/tests/one_machine/clock.c", &shim)?;
    cell.nodes.remove(&2).context("it runs")?.stop()?;
    let node = Node::start(&cell.node_dir(2), &clock.options("CLOCK_SHIM", cell.options(2)?))?;
    cell.nodes.insert(2, node);
    cell.await_members(0, 3, 3).await?;
    let ids = cell.add_cameras(0, 3, &json!({})).await?;
    cell.await_more(&ids, 1).await?;
    let before = cell.epochs(0).await?;
    ensure!(cell.placements(0).await?.iter().any(|(.., at)| at == "n2"), "n2 records one: {before:?}");

    clock.set("an-hour-later")?;
    said(&cell.nodes[&0], "the wall clock of a node is not this one's").await?;
    said(&cell.nodes[&2], "the wall clock of a node is not this one's").await?;
    let view = cell.client(0).await?.get("/api/v1/cluster").await?;
    let ahead = |view: &Value, name: &str| {
        let node = view["nodes"].as_array()?.iter().find(|node| node["name"] == name)?;
        node["clock_ahead_ms"].as_i64()
    };
    let hour = ahead(&view, "n2").context("n2's clock is known")?;
    ensure!((3_595_000..=3_605_000).contains(&hour), "{hour}");
    ensure!(ahead(&view, "n1").is_none_or(|ms| ms.abs() < 2_000), "{view}");
    // Where the wall clock jumps, a recording begins anew at the next keyframe.
    undisturbed_but(&cell, &ids, &before, "a clock that jumped", GOP - 1).await?;
    // What is changed on either shows on all; whoever signed in elsewhere an hour "ago" is asked there to sign in anew.
    let clients = [cell.client(0).await?, cell.client(1).await?, cell.client(2).await?];
    let path = format!("/api/v1/cameras/{}", ids[0]);
    for i in [0, 2] {
        let name = format!("by n{i}");
        let changed = clients[i].request(reqwest::Method::PATCH, &path).json(&json!({"name": name}));
        changed.send().await?.error_for_status()?;
        for client in &clients {
            eventually(&format!("all nodes have what n{i} wrote"), || async {
                let camera = client.get(&path).await.map_err(|error| error.to_string())?;
                if camera["name"] == name { Ok(()) } else { Err(camera.to_string()) }
            })
            .await?;
        }
    }
    let foreign =
        reqwest::Client::new().get(format!("{}{path}", cell.nodes[&2].base())).bearer_auth(clients[0].token());
    let answer = foreign.send().await?;
    ensure!(answer.status() == 401, "{}", answer.status());
    ensure!(answer.json::<Value>().await?["code"] == "token_expired", "a client knows what to do");
    clock.clear("an-hour-later")?;
    eventually("the clock is right again", || async {
        let view = async { cell.client(0).await?.get("/api/v1/cluster").await }.await;
        let view = view.map_err(|error| error.to_string())?;
        let off = ahead(&view, "n2");
        if off.is_some_and(|ms| ms.abs() < 2_000) { Ok(()) } else { Err(format!("{off:?}")) }
    })
    .await?;
    undisturbed_but(&cell, &ids, &before, "a clock that was set back", 2 * (GOP - 1)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_a_corrupt_raft_log_refuses_to_start_and_rejoins_as_it_says() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 3, "").await?;
    let ids = cell.add_cameras(0, 3, &json!({})).await?;
    cell.await_more(&ids, 1).await?;
    cell.await_members(0, 3, 3).await?;
    cell.nodes.remove(&2).context("it runs")?.stop()?;
    eventually("the others have its cameras", || async {
        let placed = cell.placements(0).await.map_err(|error| error.to_string())?;
        if placed.iter().all(|(.., at)| at != "n2") { Ok(()) } else { Err(format!("{placed:?}")) }
    })
    .await?;
    let before = cell.epochs(0).await?;

    let raft = cell.node_dir(2).join("raft");
    let log = flip_a_byte_of_the_log(&raft)?;
    let Err(error) = Node::start(&cell.node_dir(2), &cell.options(2)?) else { bail!("it starts on a corrupt log") };
    let error = error.to_string();
    println!("{}", error.lines().last().unwrap_or_default());
    ensure!(error.contains(&log) && error.contains(", byte "), "it names the file: {error}");
    ensure!(error.contains(&format!("Move {} away and start again", raft.display())), "and what to do: {error}");
    undisturbed(&cell, &ids, &before, "a corrupt log").await?;

    fs::rename(&raft, raft.with_extension("away"))?;
    cell.start_node(2)?;
    cell.await_members(0, 3, 3).await?;
    undisturbed(&cell, &ids, &before, "a node that lost its log").await
}

/// Changes one byte in the middle of the newest file of the log in `raft`; answers its name.
fn flip_a_byte_of_the_log(raft: &Path) -> anyhow::Result<String> {
    let mut files: Vec<_> = fs::read_dir(raft)?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("log-")));
    files.sort();
    let file = files.last().context("there is a log")?;
    let mut bytes = fs::read(file)?;
    let middle = bytes.iter().rposition(|byte| *byte != 0).context("it is not empty")? / 2;
    bytes[middle] ^= 0x40;
    fs::write(file, bytes)?;
    Ok(file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned())
}

/// A Redis of this test's own, ended with it.
struct Redis(Child, u16);

impl Redis {
    fn start(dir: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no", "--dir"]);
        Ok(Self(command.arg(dir).stdout(Stdio::null()).spawn()?, port))
    }

    /// Sends a command as a person at a terminal would; what it answers.
    fn tell(&self, line: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(format!("{line}\r\nQUIT\r\n").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_redis_that_answers_errors_each_node_goes_on_alone_and_says_so() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let redis = Redis::start(dir.path())?;
    eventually("Redis answers", || async { redis.tell("PING").map(drop).map_err(|error| error.to_string()) }).await?;
    let cell = Cell::start(3, 3, &format!("redis.url = 'redis://127.0.0.1:{}'", redis.1)).await?;
    let ids = cell.add_cameras(0, 3, &json!({})).await?;
    cell.await_more(&ids, 1).await?;
    let before = cell.epochs(0).await?;
    for node in cell.nodes.values() {
        ensure!(!node.log().contains("Redis is of no use now"), "it is of use at first");
    }

    // It is full: every command that writes is answered with an error.
    ensure!(redis.tell("CONFIG SET maxmemory 1")?.contains("+OK"), "it takes the setting");
    for node in cell.nodes.values() {
        said(node, "Redis is of no use now; this node counts and remembers alone").await?;
        ensure!(node.log().contains("OOM"), "Redis's own words stand there: {}", node.log());
    }
    for i in 0..3 {
        cell.client(i).await?.get("/api/v1/cameras").await?;
    }
    undisturbed(&cell, &ids, &before, "a Redis that is full").await?;

    ensure!(redis.tell("CONFIG SET maxmemory 0")?.contains("+OK"), "it takes the setting");
    for i in 0..3 {
        eventually(&format!("n{i} uses Redis again"), || async {
            let up = cell.metric(i, "eyrie_shared_state_up").await.map_err(|error| error.to_string())?;
            if up == Some(1.0) { Ok(()) } else { Err(format!("{up:?}")) }
        })
        .await?;
    }
    undisturbed(&cell, &ids, &before, "a Redis that came back").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_half_migrated_is_finished_and_one_of_a_later_release_is_refused() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 3, "").await?;
    let ids = cell.add_cameras(0, 3, &json!({})).await?;
    cell.await_more(&ids, 1).await?;
    let before = cell.epochs(0).await?;
    let session: Session = SessionBuilder::new().known_node(cell.contact()).build().await?;
    session.use_keyspace(cell.keyspace(), false).await?;
    let run = |text: &'static str| {
        let session = &session;
        async move { session.query_unpaged(text, ()).await.map(drop).with_context(|| text) }
    };

    // Whoever migrated it died in between: a table is missing, the step was begun and not finished, the lease is still there.
    run("DROP TABLE layouts").await?;
    run("UPDATE schema_version SET applied_us = null WHERE one = 1 AND version = 1").await?;
    run("INSERT INTO schema_lease (one, holder) VALUES (1, 0xdead) USING TTL 5").await?;
    let late = cell.add_place()?;
    cell.start_node(late)?;
    said(&cell.nodes[&late], "a migration of the metadata store was begun and never finished; it is run again").await?;
    cell.client(late).await?.get("/api/v1/layouts").await?;
    undisturbed(&cell, &ids, &before, "a node that finished a migration").await?;

    // A later release has taken away what this one needs.
    cell.nodes.remove(&late).context("it runs")?.kill()?;
    run("INSERT INTO schema_version (one, version, oldest_reader, begun_us, applied_us) VALUES (1, 99, 99, 1, 1)")
        .await?;
    let Err(error) = Node::start(&cell.node_dir(late), &cell.options(late)?) else {
        bail!("it starts on a later schema")
    };
    let error = error.to_string();
    println!("{}", error.lines().last().unwrap_or_default());
    ensure!(error.contains("has schema 99") && error.contains("run the release that wrote it"), "{error}");
    undisturbed(&cell, &ids, &before, "a schema of a later release").await
}
