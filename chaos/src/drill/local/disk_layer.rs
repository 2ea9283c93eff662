use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::launcher::{Launcher, Place, dies_with_us};
use crate::drill::DrillError;
use crate::drill::disk::{Answer, Order};

/// A disk that can be told to misbehave, below one node: a process with a mount namespace of its own, which the node is started
/// into. Nobody else sees the mount, and it is gone with the processes in it. Killed when dropped, and when the drill is gone.
#[derive(Debug)]
pub(super) struct DiskLayer {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    mounted: PathBuf,
}

impl DiskLayer {
    /// Lays one over `DIRECTORY/NAME`.
    pub(super) fn start(
        launcher: &Launcher,
        place: &Place,
        eyrie: &Path,
        directory: &Path,
        name: &str,
        seed: u64,
    ) -> Result<Self, DrillError> {
        let (of, mounted) = (directory.join(name), directory.join("disks").join(name));
        let made = std::fs::create_dir_all(&of).and_then(|()| std::fs::create_dir_all(&mounted));
        made.map_err(DrillError::io(format!("making {}", mounted.display())))?;
        let log = directory.join("disks").join(format!("{name}.log"));
        let log = File::create(&log).map_err(DrillError::io(format!("writing {}", log.display())))?;
        let mut command = dies_with_us("unshare");
        command.args(["--mount", "--propagation", "private", "--"]).arg(eyrie).args(["drill", "disk", "--of"]).arg(&of);
        command.arg("--at").arg(&mounted).arg("--kept").arg(directory.join("disks").join(format!("{name}.kept")));
        command.args(["--seed", &seed.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = launcher.spawn(command, place)?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(DrillError::Refused("a disk without pipes".to_owned()));
        };
        let mut layer = Self { child, orders, answers: BufReader::new(answers), mounted };
        layer.hear()?;
        Ok(layer)
    }

    /// Where the node finds its data.
    pub(super) fn mounted(&self) -> &Path {
        &self.mounted
    }

    /// What `nsenter --mount=` takes for its namespace.
    pub(super) fn namespace(&self) -> String {
        format!("/proc/{}/ns/mnt", self.child.id())
    }

    /// Tells it something, and waits until that is done.
    pub(super) fn order(&mut self, order: Order) -> Result<Answer, DrillError> {
        let told = serde_json::to_string(&order).map_err(io::Error::other);
        let told = told.and_then(|line| writeln!(self.orders, "{line}"));
        told.map_err(DrillError::io("telling a disk what to do"))?;
        self.hear()
    }

    fn hear(&mut self) -> Result<Answer, DrillError> {
        let mut line = String::new();
        let heard = self.answers.read_line(&mut line);
        heard.map_err(DrillError::io("hearing from a disk"))?;
        match serde_json::from_str(&line) {
            Ok(Answer::Failed(why)) => Err(DrillError::Refused(format!("a disk: {why}"))),
            Ok(answer) => Ok(answer),
            Err(_) => {
                let log = std::fs::read_to_string(self.mounted.with_extension("log")).unwrap_or_default();
                Err(DrillError::Refused(format!(
                    "a disk that misbehaves needs /dev/fuse, and the right to mount in a namespace of its own: {}",
                    log.trim()
                )))
            }
        }
    }
}

impl Drop for DiskLayer {
    fn drop(&mut self) {
        // Our own child, not waited for yet; one that has ended is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
