//! A Redis of a test's own: on a free port of loopback, with a directory of its own, nothing kept, ended with the test.

#![allow(dead_code, reason = "two test binaries share this file, and neither uses all of it")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// How long a Redis may take to start.
const START_TRIES: u32 = 500;
/// The pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running `redis-server`, or a stopped one that may start again at the same port.
pub(crate) struct RedisServer {
    port: u16,
    dir: tempfile::TempDir,
    child: Option<Child>,
    password: Option<String>,
    tls: bool,
}

impl RedisServer {
    /// Starts one.
    pub(crate) fn start() -> Self {
        let mut server = Self::stopped();
        server.run(&[]);
        server
    }

    /// Starts one that speaks TLS alone.
    pub(crate) fn start_with_tls(certificate: &Path, key: &Path) -> Self {
        let mut server = Self::stopped();
        let port = server.port.to_string();
        let files = [certificate, key].map(|path| path.to_str().unwrap());
        let plain = ["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"];
        let tls = ["--tls-cert-file", files[0], "--tls-key-file", files[1], "--tls-ca-cert-file", files[0]];
        server.run(&[&plain[..], &tls[..]].concat());
        server
    }

    /// A port at which none runs yet.
    pub(crate) fn stopped() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { port, dir: tempfile::tempdir().unwrap(), child: None, password: None, tls: false }
    }

    /// Starts it with further arguments of `redis-server`.
    pub(crate) fn run(&mut self, arguments: &[&str]) {
        let port = self.port.to_string();
        let fixed = ["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no", "--daemonize", "no"];
        let child = Command::new("redis-server")
            .args(fixed)
            .arg("--dir")
            .arg(self.dir.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server runs: `deploy/deps.sh test` installs it");
        self.child = Some(child);
        self.tls = arguments.contains(&"--tls-port");
        self.password = arguments.iter().position(|a| *a == "--requirepass").map(|at| arguments[at + 1].to_owned());
        for _ in 0..START_TRIES {
            if self.answers() {
                return;
            }
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "redis-server ended: {ended:?}");
            std::thread::sleep(LOOK_EVERY);
        }
        panic!("redis-server did not start");
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut start = [0; 1];
        // One that speaks TLS alone answers a plain line by hanging up: it is there, too.
        stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut start).is_ok() || self.tls
    }

    /// Its address, as configured.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// It hangs: connections are taken by the kernel, nothing is answered.
    pub(crate) fn hang(&self) {
        self.signal(Signal::STOP);
    }

    /// It goes on.
    pub(crate) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.as_ref().expect("it runs").id();
        kill_process(Pid::from_raw(i32::try_from(id).unwrap()).unwrap(), signal).unwrap();
    }

    /// Sends one command as a person at a terminal would, and answers what comes back.
    pub(crate) fn command(&self, line: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let auth = self.password.as_ref().map(|password| format!("AUTH {password}\r\n")).unwrap_or_default();
        stream.write_all(format!("{auth}{line}\r\nQUIT\r\n").as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let text = text.strip_suffix("+OK\r\n").unwrap_or(&text).to_owned();
        if auth.is_empty() { text } else { text.trim_start_matches("+OK\r\n").to_owned() }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // The test is over; how the process ends does not matter.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
