use std::ffi::OsString;
use std::io::{self, BufRead as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::cutter::mend;
use crate::drill::DrillError;

/// How long a node that was told to stop may take; then it is killed, for its place is needed.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
/// Pause between looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Waits for the agent to be gone, and undoes what it did: a node that was cut off is so no more, one that was stopped goes on, one
/// that was ended is started again, by this very process. It is the dead man's switch of an agent; the agent speaks to it by standard input, which the system
/// closes when the agent is gone, however that came.
///
/// # Errors
/// When the agent cannot be heard, or what it did cannot be undone.
pub fn undo(command: &[OsString]) -> Result<(), DrillError> {
    let (mut node, mut paused, mut down) = (None, false, false);
    let mut cut = None;
    for line in io::stdin().lock().lines() {
        let line = line.map_err(DrillError::io("listening to the agent"))?;
        match line.as_str() {
            "paused" => paused = true,
            "going" => paused = false,
            "down" => down = true,
            "up" => down = false,
            "whole" => cut = None,
            "end" => return answer(),
            other if other.starts_with("cut ") => cut = other.strip_prefix("cut ").map(str::to_owned),
            other => {
                let pid = other.strip_prefix("node ").and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw);
                let pid =
                    pid.ok_or_else(|| DrillError::Refused(format!("an agent of another release says {other:?}")))?;
                // The agent waits for the answer and does not reap it meanwhile: the number is the node's.
                let fd = pidfd_open(pid, PidfdFlags::empty());
                node = Some(fd.map_err(|error| DrillError::io("watching the node")(error.into()))?);
                (paused, down) = (false, false);
            }
        }
        answer()?;
    }
    // What cannot be mended expires, and is no reason to leave the rest as it is.
    let mended = cut.map_or(Ok(()), |table| mend(&table));
    if let Some(node) = &node {
        if paused || down {
            signal(node, Signal::CONT)?;
        }
        if down {
            let mut waited = Duration::ZERO;
            while !is_gone(node) {
                if waited == STOPPED_WITHIN {
                    signal(node, Signal::KILL)?;
                }
                waited += LOOK_EVERY;
                std::thread::sleep(LOOK_EVERY);
            }
        }
    }
    match command {
        [program, args @ ..] if down => {
            // The agent's end of our output is gone; the node gets the one that errors go to.
            let output = io::stderr().as_fd().try_clone_to_owned().map_err(DrillError::io("an output for the node"))?;
            let error = Command::new(program).args(args).stdin(Stdio::null()).stdout(output).exec();
            Err(DrillError::io(format!("starting {} again", program.to_string_lossy()))(error))
        }
        _ => mended,
    }
}

fn answer() -> Result<(), DrillError> {
    let mut output = io::stdout().lock();
    writeln!(output, "ok").and_then(|()| output.flush()).map_err(DrillError::io("answering the agent"))
}

/// Signals the node; one that has ended is no error.
fn signal(node: &OwnedFd, signal: Signal) -> Result<(), DrillError> {
    match pidfd_send_signal(node, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(DrillError::io("signalling the node")(error.into())),
    }
}

/// The node's process has ended (proc(5), fdinfo of a pidfd: `Pid` is -1 then).
fn is_gone(node: &OwnedFd) -> bool {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", node.as_raw_fd()));
    info.is_ok_and(|info| info.lines().any(|line| line.split_whitespace().eq(["Pid:", "-1"])))
}
