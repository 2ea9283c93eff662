use std::ffi::OsString;
use std::io::{self, BufRead as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use super::cutter::mend;
use super::node::tell;
use super::process::Process;
use crate::drill::DrillError;

/// How long a node that was told to stop may take; then it is killed, for its place is needed.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
/// Pause between looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Waits for the agent to be gone, and undoes what it did: a node that was cut off is so no more, one that was stopped goes on, one
/// that was ended is started again: by this very process, or with the line `start` for the shell where an agent stands beside. It
/// is the dead man's switch of an agent; the agent speaks to it by standard input, which the system closes when the agent is gone,
/// however that came.
///
/// # Errors
/// When the agent cannot be heard, or what it did cannot be undone.
pub fn undo(command: &[OsString], start: Option<&str>) -> Result<(), DrillError> {
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
                let pid = other.strip_prefix("node ").and_then(|pid| pid.parse().ok());
                let pid =
                    pid.ok_or_else(|| DrillError::Refused(format!("an agent of another release says {other:?}")))?;
                // The agent holds it and waits for the answer: the number is the node's, or nobody's.
                node = Process::of(pid)?;
                (paused, down) = (false, false);
            }
        }
        answer()?;
    }
    // What cannot be mended expires, and is no reason to leave the rest as it is.
    let mended = cut.map_or(Ok(()), |table| mend(&table));
    if let Some(node) = &node {
        if paused || down {
            node.signal(Signal::CONT)?;
        }
        if down {
            let mut waited = Duration::ZERO;
            while !node.is_gone() {
                if waited == STOPPED_WITHIN {
                    node.signal(Signal::KILL)?;
                }
                waited += LOOK_EVERY;
                std::thread::sleep(LOOK_EVERY);
            }
        }
    }
    match (start, command) {
        (Some(start), _) if down => {
            tell(start)?.wait().map_err(DrillError::io("having the node started again"))?;
            mended
        }
        (None, [program, args @ ..]) if down => {
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
