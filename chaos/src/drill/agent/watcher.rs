use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::means::Means;
use crate::drill::DrillError;

/// The agent's end of the process that undoes what it did: [`undo`](super::undo). It is told beforehand what is going to be done,
/// and says that it has heard, so that there is no moment in which nobody knows how to undo something.
pub(super) struct Watcher {
    child: Child,
    said: ChildStdin,
    heard: BufReader<ChildStdout>,
}

impl Watcher {
    /// Starts it. `means` are those of the node.
    pub(super) fn start(eyrie: &Path, means: &Means) -> Result<Self, DrillError> {
        let mut watcher = Command::new(eyrie);
        watcher.args(["drill", "undo"]).args(means.undo_args()).stdin(Stdio::piped()).stdout(Stdio::piped());
        // What is sent to the agent's group from a terminal is not meant for it.
        watcher.process_group(0);
        let what = "starting the process that undoes what the agent does";
        let mut child = watcher.spawn().map_err(DrillError::io(what))?;
        let gone = || DrillError::Refused(format!("{what}: it has no pipes"));
        let said = child.stdin.take().ok_or_else(gone)?;
        let heard = BufReader::new(child.stdout.take().ok_or_else(gone)?);
        Ok(Self { child, said, heard })
    }

    /// The node has this process from now on.
    pub(super) fn node(&mut self, pid: u32) -> Result<(), DrillError> {
        self.tell(&format!("node {pid}"))
    }

    /// The node is going to be stopped, or goes on.
    pub(super) fn paused(&mut self, paused: bool) -> Result<(), DrillError> {
        self.tell(if paused { "paused" } else { "going" })
    }

    /// The node is going to be ended, and is to be started again, or that is done.
    pub(super) fn down(&mut self, down: bool) -> Result<(), DrillError> {
        self.tell(if down { "down" } else { "up" })
    }

    /// Packets are going to be lost by the rules of this table, or are no longer.
    pub(super) fn cut(&mut self, table: Option<&str>) -> Result<(), DrillError> {
        self.tell(&table.map_or_else(|| "whole".to_owned(), |table| format!("cut {table}")))
    }

    /// The agent ends, and has undone everything itself.
    pub(super) fn end(mut self) {
        // One that is gone already has nothing to do either.
        let _ = self.tell("end");
        let _ = self.child.wait();
    }

    fn tell(&mut self, what: &str) -> Result<(), DrillError> {
        let mut tell = || -> io::Result<()> {
            writeln!(self.said, "{what}")?;
            self.said.flush()?;
            let mut line = String::new();
            self.heard.read_line(&mut line)?;
            if line.trim() == "ok" { Ok(()) } else { Err(io::Error::other(format!("it says {:?}", line.trim()))) }
        };
        tell().map_err(DrillError::io("the process that undoes what the agent does"))
    }
}
