//! A member in a process of its own, driven by lines: this test binary, started again as the one test `member_process`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use eyrie_actors::raft::RaftPeer;
use eyrie_cluster::RaftId;
use eyrie_types::NodeId;

use crate::member::{Member, PATIENCE, Setup};

const DIRECTORY: &str = "EYRIE_TEST_RAFT_DIRECTORY";

/// What a process says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// It listens there.
    At(String),
    /// Its role: whether it leads for good, its term, how many voters it knows.
    Role { ready: bool, term: u64, voters: usize },
    /// A command was done.
    Done(String),
    /// A command was not.
    Failed(String),
}

pub(crate) struct Process {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<(Instant, Said)>,
    pub(crate) address: String,
    pub(crate) role: Said,
}

impl Process {
    /// Starts a member on `directory`; `start` is the number of the start, `port` 0 any.
    pub(crate) fn start(directory: &Path, node: NodeId, start: u64, port: u16) -> Self {
        let exe = std::env::current_exe().unwrap();
        let mut child = Command::new(exe)
            .args(["--exact", "process::member_process", "--ignored", "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, directory)
            .env("EYRIE_TEST_NODE", node.to_string())
            .env("EYRIE_TEST_START", start.to_string())
            .env("EYRIE_TEST_PORT", port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(said) = parse(&line)
                    && sender.send((Instant::now(), said)).is_err()
                {
                    return;
                }
            }
        });
        let role = Said::Role { ready: false, term: 0, voters: 0 };
        let mut process = Self { child, stdin, lines, address: String::new(), role };
        let Said::At(address) = process.wait(|said| matches!(said, Said::At(_))).1 else { unreachable!() };
        process.address = address;
        process
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// Waits for a line that is `wanted`, and answers when it came.
    pub(crate) fn wait(&mut self, wanted: impl Fn(&Said) -> bool) -> (Instant, Said) {
        self.try_wait(wanted, PATIENCE).expect("the process says it in time")
    }

    pub(crate) fn try_wait(&mut self, wanted: impl Fn(&Said) -> bool, patience: Duration) -> Option<(Instant, Said)> {
        let until = Instant::now() + patience;
        while let Ok((at, said)) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if matches!(said, Said::Role { .. }) {
                self.role = said.clone();
            }
            if wanted(&said) {
                return Some((at, said));
            }
        }
        None
    }

    /// Takes in what was said so far.
    pub(crate) fn catch_up(&mut self) {
        let _ = self.try_wait(|_| false, Duration::ZERO);
    }

    /// Gives a command and waits for its end.
    pub(crate) fn tell(&mut self, command: &str) -> Said {
        writeln!(self.stdin, "{command}").unwrap();
        self.wait(|said| matches!(said, Said::Done(_) | Said::Failed(_))).1
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parse(line: &str) -> Option<Said> {
    let (_, said) = line.split_once("SAID ")?;
    let (word, rest) = said.split_once(' ').unwrap_or((said, ""));
    Some(match word {
        "at" => Said::At(rest.to_owned()),
        "role" => {
            let mut fields = rest.split(' ');
            Said::Role {
                ready: fields.next()? == "true",
                term: fields.next()?.parse().ok()?,
                voters: fields.next()?.parse().ok()?,
            }
        }
        "done" => Said::Done(rest.to_owned()),
        _ => Said::Failed(rest.to_owned()),
    })
}

/// Not a test of its own: what [`Process::start`] runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the body of another process"]
async fn member_process() {
    let Ok(directory) = std::env::var(DIRECTORY) else { return };
    let from_env = |name: &str| std::env::var(name).unwrap();
    let mut setup = Setup::new(Path::new(&directory));
    setup.node = from_env("EYRIE_TEST_NODE").parse().unwrap();
    setup.start = from_env("EYRIE_TEST_START").parse().unwrap();
    setup.port = from_env("EYRIE_TEST_PORT").parse().unwrap();
    let member = setup.start().await.unwrap();
    say(&format!("at {}", member.address));
    let mut role = member.raft.role();
    tokio::spawn(async move {
        let mut last = String::new();
        loop {
            let line = {
                let role = role.borrow_and_update();
                format!("role {} {} {}", role.view.ready, role.view.term, role.view.voters().len())
            };
            if line != last {
                say(&line);
                last = line;
            }
            if role.changed().await.is_err() {
                return;
            }
        }
    });
    let (sender, mut commands) = tokio::sync::mpsc::channel(4);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    // Without its parent it ends.
    while let Some(command) = commands.recv().await {
        match obey(&member, &command).await {
            Ok(text) => say(&format!("done {text}")),
            Err(text) => say(&format!("failed {text}")),
        }
    }
}

async fn obey(member: &Member, command: &str) -> Result<String, String> {
    let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
    match word {
        "found" => Ok(member.found().await.to_string()),
        "id" => Ok(member.raft.id().0.to_string()),
        // Its Raft id, its node, its address.
        "add" => {
            let [raft, node, address] = rest.split(' ').collect::<Vec<_>>()[..] else {
                return Err("three words".to_owned());
            };
            let peer = RaftPeer { node: node.parse().unwrap(), address: address.to_owned() };
            let added = member.add(RaftId(raft.parse().unwrap()), peer).await;
            added.map(|()| String::new()).map_err(|error| error.to_string())
        }
        "promote-all" => {
            let members = member.role(|role| role.view.members.values().all(|m| m.caught_up)).await.view.members;
            for id in members.keys() {
                let mut voters = member.raft.voters();
                voters.insert(*id);
                member.raft.change_voters(voters).await.map_err(|error| error.to_string())?;
            }
            Ok(String::new())
        }
        "put" => {
            let (index, key) = member.put_camera().await.map_err(|error| error.to_string())?;
            Ok(format!("{index} {key}"))
        }
        "cameras" => Ok(member.raft.state().borrow().state.cameras().len().to_string()),
        _ => Err("unknown".to_owned()),
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // The parent may be gone.
    let _ = writeln!(out, "\nSAID {text}");
    let _ = out.flush();
}
