use anyhow::ensure;
use eyrie_camsim::{ClipSpec, Fault, StreamConfig};
use eyrie_tests::{Node, eventually, eyrie, recorded_aus_in};
use eyrie_types::WallTime;

use crate::disk::{SmallDisk, may_mount};
use crate::footage::holes;
use crate::support::{Stage, causes, clip, segment_files};

/// How often the disk is filled over.
const FILLS: u64 = 3;
/// What the node leaves free of it for the rest of the system.
const RESERVE_MIB: u32 = 256;
/// What recordings may take.
const USABLE_MIB: u32 = 24;

#[tokio::test(flavor = "multi_thread")]
async fn recording_goes_on_for_several_times_the_disk_and_only_the_oldest_goes() -> anyhow::Result<()> {
    if !may_mount("retention::recording_goes_on_for_several_times_the_disk_and_only_the_oldest_goes").await? {
        return Ok(());
    }
    let mount = tempfile::tempdir()?;
    let disk = SmallDisk::mount(&mount.path().join("recordings"), RESERVE_MIB + USABLE_MIB)?;
    // 1 MB a second; every few seconds the picture changes its size, which begins another segment.
    let large = ClipSpec { width: 1280, height: 720, bitrate_kbps: 8000, ..clip() };
    let mut stream = StreamConfig::new("door", large.clone());
    stream.alternate = Some(ClipSpec { width: 960, height: 540, ..large });
    let stage = Stage::set(vec![stream], disk.options()).await?;
    let id = stage.add_online("door").await?;
    let enough = ((FILLS * u64::from(USABLE_MIB)) << 20) as f64;
    for round in 0u64.. {
        let written = stage.metric("eyrie_recording_bytes_total").await?;
        if written >= enough {
            break;
        }
        if round.is_multiple_of(2) {
            stage.cameras.set_fault("door", Fault::AlternateClip)?;
        } else {
            stage.cameras.clear_fault("door")?;
        }
        let more = written + f64::from(USABLE_MIB << 20) / 8.0;
        eventually("an eighth of the disk is written", || async {
            let now = stage.metric("eyrie_recording_bytes_total").await.map_err(|error| error.to_string())?;
            if now >= more { Ok(()) } else { Err(format!("{now} of {more}")) }
        })
        .await?;
    }
    let ledger = stage.ledger(&id).await?;
    ensure!(!causes(&ledger).contains("disk_full"), "{ledger}");
    ensure!(ledger["missing_s"].as_f64() < Some(10.0), "only the start is missing: {ledger}");
    ensure!(ledger["deleted_s"].as_f64() > Some(10.0), "what was deleted is told as such: {ledger}");
    let days = stage.client.get(&format!("/api/v1/cameras/{id}/ledger")).await?;
    ensure!(days["total"]["deleted_s"].as_f64() > Some(10.0), "{days}");
    let timeline = stage.client.get(&format!("/api/v1/cameras/{id}/timeline")).await?;
    let kinds: Vec<_> = timeline["items"].as_array().into_iter().flatten().filter_map(|i| i["kind"].as_str()).collect();
    ensure!(kinds.contains(&"deleted") && kinds.last() == Some(&"recorded"), "{timeline}");
    let audit = stage.client.get("/api/v1/audit?limit=1000").await?;
    ensure!(audit.to_string().contains("recording.delete"), "{audit}");

    let node = stage.client.get("/api/v1/node").await?;
    let told = &node["recordings"];
    let bytes = told["bytes"].as_u64().unwrap_or_default();
    ensure!((1 << 20..=u64::from(USABLE_MIB) << 20).contains(&bytes), "no more than there is room for: {told}");
    ensure!(told["oldest"].is_string() && told["when_full"] == "delete_oldest", "{told}");
    let days = |name: &str| told[name].as_f64().unwrap_or(f64::MAX);
    ensure!(days("days_left") <= days("days_kept") && days("days_kept") < 0.01, "some seconds are kept: {told}");

    // A power cut in the midst of it: the first file that goes is most often one of several.
    let before = segment_files(&disk.0);
    eventually("a file is deleted", || async {
        if before.iter().all(|file| file.exists()) { Err("all are there".to_owned()) } else { Ok(()) }
    })
    .await?;
    let Stage { node, dir, cameras, .. } = stage;
    node.kill()?;
    let node = Node::start(dir.path(), &disk.options())?;
    let client = node.client().await?;
    client.await_state(&id, "online").await?;
    let now: WallTime = client.get("/api/v1/node").await?["now"].as_str().unwrap_or_default().parse()?;
    eventually("recording goes on", || async {
        let path = format!("/api/v1/cameras/{id}/recordings");
        let footage = client.get(&path).await.map_err(|error| error.to_string())?;
        let last = footage["spans"].as_array().and_then(|spans| spans.last()?["end"].as_str()?.parse().ok());
        if last.is_some_and(|end: WallTime| end > now) { Ok(()) } else { Err(footage.to_string()) }
    })
    .await?;
    node.stop()?;
    drop(cameras);
    let check = eyrie()?
        .args(["recordings", "check", "--data-dir"])
        .arg(dir.path())
        .arg("--config")
        .arg(dir.path().join("eyrie.toml"))
        .output()?;
    let told = String::from_utf8_lossy(&check.stdout);
    ensure!(check.status.success() && told.contains(", 0 findings"), "index and disk agree: {told}");
    let aus = recorded_aus_in(&disk.0, dir.path(), &id).await?;
    // One hole: where the node was killed.
    ensure!(aus.len() > 200 && holes(&aus).len() <= 1, "of {} pictures are missing: {:?}", aus.len(), holes(&aus));
    Ok(())
}
