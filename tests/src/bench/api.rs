use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use eyrie_types::CameraId;

use super::bare_axum::start_bare_axum;
use super::load::{Load, LoadResult};
use super::many_cameras::make_cameras;
use super::{Summary, machine};
use crate::{Client, Node, NodeOptions, eventually};

/// Connections of the loads: one alone, which tells how long an answer takes, and as many as fill the machine.
const CONNECTIONS: [usize; 2] = [1, 16];
/// Cameras the single GETs go round.
const ASKED_FOR: usize = 1000;

/// The pause between two changes of a camera, while lists are measured that nothing can be kept of for longer.
const CHANGE_EVERY: Duration = Duration::from_millis(100);

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct ApiOptions {
    /// Cameras in the directory, all disabled: they are found and shown, and run nothing.
    pub cameras: usize,
    /// Measurements of each.
    pub rounds: usize,
    /// Length of one.
    pub window: Duration,
}

/// Requests per second, median and p99 of authorized GETs of one camera and of lists, beside a bare axum handler that answers
/// the same JSON, under the same load in the same run.
///
/// # Errors
/// When a contender does not come up, or at an answer that is not 200.
pub async fn api(options: &ApiOptions) -> anyhow::Result<String> {
    let dir = tempfile::tempdir()?;
    // The first start makes the keys, the store and its first user.
    Node::start(dir.path(), &NodeOptions::default())?.stop()?;
    let ids = make_cameras(dir.path(), options.cameras).await?;
    let node = Node::start(dir.path(), &NodeOptions::default())?;
    let client = node.client().await?;
    await_disabled(&client, options.cameras as u64).await?;
    let one = format!("/api/v1/cameras/{}", ids.first().context("no cameras")?);
    let (one, list) = (save(&client, &one, dir.path(), "one").await?, save(&client, PAGE, dir.path(), "list").await?);
    let (_bare, bare) = start_bare_axum(&one, &list)?;
    let node_address = node.base().strip_prefix("http://").context("the node speaks http")?.to_owned();

    let singles = singles(&ids);
    let paths = |path: &str| -> Arc<[String]> { Arc::from([path.to_owned()]) };
    let contenders = [
        ("bare axum: one camera", &bare, Arc::clone(&singles)),
        ("Eyrie: one camera", &node_address, singles),
        ("bare axum: page of 100", &bare, paths(PAGE)),
        ("Eyrie: page of 100", &node_address, paths(PAGE)),
        ("Eyrie: `state=disabled`, all of them", &node_address, paths("/api/v1/cameras?state=disabled")),
        ("Eyrie: `state=online`, none", &node_address, paths("/api/v1/cameras?state=online")),
        ("Eyrie: `search=` that finds 10", &node_address, paths("/api/v1/cameras?search=camera%2000077")),
    ];
    let mut table = format!(
        "{}\n\n{} disabled cameras, {} rounds of {} s each.\n\n| request | connections | requests/s | p50 ms | p99 ms |\n\
         | --- | --- | --- | --- | --- |\n",
        machine(),
        options.cameras,
        options.rounds,
        options.window.as_secs()
    );
    for connections in CONNECTIONS {
        let mut results = vec![Vec::new(); contenders.len()];
        for _ in 0..options.rounds {
            for ((_, address, paths), results) in contenders.iter().zip(&mut results) {
                let (address, token, paths) = ((*address).clone(), client.token().to_owned(), Arc::clone(paths));
                results.push(Load { address, token, paths, connections, window: options.window }.run().await?);
            }
        }
        for ((what, ..), results) in contenders.iter().zip(results) {
            table.push_str(&row(what, connections, &results));
        }
    }
    let connections = CONNECTIONS[1];
    for (what, address, paths) in contenders.iter().filter(|(what, ..)| what.contains('`')) {
        let mut results = Vec::new();
        for _ in 0..options.rounds {
            let (address, token, paths) = ((*address).clone(), client.token().to_owned(), Arc::clone(paths));
            let load = Load { address, token, paths, connections, window: options.window };
            results.push(tokio::select! {
                found = load.run() => found?,
                failed = keep_changing(&client, &ids) => return Err(failed),
            });
        }
        table.push_str(&row(&format!("{what}, while cameras change"), connections, &results));
    }
    node.stop()?;
    Ok(table)
}

fn row(what: &str, connections: usize, results: &[LoadResult]) -> String {
    let quantile = |share: f64| {
        Summary::of(results.iter().map(|found| Summary::of(found.answers_ms.iter().copied()).quantile(share)))
    };
    let rate = Summary::of(results.iter().map(|found| found.answers_ms.len() as f64 / found.seconds));
    format!("| {what} | {connections} | {rate:.0} | {} | {} |\n", quantile(0.5), quantile(0.99))
}

/// Relabels one camera after another, until that fails.
async fn keep_changing(client: &Client, ids: &[CameraId]) -> anyhow::Error {
    for (number, id) in ids.iter().cycle().enumerate() {
        let change = serde_json::json!({"labels": [format!("change {number}")]});
        let asked = client.request(reqwest::Method::PATCH, &format!("/api/v1/cameras/{id}")).json(&change).send().await;
        if let Err(error) = asked.and_then(reqwest::Response::error_for_status) {
            return error.into();
        }
        tokio::time::sleep(CHANGE_EVERY).await;
    }
    anyhow::anyhow!("no cameras to change")
}

/// The list as the dashboard first asks for it.
const PAGE: &str = "/api/v1/cameras";

/// Single GETs that go round cameras spread over the whole directory.
fn singles(ids: &[CameraId]) -> Arc<[String]> {
    let step = (ids.len() / ASKED_FOR).max(1);
    ids.iter().step_by(step).map(|id| format!("/api/v1/cameras/{id}")).collect()
}

/// Waits until the node knows of every camera that it is disabled: it takes them over after it listens.
async fn await_disabled(client: &Client, cameras: u64) -> anyhow::Result<()> {
    eventually("all cameras known", || async {
        let node = client.get("/api/v1/node").await.map_err(|error| error.to_string())?;
        let disabled = node["cameras"]["disabled"].as_u64().unwrap_or(0);
        if disabled == cameras { Ok(()) } else { Err(format!("{disabled} of {cameras}")) }
    })
    .await
}

/// Writes what a path answers into a file, for the bare handler.
async fn save(client: &Client, path: &str, dir: &Path, name: &str) -> anyhow::Result<std::path::PathBuf> {
    let file = dir.join(format!("{name}.json"));
    std::fs::write(&file, serde_json::to_vec(&client.get(path).await?)?)?;
    Ok(file)
}
