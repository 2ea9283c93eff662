use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use eyrie_cassandra::Cassandra;
use eyrie_tests::eyrie;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

/// One drill at a time: a machine with two cores is slow to hear six nodes, and would hold live ones to be dead.
static TURN: Mutex<()> = Mutex::const_new(());

/// A drill file and where its data goes.
pub(crate) struct Drill {
    dir: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Drill {
    /// A drill on three nodes and `cameras` cameras, with this in its file besides.
    pub(crate) async fn new(cameras: u32, more: &str) -> anyhow::Result<Self> {
        Self::on(&format!("nodes: 3, cameras: {cameras}"), more).await
    }

    /// A drill on a local cell of this sort, with this in its file besides.
    pub(crate) async fn on(cell: &str, more: &str) -> anyhow::Result<Self> {
        let turn = TURN.lock().await;
        let dir = tempfile::tempdir()?;
        let text = format!(
            "drill: tested\nhypothesis: what the test says\ntarget:\n  local: {{{cell}}}\n\
             settle: {{held: 1s, within: 90s}}\nrecover: 60s\nblast_radius: {{nodes: 3, cameras: all, shared: [store{}]}}\n\
             guardrails: {{longest: 30m}}\n{more}\n",
            if cell.contains("redis") { ", redis" } else { "" }
        );
        std::fs::write(dir.path().join("drill.yaml"), text)?;
        Ok(Self { dir, _turn: turn })
    }

    /// Where its nodes keep their data.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// What a node has said.
    pub(crate) fn log(&self, node: usize) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.data_dir().join(format!("n{node}/node.log")))?)
    }

    /// Begins it.
    pub(crate) fn begin(&self) -> anyhow::Result<Child> {
        self.begin_in(&self.data_dir())
    }

    /// Begins it with its nodes' data elsewhere: a second one of the same file.
    pub(crate) fn begin_in(&self, data_dir: &Path) -> anyhow::Result<Child> {
        self.begin_with(data_dir, &[])
    }

    /// Runs it to its end, told this besides. Answers as [`Drill::run`].
    pub(crate) async fn run_with(&self, more: &[&str]) -> anyhow::Result<(bool, String, Value)> {
        self.end(self.begin_told(more)?).await
    }

    /// Begins it, told this besides.
    pub(crate) fn begin_told(&self, more: &[&str]) -> anyhow::Result<Child> {
        self.begin_with(&self.data_dir(), more)
    }

    fn begin_with(&self, data_dir: &Path, more: &[&str]) -> anyhow::Result<Child> {
        let mut command = eyrie()?;
        // Of the drill alone: a node that saw it would not start.
        command.env("EYRIE_NOBODY_KNOWS_THIS", "1");
        command.args(["drill", "run", "--seed", "7", "--store", &Cassandra::shared().contact_point(), "--data-dir"]);
        command.arg(data_dir).args(more).arg("--report").arg(self.dir.path()).arg(self.dir.path().join("drill.yaml"));
        Ok(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
    }

    /// Runs it to its end. Answers whether it passed, what it printed, and its report.
    pub(crate) async fn run(&self) -> anyhow::Result<(bool, String, Value)> {
        self.end(self.begin()?).await
    }

    /// Waits for its end. Answers as [`Drill::run`].
    pub(crate) async fn end(&self, child: Child) -> anyhow::Result<(bool, String, Value)> {
        let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await??;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("{said}");
        let report = std::fs::read(self.dir.path().join("tested.json"));
        let report = report.map_err(|error| anyhow::anyhow!("no report: {error}; it said: {said}"))?;
        Ok((output.status.success(), said, serde_json::from_slice(&report)?))
    }
}

/// Processes of this machine that have `path` in their command line.
pub(crate) fn processes_with(path: &Path) -> anyhow::Result<Vec<(u32, String)>> {
    let wanted = path.display().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")?.filter_map(Result::ok) {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process that has just ended has none.
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(&wanted) {
            found.push((pid, line));
        }
    }
    Ok(found)
}
