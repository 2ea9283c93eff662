use std::ffi::OsStr;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Child, ExitStatus};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::drill::DrillError;

/// The process of a node: held, so that a signal never meets another one that got its number later.
#[derive(Debug)]
pub(super) struct Process(OwnedFd);

/// How a node's process has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Our child, with this.
    With(ExitStatus),
    /// Somebody else's.
    Somehow,
}

impl Process {
    /// The process of this number; `None` where there is none.
    pub(super) fn of(pid: u32) -> Result<Option<Self>, DrillError> {
        let Some(pid) = Pid::from_raw(pid.cast_signed()) else { return Ok(None) };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => Ok(Some(Self(fd))),
            Err(rustix::io::Errno::SRCH) => Ok(None),
            Err(error) => Err(DrillError::io("watching the node")(error.into())),
        }
    }

    /// The node whose number stands in the file `pid_file`; `None` while there is none. What is not `eyrie node` is none: the
    /// number may be an old one, and somebody else's by now.
    pub(super) fn named_in(pid_file: &Path) -> Result<Option<(u32, Self)>, DrillError> {
        let Ok(text) = std::fs::read_to_string(pid_file) else { return Ok(None) };
        let Ok(pid) = text.trim().parse() else { return Ok(None) };
        let Some(process) = Self::of(pid)? else { return Ok(None) };
        // Looked at while it is held: it is this one that we see, or it has ended.
        Ok((is_a_node(pid) && !process.is_gone()).then_some((pid, process)))
    }

    /// Signals it; one that has ended is no error.
    pub(super) fn signal(&self, signal: Signal) -> Result<(), DrillError> {
        match pidfd_send_signal(&self.0, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(DrillError::io("signalling the node")(error.into())),
        }
    }

    /// It has ended (proc(5), fdinfo of a pidfd: `Pid` is -1 then), or nobody has waited for it yet.
    pub(super) fn is_gone(&self) -> bool {
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", self.0.as_raw_fd()));
        let pid =
            info.ok().and_then(|info| Some(info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().to_owned()));
        let Some(pid) = pid.filter(|pid| pid != "-1") else { return true };
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The state comes behind the name, which may hold anything.
        stat.rsplit(')').next().is_none_or(|rest| rest.trim_start().starts_with(['Z', 'X']))
    }
}

/// How our child has ended, if it has.
pub(super) fn ended(child: &mut Child) -> Result<Option<Ended>, DrillError> {
    let status = child.try_wait().map_err(DrillError::io("waiting for the node"))?;
    Ok(status.map(Ended::With))
}

/// Its command line is that of `eyrie node`.
fn is_a_node(pid: u32) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    is_of_a_node(&line)
}

/// `line` has words that end with NUL (proc(5)).
fn is_of_a_node(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == 0);
    let program = words.next().map(|word| Path::new(OsStr::from_bytes(word)));
    program.and_then(Path::file_name).is_some_and(|name| name == "eyrie") && words.next() == Some(b"node")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_told_from_what_has_its_number_now() {
        assert!(is_of_a_node(b"/usr/bin/eyrie\0node\0--config\0x\0") && is_of_a_node(b"eyrie\0node\0"));
        for line in [
            &b""[..],
            b"sh\0",
            b"/usr/bin/eyrie\0drill\0agent\0--\0eyrie\0node\0",
            b"sleep\0node\0",
            b"eyrie-x\0node\0",
        ] {
            assert!(!is_of_a_node(line), "{}", String::from_utf8_lossy(line));
        }
        let (dir, own) = (std::env::temp_dir(), std::process::id());
        let file = dir.join(format!("eyrie-pid-{own}"));
        assert!(Process::named_in(&file).unwrap().is_none(), "no file");
        std::fs::write(&file, format!("{own}\n")).unwrap();
        assert!(Process::named_in(&file).unwrap().is_none(), "this test is no node");
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn one_that_was_killed_is_gone() {
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let process = Process::of(child.id()).unwrap().unwrap();
        assert!(!process.is_gone());
        process.signal(Signal::KILL).unwrap();
        while ended(&mut child).unwrap().is_none() {
            std::thread::yield_now();
        }
        assert!(process.is_gone());
        process.signal(Signal::KILL).unwrap();
    }
}
