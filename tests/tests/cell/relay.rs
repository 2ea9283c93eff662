//! Live media through a node that does not run the camera, and through the death of the one that does.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use eyrie_actors::media_link::{MediaHandlers, MediaLink, MediaLinkConfig, MediaPeer};
use eyrie_actors::peer::{PROTOCOL_MAX, PeerConfig, PeerTls, Peers};
use eyrie_camsim::au_number::scan;
use eyrie_tests::{Client, eventually};
use eyrie_types::{NodeId, Secret, SystemClock};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::rig::{Cell, SECRET};

/// A media playlist, as far as a player that goes on must understand it.
#[derive(Debug, Clone, Default)]
struct Listed {
    /// `EXT-X-MEDIA-SEQUENCE`.
    first: u64,
    discontinuity: u64,
    /// Media sequence number and number of each part that is listed, and its address.
    parts: Vec<((u64, u64), String)>,
    /// The part that is to come.
    next: (u64, u64),
}

impl Listed {
    fn read(playlist: &str) -> anyhow::Result<Self> {
        let mut listed = Self::default();
        for line in playlist.lines() {
            if let Some(sequence) = line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:") {
                listed.first = sequence.parse()?;
                listed.next = (listed.first, 0);
            } else if let Some(sequence) = line.strip_prefix("#EXT-X-DISCONTINUITY-SEQUENCE:") {
                listed.discontinuity = sequence.parse()?;
            } else if let Some(part) = line.strip_prefix("#EXT-X-PART:") {
                let (_, uri) = part.split_once("URI=\"").context("a part without an address")?;
                listed.parts.push((listed.next, uri.split('"').next().unwrap_or_default().to_owned()));
                listed.next.1 += 1;
            } else if !line.starts_with('#') {
                listed.next = (listed.next.0 + 1, 0);
            }
        }
        ensure!(listed.first > 0, "no media sequence:\n{playlist}");
        Ok(listed)
    }
}

/// A player of low-latency HLS that knows one address only, and never loads the multivariant playlist again.
pub(crate) struct Player {
    client: Client,
    below: String,
    listed: Listed,
    /// Numbers of all pictures it got.
    pub(crate) units: BTreeSet<u64>,
    /// When it got the last part, and the longest it went without one.
    last: Instant,
    pub(crate) longest: Duration,
    pub(crate) refused: Vec<StatusCode>,
}

impl Player {
    pub(crate) async fn open(client: Client, camera: &str) -> anyhow::Result<Self> {
        let below = format!("/api/v1/cameras/{camera}/live");
        let index = client.request(Method::GET, &format!("{below}/index.m3u8")).send().await?.error_for_status()?;
        let index = index.text().await?;
        ensure!(index.lines().any(|line| line == "media.m3u8"), "{index}");
        let playlist = client.request(Method::GET, &format!("{below}/media.m3u8")).send().await?.error_for_status()?;
        let listed = Listed::read(&playlist.text().await?)?;
        let (units, last) = (BTreeSet::new(), Instant::now());
        Ok(Self { client, below, listed, units, last, longest: Duration::ZERO, refused: Vec::new() })
    }

    /// One reload, blocking, and the parts that are new. What is refused is asked for again, as players do.
    async fn step(&mut self) -> anyhow::Result<()> {
        let (msn, part) = self.listed.next;
        let path = format!("{}/media.m3u8?_HLS_msn={msn}&_HLS_part={part}", self.below);
        let answer = self.client.request(Method::GET, &path).send().await?;
        if !answer.status().is_success() {
            self.refused.push(answer.status());
            tokio::time::sleep(Duration::from_millis(200)).await;
            return Ok(());
        }
        let listed = Listed::read(&answer.text().await?)?;
        ensure!(listed.first >= self.listed.first, "media sequence fell: {listed:?} after {:?}", self.listed);
        ensure!(listed.discontinuity >= self.listed.discontinuity, "{listed:?} after {:?}", self.listed);
        ensure!(listed.next >= self.listed.next, "the end fell: {listed:?} after {:?}", self.listed);
        for (_, uri) in listed.parts.iter().filter(|(place, _)| *place >= (msn, part)) {
            let answer = self.client.request(Method::GET, &format!("{}/{uri}", self.below)).send().await?;
            if !answer.status().is_success() {
                self.refused.push(answer.status());
                continue;
            }
            self.units.extend(scan(&answer.bytes().await?).map(|stamp| stamp.number));
            self.longest = self.longest.max(self.last.elapsed());
            self.last = Instant::now();
        }
        self.listed = listed;
        Ok(())
    }

    /// Plays until `enough`, at most a minute.
    pub(crate) async fn play(&mut self, what: &str, enough: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !enough(self) {
            ensure!(
                begun.elapsed() < Duration::from_secs(60),
                "{what}: not within a minute; {:?}, refused {:?}",
                self.listed,
                self.refused
            );
            self.step().await?;
        }
        Ok(())
    }
}

/// The numbers of the nodes that own the camera and its twin, and of one that has neither.
pub(crate) async fn roles(cell: &Cell, camera: &str) -> anyhow::Result<(usize, Option<usize>, usize)> {
    let placed = cell.placements(0).await?;
    let at = |slot: u64| {
        let found = placed.iter().find(|(id, at, _)| id == camera && *at == slot)?;
        found.2.strip_prefix('n')?.parse::<usize>().ok()
    };
    let (owner, twin) = (at(0).context("no owner")?, at(1));
    let edge = (0..3).find(|i| *i != owner && Some(*i) != twin).context("no node is left")?;
    Ok((owner, twin, edge))
}

/// The sum of a metric over those of its labels that hold all of `with`.
pub(crate) async fn metric(client: &Client, name: &str, with: &[&str]) -> anyhow::Result<f64> {
    let text = client.request(Method::GET, "/metrics").send().await?.text().await?;
    let samples = text.lines().filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
    let own = samples.filter(|(labels, _)| labels.is_empty() || labels.starts_with('{'));
    let wanted = own.filter(|(labels, _)| with.iter().all(|label| labels.contains(label)));
    Ok(wanted.filter_map(|(_, value)| value.parse::<f64>().ok()).sum())
}

/// What ffprobe says of the camera's pictures through a capability of node `base`.
async fn probed(client: &Client, base: &str, camera: &str) -> anyhow::Result<String> {
    let path = format!("/api/v1/cameras/{camera}/capabilities");
    let capability: Value = client.post(&path, &json!({"kind": "live"})).await?;
    let url = format!("{base}{}", capability["url"].as_str().context("no url")?);
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-select_streams", "v:0", "-count_frames", "-read_intervals", "%+#25"]);
    command.args(["-show_entries", "stream=codec_name,nb_read_frames", "-of", "csv=p=0"]).arg(url);
    command.stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    ensure!(output.status.success(), "ffprobe: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().trim().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_at_another_node_goes_on_through_the_owners_death_without_a_reload() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 1, "").await?;
    let ids = cell.add_cameras(0, 1, &json!({})).await?;
    let camera = ids.first().context("no camera")?;
    let (owner, _, edge) = roles(&cell, camera).await?;
    let client = cell.client(edge).await?;
    let base = cell.nodes.get(&edge).context("no edge")?.base().to_owned();
    assert_eq!(probed(&client, &base, camera).await?, "h264,25", "through a node that does not run it");
    let picture = client.request(Method::GET, &format!("/api/v1/cameras/{camera}/thumbnail.jpg")).send().await?;
    let picture = picture.error_for_status()?.bytes().await?;
    assert!(picture.starts_with(&[0xff, 0xd8]), "the latest picture, too");

    let mut player = Player::open(client.clone(), camera).await?;
    player.play("two seconds", |player| player.units.len() >= 50).await?;
    let (before, seen) = (player.listed.clone(), player.units.last().copied().unwrap_or_default());
    assert!(player.refused.is_empty(), "{:?}", player.refused);
    cell.nodes.remove(&owner).context("it runs")?.kill()?;
    player
        .play("pictures of the new owner", |player| {
            player.listed.first >> 24 > before.first >> 24 && player.units.last().is_some_and(|last| *last > seen + 75)
        })
        .await?;
    println!("no part for {:?} around the owner's death; refused meanwhile: {:?}", player.longest, player.refused);
    assert!(player.longest < Duration::from_secs(20), "{:?}", player.longest);
    // What another tenant's, or nobody's, camera is stays closed here as anywhere.
    let unknown = eyrie_types::CameraId::random();
    let answer = client.request(Method::GET, &format!("/api/v1/cameras/{unknown}/live/index.m3u8")).send().await?;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);

    // Alone of three, it may own the camera or not, and cannot know: it records if it does, and shows nothing.
    let last = (0..3).find(|i| *i != owner && *i != edge).context("a third")?;
    cell.nodes.remove(&last).context("it runs")?.kill()?;
    eventually("the rest of a cell shows nothing as its owner", || async {
        let asked = client.request(Method::GET, &format!("/api/v1/cameras/{camera}/live/media.m3u8")).send().await;
        let answer = asked.map_err(|error| error.to_string())?;
        let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
        let refused = status == StatusCode::SERVICE_UNAVAILABLE && text.contains("\"unavailable\"");
        if refused { Ok(()) } else { Err(format!("{status} {text}")) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_twin_the_player_goes_on_before_the_cell_has_decided_anything() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 1, "").await?;
    let ids = cell.add_cameras(0, 1, &json!({"redundancy": 2})).await?;
    let camera = ids.first().context("no camera")?;
    eventually("it has a twin", || async {
        let (_, twin, _) = roles(&cell, camera).await.map_err(|error| error.to_string())?;
        twin.map(|_| ()).ok_or_else(|| "none yet".to_owned())
    })
    .await?;
    cell.await_more(&ids, 3).await?;
    let (owner, _, edge) = roles(&cell, camera).await?;
    let client = cell.client(edge).await?;
    let mut player = Player::open(client.clone(), camera).await?;
    player.play("two seconds", |player| player.units.len() >= 50).await?;
    let seen = player.units.last().copied().unwrap_or_default();
    player.longest = Duration::ZERO;
    cell.nodes.remove(&owner).context("it runs")?.kill()?;
    player.play("pictures of the twin", |player| player.units.last().is_some_and(|last| *last > seen + 50)).await?;
    let (longest, refused) = (player.longest, player.refused.clone());
    println!("with a twin: no part for {longest:?} around the owner's death; refused meanwhile: {refused:?}");
    assert!(metric(&client, "eyrie_live_relay_switches_total", &["twin"]).await? >= 1.0);
    assert!(longest < Duration::from_secs(8), "{longest:?}");
    // And back, or on, once the cell has placed it anew: numbers never fall, which each step checks.
    player.play("ten more seconds", |player| player.units.last().is_some_and(|last| *last > seen + 300)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_stands_still_is_left_for_its_twin_and_not_gone_back_to_by_lower_numbers() -> anyhow::Result<()> {
    let cell = Cell::start(3, 1, "").await?;
    let ids = cell.add_cameras(0, 1, &json!({"redundancy": 2})).await?;
    let camera = ids.first().context("no camera")?;
    cell.await_more(&ids, 3).await?;
    let (owner, twin, edge) = roles(&cell, camera).await?;
    ensure!(twin.is_some(), "no twin");
    let mut player = Player::open(cell.client(edge).await?, camera).await?;
    player.play("two seconds", |player| player.units.len() >= 50).await?;
    let seen = player.units.last().copied().unwrap_or_default();
    player.longest = Duration::ZERO;
    cell.nodes.get(&owner).context("it runs")?.signal("STOP")?;
    player.play("pictures of the twin", |player| player.units.last().is_some_and(|last| *last > seen + 75)).await?;
    println!("a stopped owner with a twin: no part for {:?}; refused: {:?}", player.longest, player.refused);
    assert!(player.longest < Duration::from_secs(8), "{:?}", player.longest);
    cell.nodes.get(&owner).context("it runs")?.signal("CONT")?;
    player.play("ten more seconds", |player| player.units.last().is_some_and(|last| *last > seen + 325)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_goes_on_while_its_cameras_node_is_drained() -> anyhow::Result<()> {
    let cell = Cell::start(3, 1, "").await?;
    let ids = cell.add_cameras(0, 1, &json!({})).await?;
    let camera = ids.first().context("no camera")?;
    cell.await_more(&ids, 3).await?;
    let (owner, _, edge) = roles(&cell, camera).await?;
    let client = cell.client(edge).await?;
    let mut player = Player::open(client.clone(), camera).await?;
    player.play("two seconds", |player| player.units.len() >= 50).await?;
    let (first, seen) = (player.listed.first >> 24, player.units.last().copied().unwrap_or_default());
    let view = client.get("/api/v1/cluster").await?;
    let nodes = view["nodes"].as_array().context("no nodes")?;
    let node = nodes.iter().find(|node| node["name"] == format!("n{owner}")).context("no owner")?;
    let path = format!("/api/v1/cluster/nodes/{}/drain", node["id"].as_str().context("no id")?);
    client.post(&path, &json!({"draining": true})).await?;
    player
        .play("pictures of the next node", |player| {
            player.listed.first >> 24 > first && player.units.last().is_some_and(|last| *last > seen + 75)
        })
        .await?;
    let missing = player.units.iter().zip(player.units.iter().skip(1)).map(|(a, b)| b - a - 1).sum::<u64>();
    println!("a drain: no part for {:?}, {missing} pictures not shown; refused: {:?}", player.longest, player.refused);
    assert!(player.longest < Duration::from_secs(5), "{:?}", player.longest);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_asks_is_answered_within_its_tenant_and_nonsense_not_at_all() -> anyhow::Result<()> {
    let cell = Cell::start(2, 1, "").await?;
    let ids = cell.add_cameras(0, 1, &json!({})).await?;
    let camera = ids.first().context("no camera")?;
    let (owner, _, _) = roles(&cell, camera).await?;
    let view = cell.client(0).await?.get("/api/v1/cluster").await?;
    let nodes = view["nodes"].as_array().context("no nodes")?;
    let id = nodes.iter().find(|node| node["name"] == format!("n{owner}")).context("no owner")?["id"].clone();
    let id: NodeId = serde_json::from_value(id)?;
    // Whoever knows the secret is a node, as far as nodes can tell.
    let config = PeerConfig {
        secret: Secret::new(SECRET),
        cell: None,
        node: NodeId::random(),
        start: 1,
        name: "stranger".to_owned(),
        tls: PeerTls::SelfSigned,
    };
    let peers = Peers::new(&config, Arc::new(SystemClock::new()))?;
    let (dialer, handlers) = (peers.dialer(), MediaHandlers::default());
    let link = MediaLink::start(MediaLinkConfig { node: config.node, dialer, incoming: None, handlers });
    let peer = MediaPeer { address: cell.peer_address(owner)?, protocol_max: PROTOCOL_MAX.into() };
    link.set_peers([(id, peer)].into());
    let ask = async |path: String| -> anyhow::Result<u16> {
        let request = axum::http::Request::get(path).body(axum::body::Bytes::new())?;
        Ok(link.ask(id, request).await?.status().as_u16())
    };
    assert_eq!(ask(format!("/live/default/{camera}/0/media.m3u8")).await?, 200);
    for path in [
        format!("/live/other/{camera}/0/media.m3u8"),
        format!("/live/default/{camera}/1/media.m3u8"),
        format!("/live/default/{camera}/0-4503599627370497/s1.m4s"),
        format!("/live/default/{}/0/media.m3u8", eyrie_types::CameraId::random()),
        format!("/live/default/{camera}/0/../../secret"),
        "/live".to_owned(),
        "/".to_owned(),
        format!("/nothing/{}", "x/".repeat(2_000)),
    ] {
        assert_eq!(ask(path.clone()).await?, 404, "{path}");
    }
    Ok(())
}

/// Kills the owner of the one camera while a browser shows it through another node. What the browser says it saw.
async fn watched_in_a_browser(redundancy: u64) -> anyhow::Result<Value> {
    let mut cell = Cell::start(3, 1, "").await?;
    let ids = cell.add_cameras(0, 1, &json!({"redundancy": redundancy})).await?;
    let camera = ids.first().context("no camera")?;
    cell.await_more(&ids, 3).await?;
    let (owner, _, edge) = roles(&cell, camera).await?;
    let mut browser = tokio::process::Command::new("node")
        .arg("e2e/failover.mjs")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../dashboard"))
        .env("EYRIE_URL", cell.nodes.get(&edge).context("no edge")?.base())
        .env("EYRIE_PASSWORD", eyrie_tests::ADMIN_PASSWORD)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(browser.stdout.take().context("stdout is piped")?).lines();
    ensure!(lines.next_line().await?.as_deref() == Some("playing"), "no moving pictures");
    cell.nodes.remove(&owner).context("it runs")?.kill()?;
    Ok(serde_json::from_str(&lines.next_line().await?.context("the browser said nothing")?)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_js_goes_on_through_the_owners_death_and_with_a_twin_hardly_pauses() -> anyhow::Result<()> {
    // A failover's time, and what a busy machine adds; docs/adr/0016 has what it is on a quiet one.
    for (redundancy, longest_ms) in [(1, 15_000.0), (2, 5_000.0)] {
        let seen = watched_in_a_browser(redundancy).await?;
        println!("the owner dies, {redundancy} nodes have the camera; in the browser: {seen}");
        let number = |name: &str| seen[name].as_f64().unwrap_or(f64::MAX);
        assert!(number("longest_pause_ms") < longest_ms, "{seen}");
        assert!(number("since_last_ms") < 3_000.0, "pictures move at the end: {seen}");
        assert_eq!(number("videos"), 1.0, "the page shows the same element: {seen}");
        // On a machine that cannot keep up it goes on without low latency, which is another stream.
        let gave_up = if seen["low_latency"] == false { 1.0 } else { 0.0 };
        assert!(number("opened") <= gave_up, "the stream was opened anew: {seen}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_held_reloads_are_one_connection_and_one_question_a_part() -> anyhow::Result<()> {
    const PLAYERS: usize = 200;
    const RELOADS: usize = 12;
    let cell = Cell::start(3, 1, "").await?;
    let ids = cell.add_cameras(0, 1, &json!({})).await?;
    let camera = ids.first().context("no camera")?;
    let (owner, _, edge) = roles(&cell, camera).await?;
    let (edge, owner) = (cell.client(edge).await?, cell.client(owner).await?);
    let path = format!("/api/v1/cameras/{camera}/live/media.m3u8");
    let first = edge.request(Method::GET, &path).send().await?.error_for_status()?.text().await?;
    let start = Listed::read(&first)?.next;
    let questions = ["prefix=\"live\""];
    let before = metric(&edge, "eyrie_media_link_requests_total", &questions).await?;
    let play = |_: usize| {
        let (edge, path) = (edge.clone(), path.clone());
        async move {
            let mut asked = BTreeSet::new();
            let (mut msn, mut part) = start;
            for _ in 0..RELOADS {
                asked.insert((msn, part));
                let url = format!("{path}?_HLS_msn={msn}&_HLS_part={part}");
                let answer = edge.request(Method::GET, &url).send().await?.error_for_status()?;
                let listed = Listed::read(&answer.text().await?)?;
                ensure!(listed.next > (msn, part), "{:?} does not hold {msn}.{part}", listed.next);
                (msn, part) = listed.next;
            }
            Ok(asked)
        }
    };
    let played = futures::future::try_join_all((0..PLAYERS).map(play)).await?;
    let asked: BTreeSet<_> = played.into_iter().flatten().collect();
    let questions = metric(&edge, "eyrie_media_link_requests_total", &questions).await? - before;
    println!(
        "{PLAYERS} players held {RELOADS} reloads each, of {} parts: {questions} questions to the owner",
        asked.len()
    );
    assert!(questions <= asked.len() as f64, "{questions} questions about {} parts", asked.len());
    let connections = metric(&owner, "eyrie_media_link_connections", &["side=\"answers\""]).await?;
    assert_eq!(connections, 1.0, "from the one node that was asked");
    Ok(())
}
