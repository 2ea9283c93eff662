use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::{Clock as _, SystemClock};
use rustix::process::{Pid, Signal, kill_process};

use super::launcher::{Launcher, Place, dies_with_us};
use crate::drill::DrillError;

/// Where it listens, on the drill's own address.
pub(crate) const REDIS_PORT: u16 = 6379;
/// How long a started one may take until it answers, and an answer.
const UP_WITHIN: Duration = Duration::from_secs(10);
/// Pause between looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A Redis of the drill's own, which the nodes share. It keeps nothing on disks. Killed when dropped, and when the drill is gone.
#[derive(Debug)]
pub(crate) struct Redis {
    child: Mutex<Option<Child>>,
    address: SocketAddr,
    directory: PathBuf,
}

impl Redis {
    /// Starts one on the drill's address. Must be called in the network's hub.
    pub(super) fn start(
        launcher: &Launcher,
        hub: &Place,
        address: SocketAddr,
        directory: &Path,
    ) -> Result<Self, DrillError> {
        let redis = Self { child: Mutex::new(None), address, directory: directory.to_owned() };
        redis.begin(launcher, hub)?;
        Ok(redis)
    }

    /// Starts it again, empty.
    pub(crate) fn begin(&self, launcher: &Launcher, hub: &Place) -> Result<(), DrillError> {
        let mut command = dies_with_us("redis-server");
        let (host, port) = (self.address.ip().to_string(), self.address.port().to_string());
        command.args(["--bind", &host, "--port", &port, "--save", "", "--appendonly", "no", "--protected-mode", "no"]);
        command.arg("--dir").arg(&self.directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = launcher.spawn(command, hub)?;
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        let clock = SystemClock::new();
        let began = clock.monotonic();
        while let Err(error) = self.tell("PING") {
            if clock.monotonic().since(began) > UP_WITHIN {
                return Err(DrillError::NotReached {
                    what: "redis-server answers (is it installed?)".to_owned(),
                    within: UP_WITHIN,
                    seen: error.to_string(),
                });
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Kills it.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Our own child, not waited for yet; one that has ended is fine.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends it a signal, if it runs.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), DrillError> {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = child.as_ref().and_then(|child| Pid::from_raw(child.id().cast_signed()));
        pid.map_or(Ok(()), |pid| kill_process(pid, signal))
            .map_err(|error| DrillError::io("signalling Redis")(error.into()))
    }

    /// Tells it a command, and waits until it says that this is done.
    pub(crate) fn tell(&self, command: &str) -> Result<(), DrillError> {
        let ask = || {
            let mut connection = TcpStream::connect_timeout(&self.address, UP_WITHIN)?;
            connection.set_read_timeout(Some(UP_WITHIN))?;
            write!(connection, "{command}\r\n")?;
            let mut answer = String::new();
            BufReader::new(connection).read_line(&mut answer)?;
            if answer.starts_with('+') { Ok(()) } else { Err(std::io::Error::other(answer)) }
        };
        ask().map_err(DrillError::io(format!("telling Redis {command}")))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
