use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use eyrie_types::NodeId;
use rustix::process::{Pid, Signal, kill_process};

use crate::child::CHILD;

/// How long any answer of a child may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A node, in a process of its own; killed when dropped.
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) at: String,
    start: u64,
    child: Child,
    input: ChildStdin,
    lines: Receiver<(u64, String)>,
    early: HashMap<u64, String>,
    asked: u64,
}

impl Node {
    /// Starts the node whose id is `number`, on a port of the system's choice.
    pub(crate) fn start(number: u128) -> Self {
        Self::start_at(NodeId::from_uuid(uuid::Uuid::from_u128(number)), 1, 0)
    }

    fn start_at(id: NodeId, start: u64, port: u16) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child::child", "--nocapture"])
            .env(CHILD, format!("{id} {start} {port}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let answer = line.strip_prefix('@').and_then(|line| line.split_once(' '));
                if let Some((number, answer)) = answer {
                    let _ = sender.send((number.parse().unwrap(), answer.to_owned()));
                }
            }
        });
        let (_, at) = lines.recv_timeout(ANSWER_WITHIN).expect("the node listens");
        Self { id, at, start, child, input, lines, early: HashMap::new(), asked: 0 }
    }

    /// Kills it with SIGKILL and starts it again, later, at the same address.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let port = self.at.rsplit_once(':').unwrap().1.parse().unwrap();
        *self = Self::start_at(self.id, self.start + 1, port);
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Tells it to do something; the answer is fetched by [`Node::answer`].
    pub(crate) fn tell(&mut self, command: &str) -> u64 {
        self.asked += 1;
        writeln!(self.input, "{} {command}", self.asked).unwrap();
        self.asked
    }

    pub(crate) fn answer(&mut self, asked: u64) -> String {
        loop {
            if let Some(answer) = self.early.remove(&asked) {
                return answer;
            }
            let (number, answer) = self.lines.recv_timeout(ANSWER_WITHIN).expect("the node answers");
            self.early.insert(number, answer);
        }
    }

    pub(crate) fn ask(&mut self, command: &str) -> String {
        let asked = self.tell(command);
        self.answer(asked)
    }

    /// Gives it `peers` to have sessions with.
    pub(crate) fn meet(&mut self, peers: &[&Node]) {
        let peers: Vec<_> = peers.iter().map(|peer| format!("{}={}", peer.id, peer.at)).collect();
        self.ask(&format!("peers {}", peers.join(" ")));
    }

    /// Waits until there is a session with `peer`, or none; how many milliseconds that took.
    pub(crate) fn wait(&mut self, peer: NodeId, up: bool) -> u64 {
        let up = if up { "up" } else { "down" };
        let answer = self.ask(&format!("await {peer} {up} 15000"));
        answer.parse().unwrap_or_else(|_| panic!("{}: {peer} is not {up}", self.id))
    }

    /// Calls `peer` once; the outcome and how many milliseconds it took.
    pub(crate) fn call(&mut self, peer: NodeId, pause_ms: u16, within_ms: u64) -> (String, u64) {
        let answer = self.ask(&format!("call {peer} 1 100 {pause_ms} {within_ms}"));
        let (took, outcome) = answer.split_once(' ').unwrap();
        (outcome.trim_end_matches("=1").to_owned(), took.parse().unwrap())
    }

    /// Its memory, in KiB.
    pub(crate) fn rss_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two nodes with a session.
pub(crate) fn pair() -> (Node, Node) {
    let (mut a, mut b) = (Node::start(1), Node::start(2));
    a.meet(&[&b]);
    b.meet(&[&a]);
    a.wait(b.id, true);
    b.wait(a.id, true);
    (a, b)
}
