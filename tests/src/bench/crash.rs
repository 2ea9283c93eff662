use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::{CameraFarm, Summary, machine};
use crate::{Node, NodeOptions, recorded_aus};

/// Cameras recorded while the node is killed.
const CAMERAS: usize = 4;

/// Kills a recording node with SIGKILL `kills` times and finds out, by the numbers in the access units on disk, what each kill
/// cost: the time from the last recorded unit to the kill.
///
/// # Errors
/// When the node does not come up, or a unit is missing that no kill explains.
pub async fn crash(kills: usize) -> anyhow::Result<String> {
    let farm = CameraFarm::start(CAMERAS, 500)?;
    let dir = tempfile::tempdir()?;
    let mut ids = Vec::new();
    let mut killed_at_us = Vec::new();
    for round in 0..kills {
        let node = Node::start(dir.path(), &NodeOptions::default())?;
        let client = node.client().await?;
        if ids.is_empty() {
            for (i, url) in farm.urls().iter().enumerate() {
                ids.push(client.add_camera(&format!("Camera {i}"), json!({"type": "rtsp", "url": url})).await?);
            }
        }
        for id in &ids {
            client.await_state(id, "online").await?;
        }
        // The kill shall fall into every phase of a fragment, a sync and an index refresh.
        tokio::time::sleep(Duration::from_millis(1500 + (round as u64 * 373) % 1100)).await;
        killed_at_us.push(unix_us());
        node.kill()?;
    }
    let mut lost_ms = Vec::new();
    let mut doubled = 0;
    let mut unexplained = Vec::new();
    for id in &ids {
        let aus = recorded_aus(dir.path(), id).await?;
        for kill in &killed_at_us {
            let before = aus.iter().filter(|au| au.stamp.sent_unix_us <= *kill).map(|au| au.stamp.sent_unix_us).max();
            lost_ms.extend(before.map(|sent| (*kill - sent) as f64 / 1000.0));
        }
        for pair in aus.windows(2) {
            let (a, b) = (pair[0].stamp, pair[1].stamp);
            doubled += usize::from(a.number == b.number);
            let explained = killed_at_us.iter().any(|kill| (a.sent_unix_us..=b.sent_unix_us).contains(kill));
            if b.number > a.number + 1 && !explained {
                unexplained.push(format!("camera {id}: units {} to {} missing", a.number + 1, b.number - 1));
            }
        }
    }
    anyhow::ensure!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    let lost = Summary::of(lost_ms);
    Ok(format!(
        "{}\n\n{kills} kills of a node that records {CAMERAS} cameras (25 pictures and one keyframe a second). Footage missing \
         before the kill, in ms: median {:.0}, p99 {:.0}, most {:.0}. Units missing elsewhere: 0. Units recorded twice: {doubled}.\n",
        machine(),
        lost.median(),
        lost.quantile(0.99),
        lost.quantile(1.0),
    ))
}

#[expect(clippy::disallowed_methods, reason = "compared with the clock of the camera process")]
fn unix_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}
