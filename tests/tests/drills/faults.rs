use serde_json::Value;

use crate::rig::Drill;

fn faults_of(report: &Value) -> Vec<&Value> {
    report["rounds"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|round| round["faults"].as_array().into_iter().flatten())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_processes_network_store_and_cameras_are_done_and_end() -> anyhow::Result<()> {
    let drill = Drill::new(
        6,
        "probes:
  recorded_gap: {longest: 60s}
  api: {success: 90%, except: 5s}
faults:
  - {at: 0s, for: 4s, kill: {node: follower}}
  - {at: 14s, for: 3s, pause: {node: follower}}
  - {at: 24s, for: 4s, silent_death: {node: follower}}
  - {at: 38s, for: 4s, partition: {node: follower, from: peers}}
  - {at: 50s, for: 4s, partition: {node: follower, from: peers, way: out}}
  - {at: 62s, for: 4s, partition: {node: follower, from: peers, flapping: {cut: 500ms, whole: 500ms}}}
  - {at: 74s, for: 3s, store_pause: {}}
  - {at: 80s, for: 3s, cpu_pressure: {node: all, share: 100%}}
  - {at: 84s, camera_close: {cameras: all, reset: true}}",
    )
    .await?;
    let (passed, said, report) = drill.run().await?;
    assert!(passed, "{said}");
    let faults = faults_of(&report);
    assert_eq!(faults.len(), 9, "{faults:?}");
    for fault in &faults {
        assert!(fault["ended_ms"].is_u64() && fault["cut_short"] == false, "{fault}");
    }
    // What they cost was seen: the killed node's cameras miss something, and the cell said that it was dead.
    let round = &report["rounds"][0];
    assert!(round["gaps"].as_array().is_some_and(|gaps| gaps.iter().any(|gap| gap["touched"] == true)), "{round}");
    let marks = round["marks"].to_string();
    assert!(marks.contains("is held to be dead"), "{marks}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_network_namespaces_proxies_cut_hold_and_slow_the_ways_between_nodes() -> anyhow::Result<()> {
    let drill = Drill::new(
        6,
        "probes:
  recorded_gap: {longest: 60s}
  api: {success: 90%, except: 5s}
faults:
  - {at: 0s, for: 5s, partition: {node: follower, from: peers}}
  - {at: 16s, for: 4s, partition: {node: follower, from: peers, way: out}}
  - {at: 30s, for: 4s, silent_death: {node: follower}}
  - {at: 44s, for: 5s, latency: {node: n1, by: 80ms}}",
    )
    .await?;
    let (passed, said, report) = drill.run_with(&["--loopback"]).await?;
    assert!(passed, "{said}");
    assert_eq!(faults_of(&report).len(), 4, "{report}");
    let round = &report["rounds"][0];
    // The others have heard nothing of a node that runs, and of one that died silently.
    let held = |mark: &&Value| mark["text"].as_str().is_some_and(|text| text.ends_with("is held to be dead"));
    let held = round["marks"].as_array().map_or(0, |marks| marks.iter().filter(held).count());
    assert!(held >= 2, "{}", round["marks"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_proxy_cannot_do_is_refused_without_network_namespaces() -> anyhow::Result<()> {
    let drill = Drill::new(
        3,
        "probes:
  recorded_gap: {longest: 60s}
faults:
  - {at: 0s, for: 4s, packet_loss: {node: n1, share: 1%}}",
    )
    .await?;
    let output = drill.begin_told(&["--loopback"])?.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("needs network namespaces"), "{said}");
    Ok(())
}

/// The slowest answer of the API, in milliseconds.
fn slowest_answer(report: &Value) -> u64 {
    let all = report["distributions"].as_array().map_or(&[][..], Vec::as_slice);
    let answers = all.iter().find(|distribution| distribution["name"] == "API answer");
    answers.and_then(|answers| answers["max_ms"].as_u64()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_of_a_node_are_late_and_lost_and_it_is_not_given_up() -> anyhow::Result<()> {
    let drill = Drill::new(
        6,
        "probes:
  recorded_gap: {longest: 0s, unexplained: 0}
  api: {success: 99%, except: 1s}
  false_reassignments: {at_most: 0}
faults:
  - {at: 1s, for: 8s, latency: {node: n1, by: 80ms, jitter: 20ms}}
  - {at: 15s, for: 8s, packet_loss: {node: n1, share: 1%}}
  - {at: 30s, for: 5s, latency: {node: all, by: 20ms}}",
    )
    .await?;
    let (passed, said, report) = drill.run().await?;
    assert!(passed, "{said}");
    assert!(slowest_answer(&report) >= 160, "there and back: {report}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_answers_with_errors_and_a_redis_that_is_away_cost_no_picture() -> anyhow::Result<()> {
    let drill = Drill::on(
        "nodes: 3, cameras: 6, redis: true",
        "probes:
  recorded_gap: {longest: 0s, unexplained: 0}
  false_reassignments: {at_most: 0}
faults:
  - {at: 1s, for: 5s, store_errors: }
  - {at: 12s, for: 5s, redis_stop: }
  - {at: 22s, for: 5s, redis_pause: }
  - {at: 32s, for: 5s, redis_errors: }",
    )
    .await?;
    let (passed, said, report) = drill.run().await?;
    assert!(passed, "{said}");
    assert_eq!(faults_of(&report).len(), 4, "{report}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_wall_clock_and_short_memory_cost_no_picture() -> anyhow::Result<()> {
    let drill = Drill::new(
        6,
        "probes:
  recorded_gap: {longest: 0s}
  false_reassignments: {at_most: 0}
faults:
  - {at: 1s, for: 10s, clock_step: {node: n1, by: 1h}}
  - {at: 20s, for: 10s, clock_step: {node: n1, by: -1h}}
  - {at: 40s, for: 5s, memory_pressure: {node: all, share: 5%}}",
    )
    .await?;
    let (passed, said, _) = drill.run().await?;
    assert!(passed, "{said}");
    // The others have seen it, and say so.
    let log = drill.log(0)?;
    assert!(log.contains("the wall clock of a node is not this one's"), "{log}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_is_restarted_node_by_node_and_all_at_once() -> anyhow::Result<()> {
    let drill = Drill::new(
        6,
        "probes:
  recorded_gap: {longest: 60s}
faults:
  - {at: 0s, for: 2m, rolling_restart: {with: stop}}
  - {at: 3m, for: 1s, restart_all: {with: kill}}",
    )
    .await?;
    let (passed, said, report) = drill.run().await?;
    assert!(passed, "{said}");
    assert_eq!(faults_of(&report).len(), 2, "{report}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_hypothesis_fails_for_its_reason() -> anyhow::Result<()> {
    let drill = Drill::new(
        6,
        "probes:
  recorded_gap: {longest: 0s}
faults:
  - {at: 0s, for: 4s, kill: {node: any}}",
    )
    .await?;
    let (passed, said, report) = drill.run().await?;
    assert!(!passed, "nobody can record what a dead node had in memory: {said}");
    assert_eq!(report["verdict"]["outcome"], "failed", "{report}");
    let reasons = report["verdict"]["reasons"].as_array().cloned().unwrap_or_default();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(
        reasons[0].as_str().is_some_and(|text| text.starts_with("longest gap of a camera: at most 0")),
        "{reasons:?}"
    );
    let check = &report["checks"][0];
    assert!(check["held"] == false && check["measured"].as_u64().is_some_and(|ms| ms > 0), "{check}");
    Ok(())
}
