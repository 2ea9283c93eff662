use std::ffi::OsString;
use std::io;
use std::net::IpAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::disk_layer::DiskLayer;
use super::false_clock::FalseClock;
use super::launcher::{Launcher, Place, dies_with_us};
use crate::drill::DrillError;

/// How often a process is looked at that is to end.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Lines of a log in an error.
const TAIL_LINES: usize = 20;

/// How a node is started.
#[derive(Debug)]
pub(super) struct NodeSetup<'a> {
    pub(super) eyrie: &'a Path,
    /// Where its files are for us.
    pub(super) files: &'a Path,
    /// The disk through which it sees them, if that is not the machine's own.
    pub(super) layer: Option<&'a DiskLayer>,
    /// Its wall clock, if that is not the machine's.
    pub(super) clock: Option<&'a FalseClock>,
    pub(super) address: IpAddr,
    pub(super) toml: &'a str,
    pub(super) password: &'a str,
}

/// The port of a node's API, and of its listener for peers: each node has an address of its own.
pub(super) const HTTP_PORT: u16 = 8080;
pub(super) const PEER_PORT: u16 = 7443;

/// A running `eyrie node`. Killed when dropped, and when the drill is gone.
#[derive(Debug)]
pub(crate) struct NodeProcess {
    name: String,
    child: Child,
    log: PathBuf,
}

impl NodeProcess {
    /// Begins it; it is not up yet.
    pub(super) fn start(
        launcher: &Launcher,
        place: &Place,
        name: &str,
        setup: &NodeSetup<'_>,
    ) -> Result<Self, DrillError> {
        let NodeSetup { eyrie, files, layer, clock, address, toml, password } = setup;
        let config = files.join("eyrie.toml");
        let made = std::fs::create_dir_all(files).and_then(|()| std::fs::write(&config, toml));
        made.map_err(DrillError::io(format!("writing {}", config.display())))?;
        let log = files.join("node.log");
        let opened = std::fs::File::options().create(true).append(true).open(&log);
        let file = opened.map_err(DrillError::io(format!("writing {}", log.display())))?;
        let mut words: Vec<OsString> = Vec::new();
        if let Some(layer) = layer {
            words.extend(["nsenter".into(), format!("--mount={}", layer.namespace()).into(), "--".into()]);
        }
        if let Some(clock) = clock {
            words.push("env".into());
            words.extend(clock.environment());
        }
        words.push(eyrie.into());
        let mut command = dies_with_us(&words[0]);
        command.args(&words[1..]);
        let data_dir = layer.map_or(*files, DiskLayer::mounted);
        // What is set for the drill is not meant for its nodes.
        for (variable, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("EYRIE_")) {
            command.env_remove(variable);
        }
        command.args(["node", "--http", &format!("{address}:{HTTP_PORT}"), "--data-dir"]).arg(data_dir);
        command.arg("--config").arg(&config).env("EYRIE_ADMIN_PASSWORD", password);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        Ok(Self { name: name.to_owned(), child: launcher.spawn(command, place)?, log })
    }

    /// Its number: what starts it becomes it.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal. One that has ended already is no error.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), DrillError> {
        // It is our child and was not waited for, so the number is its own.
        let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) else { return Ok(()) };
        match kill_process(pid, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(DrillError::io(format!("signalling {}", self.name))(error.into())),
        }
    }

    /// It ended by itself: how.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Kills it, as a power switch would.
    pub(crate) fn kill(mut self) -> Result<(), DrillError> {
        let killed = self.child.kill().and_then(|()| self.child.wait());
        killed.map(drop).map_err(DrillError::io(format!("killing {}", self.name)))
    }

    /// Waits until it has ended after a SIGTERM, at most `patience`; then it is killed, and that is an error.
    pub(crate) async fn end(mut self, patience: Duration) -> Result<(), DrillError> {
        self.signal(Signal::TERM)?;
        let ended = async {
            loop {
                match self.child.try_wait() {
                    Ok(None) => tokio::time::sleep(LOOK_EVERY).await,
                    Ok(Some(status)) => return Ok(status),
                    Err(error) => return Err(error),
                }
            }
        };
        let what = match tokio::time::timeout(patience, ended).await {
            Ok(Ok(status)) if status.success() => return Ok(()),
            Ok(Ok(status)) => how(status),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("did not stop within {patience:?}"),
        };
        Err(self.failure(what))
    }

    /// What it did, with the end of its log.
    pub(crate) fn failure(&self, what: impl Into<String>) -> DrillError {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
        DrillError::Node { node: self.name.clone(), what: what.into(), log: self.log.clone(), tail }
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        // One that has ended is fine.
        let _: io::Result<()> = self.child.kill().and_then(|()| self.child.wait().map(drop));
    }
}

/// How a process ended, for people.
pub(crate) fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
