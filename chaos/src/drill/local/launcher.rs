use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::drill::DrillError;

/// The network a process lives in: a namespace, or the one the drill was started in.
#[derive(Debug, Clone, Default)]
pub struct Place(Option<Arc<OwnedFd>>);

impl Place {
    /// The calling thread lives there from now on.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn enter(&self) -> io::Result<()> {
        let Some(namespace) = &self.0 else { return Ok(()) };
        Ok(move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?)
    }
}

/// Starts the processes of a drill, all from one thread: the kernel kills a process that asked for it when the *thread* that
/// began it ends, and this one ends with the drill, however that ends. So no fault and no node outlives it. It is the dead man's
/// switch.
#[derive(Debug)]
pub struct Launcher {
    orders: Sender<Order>,
}

#[derive(Debug)]
struct Order {
    command: Command,
    place: Place,
    answer: Sender<io::Result<Child>>,
}

impl Launcher {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has none.
    pub fn start() -> Result<Self, DrillError> {
        let (orders, waiting) = mpsc::channel::<Order>();
        let launch = move || {
            for Order { mut command, place, answer } in waiting {
                // Whoever asked may have given up.
                let _ = answer.send(place.enter().and_then(|()| command.spawn()));
            }
        };
        let thread = std::thread::Builder::new().name("launcher".to_owned());
        thread.spawn(launch).map_err(DrillError::io("starting a thread"))?;
        Ok(Self { orders })
    }

    /// Begins a process in `place`. [`dies_with_us`] makes its command.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(&self, command: Command, place: &Place) -> Result<Child, DrillError> {
        let what = format!("starting {}", text(&command));
        let (answer, told) = mpsc::channel();
        let order = Order { command, place: place.clone(), answer };
        let gone = || io::Error::other("the drill is ending");
        let spawned = self.orders.send(order).map_err(|_| gone()).and_then(|()| told.recv().map_err(|_| gone()));
        spawned.and_then(|spawned| spawned).map_err(DrillError::io(what))
    }

    /// Runs a tool in `place` to its end, and answers what it printed.
    ///
    /// # Errors
    /// When it cannot be started, or fails.
    pub fn run(&self, place: &Place, program: &str, args: &[&str]) -> Result<String, DrillError> {
        let mut command = dies_with_us(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let said = text(&command);
        let output = self.spawn(command, place)?.wait_with_output().map_err(DrillError::io(said.clone()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(DrillError::Tool { command: said, said: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
    }

    /// A new network namespace with its loopback interface up, and a process in it, for tools that name a namespace so. It lives
    /// while something is in it or knows its [`Place`].
    ///
    /// # Errors
    /// When the system does not let us make one.
    pub fn namespace(&self, within: &Place) -> Result<(Place, Guest), DrillError> {
        let mut command = dies_with_us("unshare");
        // It says that it is there, and stays until its standard input ends.
        command.args(["--net", "sh", "-c", "ip link set lo up && echo there && read _"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut guest = Guest(self.spawn(command, within)?);
        let mut said = String::new();
        if let Some(stdout) = guest.0.stdout.take() {
            let read = BufReader::new(stdout).read_line(&mut said);
            read.map_err(DrillError::io("making a network namespace"))?;
        }
        if said.trim() != "there" {
            let mut said = String::new();
            let _ = guest.0.stderr.take().map(|mut stderr| stderr.read_to_string(&mut said));
            return Err(DrillError::Tool { command: "unshare --net".to_owned(), said: said.trim().to_owned() });
        }
        let opened = File::open(format!("/proc/{}/ns/net", guest.0.id()));
        Ok((Place(Some(Arc::new(opened.map_err(DrillError::io("opening a network namespace"))?.into()))), guest))
    }
}

/// A process that does nothing but be in a namespace. Ends when dropped.
#[derive(Debug)]
pub struct Guest(Child);

impl Guest {
    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // It is our child and was not waited for: the number is its own. One that has ended is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A command for `program` whose process the kernel kills when the thread that began it is gone.
pub fn dies_with_us(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// The command as a person would type it, without what makes it die with us.
fn text(command: &Command) -> String {
    let words: Vec<_> = command.get_args().skip(3).map(|arg| arg.to_string_lossy()).collect();
    words.join(" ")
}
