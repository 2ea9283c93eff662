use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use eyrie_types::{CameraId, Clock as _, SystemClock, WallTime};
use serde_json::Value;

use super::answers::{text, timed};
use super::footage_index::touch_days;
use super::moments::Moments;
use super::{Summary, machine};
use crate::{Client, Node, NodeOptions};

/// The ranges asked for, and how often.
const RANGES: [(&str, u64, usize); 5] = [
    ("year", 365 * 86_400, 50),
    ("30 days", 30 * 86_400, 100),
    ("2 days", 2 * 86_400, 100),
    ("day", 86_400, 200),
    ("hour", 3600, 200),
];
/// How long the node may take to look through the index after its start.
const LOOK_THROUGH_MAX: Duration = Duration::from_secs(600);

/// How long the timeline of a camera-year and of parts of it takes, over HTTP, for each data directory that
/// [`make_footage_index`](super::make_footage_index) made.
///
/// # Errors
/// When a node does not come up or answers anything but success.
pub async fn timeline(dirs: &[&Path]) -> anyhow::Result<String> {
    let mut table = format!(
        "{}\n\nIn ms. *First* is the first look at a year after a change of all its days, of each camera once; the others are at random \
         moments, after it.\n\n| segments | cameras | index | year, first | year | 30 days | 2 days | day | hour |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        machine()
    );
    for dir in dirs {
        table.push_str(&row(dir).await?);
    }
    Ok(table)
}

async fn row(dir: &Path) -> anyhow::Result<String> {
    let about: Value = serde_json::from_slice(&std::fs::read(dir.join("about.json"))?)?;
    let moment = |name: &str| -> anyhow::Result<WallTime> { Ok(about[name].as_str().context("about.json")?.parse()?) };
    let (from, to) = (moment("from")?, moment("to")?);
    let rows = about["rows"].as_u64().context("about.json")?;
    let cameras: Vec<&str> =
        about["cameras"].as_array().context("about.json")?.iter().filter_map(Value::as_str).collect();
    let megabytes = std::fs::metadata(dir.join("metadata.sqlite"))?.len() as f64 / 1e6;
    let ids: Vec<CameraId> = cameras.iter().map(|camera| camera.parse()).collect::<Result<_, _>>()?;
    touch_days(dir, &ids, from).await?;
    let node = Node::start(dir, &NodeOptions::default())?;
    let client = node.client().await?;
    looked_through(&client).await?;
    let path =
        |camera: &str, from: WallTime, to: WallTime| format!("/api/v1/cameras/{camera}/timeline?from={from}&to={to}");
    let mut first = Vec::new();
    for camera in &cameras {
        first.push(timed(&client, &path(camera, from, to)).await?.0);
    }
    let mut columns = vec![format!("{:.0}", Summary::of(first))];
    let mut moments = Moments::new(1);
    for (_, seconds, times) in RANGES {
        let room_us = to.signed_us_since(from) as u64 - seconds * 1_000_000;
        let mut took = Vec::new();
        for number in 0..times {
            let start = from.offset_us(moments.below(room_us + 1) as i64);
            let asked = path(cameras[number % cameras.len()], start, start + Duration::from_secs(seconds));
            took.push(timed(&client, &asked).await?.0);
        }
        let took = Summary::of(took);
        columns.push(format!("{:.1}, p95 {:.1}", took.median(), took.quantile(0.95)));
    }
    node.stop()?;
    let layout = if about["layout"] == "dense" { "1".to_owned() } else { format!("{}", rows.div_ceil(8760)) };
    Ok(format!("| {rows} | {layout} | {megabytes:.0} MB | {} |\n", columns.join(" | ")))
}

/// Waits until retention has looked through the index, which it does once after each start.
async fn looked_through(client: &Client) -> anyhow::Result<()> {
    let clock = SystemClock::new();
    let begun = clock.monotonic();
    while clock.monotonic().since(begun) < LOOK_THROUGH_MAX {
        if text(client, "/metrics").await?.lines().any(|line| line.starts_with("eyrie_recordings_bytes ")) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    anyhow::bail!("the index was not looked through within {LOOK_THROUGH_MAX:?}")
}
