use std::path::{Path, PathBuf};

use anyhow::Context as _;
use eyrie_storage::segment::{SegmentReader, walk};
use eyrie_tests::eventually;
use serde_json::Value;

use crate::rig::Drill;

/// The check of a measure.
fn check<'a>(report: &'a Value, measure: &str) -> anyhow::Result<&'a Value> {
    let checks = report["checks"].as_array().context("no checks")?;
    checks.iter().find(|check| check["measure"] == measure).with_context(|| format!("no {measure} in {checks:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn live_pictures_playback_and_index_are_measured_while_and_after_a_node_dies() -> anyhow::Result<()> {
    let drill = Drill::new(
        3,
        "probes:
  recorded_gap: {longest: 60s, doubled: 0}
  live: {outage: 60s}
  playback: {every: 1s, range: 5s, success: 20%, p99: 30s}
  index_matches_disk: {at_most: 0}
faults:
  - {at: 15s, for: 5s, kill: {node: follower}}
  - {at: 25s, for: 4s, camera_alternate_clip: {cameras: all}}
  - {at: 35s, camera_close: {cameras: all}}",
    )
    .await?;
    let (passed, said, report) = drill.run().await?;
    assert!(passed, "{said}");
    // 176 by 144 pixels, as the other clip has.
    let mut files = (0..3).flat_map(|node| walk(drill.data_dir().join(format!("n{node}/recordings")))).flatten();
    let changed = files.any(|file| {
        let init = SegmentReader::open(file.path, None).and_then(|reader| reader.init());
        init.is_ok_and(|init| init.windows(4).any(|size| size == [0, 176, 0, 144]))
    });
    assert!(changed, "cameras showed something else: {said}");
    for measure in ["units_doubled", "live_outage", "playback_success", "playback_p99", "index_differences"] {
        let check = check(&report, measure)?;
        assert!(check["measured"].is_u64(), "{check}");
    }
    let played = check(&report, "playback_success")?["worst"].as_str().unwrap_or_default().to_owned();
    let (_, ranges) = played.split_once(" of ").context("no count")?;
    assert!(!ranges.starts_with('0'), "ranges were played: {played}");
    Ok(())
}

/// A recording that is being written.
fn recording(recordings: &Path) -> Option<PathBuf> {
    let mut dirs = vec![recordings.to_owned()];
    while let Some(dir) = dirs.pop() {
        let Ok(entries) = std::fs::read_dir(dir) else { continue };
        let (below, files): (Vec<_>, Vec<_>) =
            entries.filter_map(Result::ok).map(|entry| entry.path()).partition(|path| path.is_dir());
        let is_recording = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "mp4");
        if let Some(found) = files.into_iter().find(is_recording) {
            return Some(found);
        }
        dirs.extend(below);
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn each_probe_fails_a_drill_for_its_own_reason() -> anyhow::Result<()> {
    let drill = Drill::new(
        3,
        "probes:
  live: {age: 0s, outage: 0s}
  playback: {every: 1s, range: 2s, success: 1%, p99: 0s}
  index_matches_disk: {}
faults:
  - {at: 20s, for: 2s, pause: {node: follower}}",
    )
    .await?;
    let child = drill.begin()?;
    // Behind the cell's back: a file goes that the index will know, for its writer has it open and notices nothing.
    let nodes = (0..3).map(|node| drill.data_dir().join(format!("n{node}/recordings"))).collect::<Vec<_>>();
    let gone = eventually("a file that is written", || async {
        nodes.iter().find_map(|node| recording(node)).ok_or_else(|| "none yet".to_owned())
    })
    .await?;
    std::fs::remove_file(&gone)?;
    let (passed, said, report) = drill.end(child).await?;
    assert!(!passed, "{said}");
    let reasons: Vec<_> =
        report["verdict"]["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let about = |text: &str| reasons.iter().any(|reason| reason.contains(text));
    assert!(about("longest time without fresh live pictures: at most 0"), "{reasons:?}");
    assert!(about("time to answer playback, p99: at most 0"), "{reasons:?}");
    assert!(about("fragments of which index and disk differ: at most 0") && about("not on disk"), "{reasons:?}");
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    Ok(())
}
