use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::au_number::scan;
use eyrie_tests::{Client, eventually};
use eyrie_types::WallTime;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::rig::Cell;

/// Rows of open segments are in the index every ten seconds: what is recorded before a kill is known to have been there.
const KNOWN_AFTER_S: u64 = 12;

/// A file of all that is recorded of a camera between two moments: its unit numbers, and what the answer says is missing.
pub(crate) struct Clip {
    pub(crate) numbers: Vec<u64>,
    pub(crate) gaps: String,
    file: Vec<u8>,
}

pub(crate) async fn export(client: &Client, id: &str, from: WallTime, to: WallTime) -> anyhow::Result<Clip> {
    let path = format!("/api/v1/cameras/{id}/export.mp4?from={from}&to={to}");
    let answer = client.request(Method::GET, &path).send().await?;
    let status = answer.status();
    ensure!(status == StatusCode::OK, "{path}: {status} {}", answer.text().await?);
    let gaps = answer.headers().get("eyrie-gaps").and_then(|gaps| gaps.to_str().ok()).unwrap_or_default().to_owned();
    let file = answer.bytes().await?.to_vec();
    Ok(Clip { numbers: scan(&file).map(|stamp| stamp.number).collect(), gaps, file })
}

/// The unit numbers that a player gets who plays a range.
pub(crate) async fn play(client: &Client, id: &str, from: WallTime, to: WallTime) -> anyhow::Result<Vec<u64>> {
    let base = format!("/api/v1/cameras/{id}/playback");
    let get = async |path: String| -> anyhow::Result<Vec<u8>> {
        let answer = client.request(Method::GET, &path).send().await?;
        let status = answer.status();
        ensure!(status == StatusCode::OK, "{path}: {status} {}", answer.text().await?);
        Ok(answer.bytes().await?.to_vec())
    };
    let playlist = String::from_utf8(get(format!("{base}/media.m3u8?from={from}&to={to}")).await?)?;
    let mut numbers = Vec::new();
    for line in playlist.lines() {
        if let Some(init) = line.strip_prefix("#EXT-X-MAP:URI=\"").and_then(|rest| rest.split('"').next()) {
            get(format!("{base}/{init}")).await?;
        } else if !line.is_empty() && !line.starts_with('#') {
            numbers.extend(scan(&get(format!("{base}/{line}")).await?).map(|stamp| stamp.number));
        }
    }
    Ok(numbers)
}

/// Pictures that decode.
fn pictures(cell: &Cell, file: &[u8]) -> anyhow::Result<usize> {
    let path = cell.node_dir(0).join("export.mp4");
    std::fs::write(&path, file)?;
    let mut probe = Command::new("ffprobe");
    probe.args(["-v", "error", "-select_streams", "v:0", "-count_frames"]);
    let output = probe.args(["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"]).arg(&path).output()?;
    ensure!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

pub(crate) fn edge(recordings: &Value, last: bool, name: &str) -> anyhow::Result<WallTime> {
    let spans = recordings["spans"].as_array().context("no spans")?;
    let span = if last { spans.last() } else { spans.first() };
    Ok(span.context("nothing recorded")?[name].as_str().context("no time")?.parse()?)
}

/// Node by number, of the name of each placement of a camera.
pub(crate) fn nodes_of(placed: &[(String, u64, String)], id: &str) -> Vec<usize> {
    let own = placed.iter().filter(|(camera, ..)| camera == id);
    own.filter_map(|(.., name)| name.strip_prefix('n')?.parse().ok()).collect()
}

pub(crate) async fn recordings(client: &Client, id: &str) -> anyhow::Result<Value> {
    client.get(&format!("/api/v1/cameras/{id}/recordings")).await
}

pub(crate) async fn causes(
    client: &Client,
    id: &str,
    from: WallTime,
    to: WallTime,
) -> anyhow::Result<BTreeSet<String>> {
    let gaps = client.get(&format!("/api/v1/cameras/{id}/gaps?from={from}&to={to}")).await?;
    let causes = gaps["gaps"].as_array().context("no gaps")?.iter().filter_map(|gap| gap["cause"].as_str());
    Ok(causes.map(str::to_owned).collect())
}

/// Nothing of `numbers` comes twice, and they are in order.
pub(crate) fn assert_in_order(numbers: &[u64], what: &str) {
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{what}: doubled or out of order: {numbers:?}");
}

/// Waits until what a node has left open is indexed, and every span can be read.
async fn await_available(client: &Client, id: &str) -> anyhow::Result<()> {
    eventually("all of it in reach", || async {
        let answer = recordings(client, id).await.map_err(|error| error.to_string())?;
        let spans = answer["spans"].as_array().cloned().unwrap_or_default();
        let all = spans.iter().all(|span| span["available"] == true);
        if all { Ok(()) } else { Err(answer.to_string()) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_nodes_recorded_is_one_recording_at_a_third_and_a_gap_while_one_of_them_is_dead() -> anyhow::Result<()>
{
    let mut cell = Cell::start(3, 3, "").await?;
    let ids = cell.add_cameras(0, 3, &json!({})).await?;
    let leader = cell.leader(0).await?;
    let placed = cell.placements(0).await?;
    let found = ids.iter().find_map(|id| {
        let owner = nodes_of(&placed, id).first().copied()?;
        (owner != leader && owner != 0).then(|| (id.clone(), owner))
    });
    let (id, victim) = found.context("no camera on a node that may die")?;
    cell.await_more(std::slice::from_ref(&id), KNOWN_AFTER_S).await?;
    cell.nodes.remove(&victim).context("it runs")?.kill()?;
    cell.await_more(std::slice::from_ref(&id), 5).await?;
    let placed = cell.placements(0).await?;
    let owner = *nodes_of(&placed, &id).first().context("no owner")?;
    let third = (0..3).find(|node| *node != victim && *node != owner).context("no third node")?;
    let client = cell.client(third).await?;

    // While the node is dead, what it recorded is a gap with its cause, and what follows plays.
    let answer = recordings(&client, &id).await?;
    let spans = answer["spans"].as_array().context("no spans")?;
    assert!(spans.iter().any(|span| span["available"] == false), "{answer}");
    assert!(spans.iter().any(|span| span["available"] == true), "{answer}");
    // A little less, so that the fragment that begins there has no part in it once it is durable.
    let (from, to) = (edge(&answer, false, "start")?, edge(&answer, true, "end")? - Duration::from_millis(100));
    let told = causes(&client, &id, from, to).await?;
    assert!(told.contains("node_unreachable"), "{told:?}");
    let partly = export(&client, &id, from, to).await?;
    assert!(partly.gaps.contains("cause=node_unreachable"), "{}", partly.gaps);
    assert!(partly.numbers.len() > 50, "{}", partly.numbers.len());
    assert_eq!(play(&client, &id, from, to).await?, partly.numbers);
    let early = export(&client, &id, from, from + Duration::from_secs(1)).await;
    assert!(early.as_ref().is_err_and(|error| error.to_string().contains("503")), "{:?}", early.err());

    // Once it is back, a third node shows and hands out both as one.
    cell.start_node(victim)?;
    await_available(&client, &id).await?;
    let told = causes(&client, &id, from, to).await?;
    assert!(!told.contains("node_unreachable"), "{told:?}");
    // What it had left open is scanned first.
    let whole = eventually("every unit that any node has on disk", || async {
        let whole = export(&client, &id, from, to).await.map_err(|error| error.to_string())?;
        let on_disk = cell.recorded(&id).map_err(|error| error.to_string())?;
        let within = whole.numbers[0]..=whole.numbers[whole.numbers.len() - 1];
        let expected = on_disk.iter().map(|unit| unit.number).filter(|number| within.contains(number));
        let missing: Vec<u64> = expected.filter(|number| !whole.numbers.contains(number)).collect();
        let early = on_disk.first().is_some_and(|unit| unit.number == whole.numbers[0]);
        if missing.is_empty() && early { Ok(whole) } else { Err(format!("missing {missing:?}, {early}")) }
    })
    .await?;
    assert_in_order(&whole.numbers, "export");
    assert!(whole.numbers.ends_with(&partly.numbers[partly.numbers.len() - 50..]), "what came after is the same");
    assert!(whole.numbers.len() > partly.numbers.len() + 25 * 8, "{} {}", whole.numbers.len(), partly.numbers.len());
    assert_eq!(pictures(&cell, &whole.file)?, whole.numbers.len(), "ffprobe decodes each");
    assert_eq!(play(&client, &id, from, to).await?, whole.numbers);
    // Any node says the same.
    for node in 0..3 {
        let other = cell.client(node).await?;
        assert_eq!(export(&other, &id, from, to).await?.numbers, whole.numbers, "n{node}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn either_node_of_a_twin_may_die_and_playback_is_complete() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 1, "").await?;
    let ids = cell.add_cameras(0, 1, &json!({"redundancy": 2})).await?;
    let id = ids[0].clone();
    let client = cell.client(0).await?;
    // From when on both record.
    let from = eventually("two copies", || async {
        let answer = recordings(&client, &id).await.map_err(|error| error.to_string())?;
        let two = answer["copies"]["two_s"].as_f64() > Some(1.0);
        if two { edge(&answer, true, "end").map_err(|error| error.to_string()) } else { Err(answer.to_string()) }
    })
    .await?;
    cell.await_more(&ids, KNOWN_AFTER_S).await?;
    let answer = recordings(&client, &id).await?;
    let to = edge(&answer, true, "end")? - Duration::from_secs(2);
    assert!(answer["copies"]["two_s"].as_f64() > Some(8.0), "{answer}");
    let both = export(&client, &id, from, to).await?.numbers;
    assert_in_order(&both, "both");
    assert!(both.len() > 25 * 8 && both.windows(2).all(|pair| pair[1] == pair[0] + 1), "{both:?}");
    let twins = nodes_of(&cell.placements(0).await?, &id);
    assert_eq!(twins.len(), 2, "{twins:?}");
    for victim in twins {
        let asked = (0..3).find(|node| *node != victim).context("nobody is left")?;
        cell.nodes.remove(&victim).context("it runs")?.kill()?;
        let client = cell.client(asked).await?;
        // Until it is held to be dead, an answer may still count on it: 503, to be asked again.
        let alone = eventually("its twin's copy is found", || async {
            export(&client, &id, from, to).await.map_err(|error| error.to_string())
        })
        .await?;
        assert!(alone.numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "n{victim} died: {:?}", alone.numbers);
        let (first, last) = (both[25], both[both.len() - 26]);
        assert!(alone.numbers.contains(&first) && alone.numbers.contains(&last), "{:?}", alone.numbers);
        assert!(!alone.gaps.contains("node_unreachable"), "{}", alone.gaps);
        let played = play(&client, &id, from, to).await?;
        assert_eq!(played, alone.numbers);
        let told = causes(&client, &id, from, to).await?;
        assert!(told.is_empty(), "its twin has it: {told:?}");
        cell.start_node(victim)?;
        eventually("the node is back", || async {
            let view = client.get("/api/v1/cluster").await.map_err(|error| error.to_string())?;
            let up = view["nodes"].as_array().map_or(0, |all| all.iter().filter(|node| node["health"] == "up").count());
            if up == 3 { Ok(()) } else { Err(view.to_string()) }
        })
        .await?;
        // What it had left open was scanned by then, and is known to be whole.
        eventually("both copies are known again", || async {
            let path = format!("/api/v1/cameras/{id}/recordings?from={from}&to={to}");
            let answer = client.get(&path).await.map_err(|error| error.to_string())?;
            let missed = to.since(from).as_secs_f64() - answer["copies"]["two_s"].as_f64().unwrap_or_default();
            if missed < 0.6 { Ok(()) } else { Err(answer.to_string()) }
        })
        .await?;
    }
    Ok(())
}

/// What a playlist names: addresses of its segments below `playback/`.
async fn named(client: &Client, id: &str, from: WallTime, to: WallTime) -> anyhow::Result<Vec<String>> {
    let path = format!("/api/v1/cameras/{id}/playback/media.m3u8?from={from}&to={to}");
    let answer = client.request(Method::GET, &path).send().await?.error_for_status()?;
    let playlist = answer.text().await?;
    Ok(playlist.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect())
}

/// Unit numbers, and the time of the first of them on the player's clock, of a segment that a playlist has named.
async fn fetch_named(client: &Client, id: &str, uri: &str) -> anyhow::Result<(Vec<u64>, Option<u64>)> {
    let path = format!("/api/v1/cameras/{id}/playback/{uri}");
    let answer = client.request(Method::GET, &path).send().await?;
    let status = answer.status();
    ensure!(status == StatusCode::OK, "{path}: {status} {}", answer.text().await?);
    let bytes = answer.bytes().await?;
    let tfdt = bytes.windows(4).position(|kind| kind == b"tfdt").and_then(|at| bytes.get(at + 8..at + 16));
    let time = tfdt.and_then(|time| Some(u64::from_be_bytes(time.try_into().ok()?)));
    Ok((scan(&bytes).map(|stamp| stamp.number).collect(), time))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_playlist_has_named_plays_on_and_an_export_is_whole_at_once_when_its_node_dies() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 1, "").await?;
    let ids = cell.add_cameras(0, 1, &json!({"redundancy": 2})).await?;
    let id = ids[0].clone();
    let twins = nodes_of(&cell.placements(0).await?, &id);
    ensure!(twins.len() == 2, "{twins:?}");
    let third = (0..3).find(|node| !twins.contains(node)).context("no third node")?;
    let client = cell.client(third).await?;
    let from = eventually("two copies", || async {
        let answer = recordings(&client, &id).await.map_err(|error| error.to_string())?;
        let two = answer["copies"]["two_s"].as_f64() > Some(2.0);
        if two { edge(&answer, true, "end").map_err(|error| error.to_string()) } else { Err(answer.to_string()) }
    })
    .await?;
    cell.await_more(&ids, KNOWN_AFTER_S).await?;
    let to = edge(&recordings(&client, &id).await?, true, "end")? - Duration::from_secs(2);
    let uris = named(&client, &id, from, to).await?;
    let mut before = Vec::new();
    for uri in &uris {
        before.push(fetch_named(&client, &id, uri).await?);
    }
    let both = export(&client, &id, from, to).await?.numbers;
    // Whoever recorded what was named.
    let segment = uris[0].split('/').next().and_then(|name| name.split('.').nth(1)).context("no name")?.to_owned();
    let held = |node: &usize| {
        let mut found = eyrie_storage::segment::walk(cell.node_dir(*node).join("recordings")).filter_map(Result::ok);
        found.any(|found| found.head.segment.to_string() == segment)
    };
    let victim = twins.into_iter().find(held).context("nobody recorded it")?;
    cell.nodes.remove(&victim).context("it runs")?.kill()?;

    // At once: no answer is asked for twice.
    let alone = export(&client, &id, from, to).await?;
    assert_in_order(&alone.numbers, "export");
    assert!(alone.numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{:?} {}", alone.numbers, alone.gaps);
    assert!(alone.numbers.contains(&both[25]) && alone.numbers.contains(&both[both.len() - 26]), "{:?}", alone.numbers);
    for (uri, (numbers, time)) in uris.iter().zip(&before) {
        let (again, at) = fetch_named(&client, &id, uri).await?;
        assert_eq!((&again, at), (numbers, *time), "{uri}: the same pictures at the same time");
    }
    let stood_in = cell.metric(third, "eyrie_playback_stand_ins_total").await?;
    assert!(stood_in >= Some(uris.len() as f64), "{stood_in:?} of {}", uris.len());
    Ok(())
}
