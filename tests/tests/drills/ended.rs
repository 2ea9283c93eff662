use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command};

use anyhow::Context as _;
use eyrie_tests::eventually;

use crate::rig::{Drill, processes_with};

/// A node is stopped for longer than anybody waits.
const LONG: &str = "probes:
  recorded_gap: {longest: 60s}
faults:
  - {at: 0s, for: 5m, pause: {node: follower}}";

/// The state of a process (proc(5)); `None` when there is none.
fn state_of(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim_start().chars().next()
}

/// Waits until a node of the drill is stopped; answers its process.
async fn await_stopped(drill: &Drill) -> anyhow::Result<u32> {
    eventually("a node is stopped", || async {
        let nodes = processes_with(&drill.data_dir()).map_err(|error| error.to_string())?;
        let stopped = nodes.iter().find(|(pid, _)| state_of(*pid) == Some('T'));
        stopped.map(|(pid, _)| *pid).ok_or_else(|| format!("{nodes:?}"))
    })
    .await
}

async fn await_nothing_left(drill: &Drill) -> anyhow::Result<()> {
    eventually("nothing of the drill is left", || async {
        let left = processes_with(&drill.data_dir()).map_err(|error| error.to_string())?;
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await
}

/// The drill's output is read to its end, or it would wait for us.
fn read(child: &mut Child) -> anyhow::Result<std::thread::JoinHandle<Vec<String>>> {
    let out = child.stdout.take().context("piped")?;
    Ok(std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).collect()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_that_is_killed_in_the_middle_of_a_fault_leaves_nothing_behind() -> anyhow::Result<()> {
    let drill = Drill::new(3, LONG).await?;
    let mut child = drill.begin()?;
    let _lines = read(&mut child)?;
    let stopped = await_stopped(&drill).await?;
    child.kill()?;
    child.wait()?;
    await_nothing_left(&drill).await?;
    // Whoever inherited it may be slow to bury it.
    let state = state_of(stopped);
    assert!(matches!(state, None | Some('Z')), "a stopped node dies, too: {state:?}");
    Ok(())
}

/// Disks are told to misbehave for longer than anybody waits.
const LONG_ON_DISKS: &str = "probes:
  recorded_gap: {longest: 60s}
faults:
  - {at: 0s, for: 5m, disk_slow: {node: all, by: 20s}}
  - {at: 1s, for: 5m, pause: {node: follower}}";

#[tokio::test(flavor = "multi_thread")]
async fn disks_that_misbehave_end_with_a_drill_that_is_killed_and_leave_no_mount() -> anyhow::Result<()> {
    let drill = Drill::new(3, LONG_ON_DISKS).await?;
    let mut child = drill.begin()?;
    let _lines = read(&mut child)?;
    await_stopped(&drill).await?;
    let mounts = || std::fs::read_to_string("/proc/self/mounts");
    assert!(!mounts()?.contains("eyrie-drill"), "nobody else sees the mount");
    let disks = processes_with(&drill.data_dir())?;
    let disks: Vec<_> = disks.iter().filter(|(_, line)| line.contains("drill disk")).map(|(pid, _)| *pid).collect();
    assert_eq!(disks.len(), 3, "one a node");
    child.kill()?;
    child.wait()?;
    await_nothing_left(&drill).await?;
    for disk in disks {
        let state = state_of(disk);
        assert!(matches!(state, None | Some('Z')), "{state:?}");
    }
    // What was handed through is an ordinary directory still, and can be removed.
    std::fs::remove_dir_all(drill.data_dir())?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_that_is_told_to_stop_ends_its_faults_and_says_that_it_was_broken_off() -> anyhow::Result<()> {
    let drill = Drill::new(3, LONG).await?;
    let mut child = drill.begin()?;
    let lines = read(&mut child)?;
    await_stopped(&drill).await?;
    let told = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status()?;
    assert!(told.success(), "{told}");
    let status = tokio::task::spawn_blocking(move || child.wait()).await??;
    let said = lines.join().map_err(|_| anyhow::anyhow!("the reader panicked"))?.join("\n");
    assert!(
        !status.success() && said.contains("aborted") && said.contains("broken off: it was told to stop"),
        "{said}"
    );
    await_nothing_left(&drill).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_drill_at_once_is_refused_and_named_the_first() -> anyhow::Result<()> {
    let drill = Drill::new(3, LONG).await?;
    let mut first = drill.begin()?;
    let _lines = read(&mut first)?;
    await_stopped(&drill).await?;
    let other = tempfile::tempdir()?;
    let second = drill.begin_in(other.path())?;
    let second = tokio::task::spawn_blocking(|| second.wait_with_output()).await??;
    let said = String::from_utf8_lossy(&second.stdout);
    assert!(second.status.code() == Some(4) && said.contains("drill tested is being run"), "{said}");
    let left = processes_with(other.path())?;
    assert!(left.is_empty(), "nothing of it was started: {left:?}");
    first.kill()?;
    first.wait()?;
    await_nothing_left(&drill).await
}
