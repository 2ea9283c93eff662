use eyrie_tests::eyrie;

use crate::index::IndexWatch;
use crate::rig::Drill;

#[tokio::test(flavor = "multi_thread")]
async fn power_loss_takes_the_unsynced_end_and_nothing_the_index_called_durable() -> anyhow::Result<()> {
    let drill = Drill::new(
        6,
        "probes:
  recorded_gap: {longest: 60s, unexplained: 0}
faults:
  - {at: 3s, for: 3s, power_loss: {node: follower}}
  - {at: 20s, for: 3s, power_loss: {node: leader, torn: true}}
  - {at: 40s, for: 3s, power_loss: {node: all}}
  - {at: 60s, for: 3s, power_loss: {node: all, torn: true}}",
    )
    .await?;
    let index = IndexWatch::start(&drill);
    let (passed, said, report) = drill.run().await?;
    assert!(passed, "{said}");
    let durable = index.compare(&drill)?;
    assert!(durable > 60, "the index was read while the drill ran: {durable} fragments");
    // It was power that was lost, not a process alone: of each round something is missing.
    let gaps = report["rounds"][0]["gaps"].as_array().cloned().unwrap_or_default();
    assert!(gaps.iter().any(|gap| gap["cause"] == "node_down"), "{gaps:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_or_is_slow_for_a_while_costs_no_picture() -> anyhow::Result<()> {
    let drill = Drill::new(
        6,
        "probes:
  recorded_gap: {longest: 0s, unexplained: 0}
  false_reassignments: {at_most: 0}
faults:
  - {at: 1s, for: 8s, disk_errors: {node: n1, one_in: 3}}
  - {at: 20s, for: 8s, disk_errors: {node: n1, one_in: 2, of: syncs}}
  - {at: 40s, for: 5s, disk_errors: {node: n1, one_in: 2, of: reads}}
  - {at: 50s, for: 8s, disk_slow: {node: n1, by: 700ms}}",
    )
    .await?;
    let index = IndexWatch::start(&drill);
    let (passed, said, _) = drill.run().await?;
    assert!(passed, "{said}");
    index.compare(&drill)?;
    assert!(drill.log(1)?.contains(r#""cause":"disk_error""#), "it says why");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_named_and_records_again_when_there_is_room() -> anyhow::Result<()> {
    let drill = Drill::new(
        6,
        "probes:
  recorded_gap: {longest: 60s, untouched: 0s, unexplained: 0}
  false_reassignments: {at_most: 0}
faults:
  - {at: 1s, for: 8s, disk_full: {node: n1}}
  - {at: 20s, for: 8s, disk_full: {node: n1, left: 268450000}}",
    )
    .await?;
    let (passed, said, _) = drill.run().await?;
    assert!(passed, "{said}");
    let log = drill.log(1)?;
    assert!(log.contains(r#""cause":"disk_full""#) && log.contains("256MiB must stay free"), "{log}");
    Ok(())
}

/// Raft needs its log: while most voters cannot write theirs, nothing is decided. It is a bad moment, no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_cell_decides_again_after_all_its_disks_failed_at_once() -> anyhow::Result<()> {
    let drill = Drill::new(
        6,
        "probes:
  recorded_gap: {longest: 60s, unexplained: 0}
faults:
  - {at: 1s, for: 10s, disk_errors: {node: all, one_in: 1}}
  - {at: 3s, for: 4s, pause: {node: leader}}
  - {at: 30s, for: 10s, disk_errors: {node: all, one_in: 1, of: syncs}}
  - {at: 32s, for: 4s, pause: {node: leader}}",
    )
    .await?;
    let index = IndexWatch::start(&drill);
    let (passed, said, _) = drill.run().await?;
    assert!(passed, "{said}");
    index.compare(&drill)?;
    let retried = (0..3).map(|node| drill.log(node)).collect::<anyhow::Result<Vec<_>>>()?.concat();
    assert!(retried.contains("the Raft log can be written again"), "{retried}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_a_disk_would_do() -> anyhow::Result<()> {
    let drill = Drill::new(
        6,
        "probes:
  recorded_gap: {longest: 60s}
faults:
  - {at: 0s, for: 3s, power_loss: {node: follower, torn: true}}
  - {at: 5s, for: 3s, disk_full: {node: n1, left: 200000}}
  - {at: 10s, for: 3s, disk_errors: {node: n1, one_in: 3, of: syncs}}
  - {at: 15s, for: 3s, disk_slow: {node: n1, by: 700ms}}",
    )
    .await?;
    let output =
        eyrie()?.args(["drill", "run", "--dry-run"]).arg(drill.data_dir().with_file_name("drill.yaml")).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    for line in [
        "at 0s for 3s: power_loss any node but the leader: some of what was not synced is lost",
        "at 5s for 3s: disk_full on node n1: 200000 bytes left",
        "at 10s for 3s: disk_errors on node n1: one sync in 3",
        "at 15s for 3s: disk_slow on node n1: 700ms a sync",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(output.status.success(), "{said}");
    Ok(())
}
