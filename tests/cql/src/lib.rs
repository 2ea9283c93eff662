//! A real Apache Cassandra for tests, started by `cassandra.sh` on a free port of this machine, with 1 GiB of heap and its data in
//! a temporary directory. It ends with the process that started it, however that one ends: the script reads from a pipe that only
//! that process holds.

#![allow(clippy::disallowed_methods, reason = "tests wait for real processes")]

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How long a start may take: 10 s on an idle machine, several times that on one that builds meanwhile, and a download once.
const STARTED_WITHIN: Duration = Duration::from_secs(300);
/// How long a stop may take.
const STOPPED_WITHIN: Duration = Duration::from_secs(30);
/// Pause between looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A running Cassandra.
#[derive(Debug)]
pub struct Cassandra {
    directory: PathBuf,
    process: Mutex<Option<Child>>,
    port: u16,
}

impl Cassandra {
    /// The one that all tests of this process share; started by the first that asks.
    ///
    /// # Panics
    /// When it does not start; the message holds the end of its log.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cassandra> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one of its own, for tests that stop it. It ends when it is dropped.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start() -> Self {
        Self::start_in(|_| ())
    }

    /// As [`Self::start`], speaking TLS alone: `identity` is its PEM with key and certificate, `authorities` those whose
    /// certificates it asks its clients for.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_with_tls(identity: &str, authorities: &str) -> Self {
        Self::start_in(|directory| {
            let write =
                |name, text| std::fs::write(directory.join(name), text).expect("a temporary directory takes a file");
            write("tls.pem", identity);
            write("authorities.pem", authorities);
        })
    }

    fn start_in(prepare: impl FnOnce(&Path)) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("eyrie-cassandra-{}-{number}", std::process::id()));
        // Left over from a process that had this one's number.
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).expect("a temporary directory can be made");
        prepare(&directory);
        let process = run(&directory);
        let mut cassandra = Self { directory, process: Mutex::new(Some(process)), port: 0 };
        cassandra.port = cassandra.wait_until_it_answers();
        cassandra
    }

    /// Where it listens, as a contact point.
    pub fn contact_point(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Stops it and keeps its data.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn stop(&self) {
        self.end(true);
    }

    /// Starts it again after [`Self::stop`], with its data, on the same port.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&self) {
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(run(&self.directory));
        self.wait_until_it_answers();
    }

    /// Starts it again without waiting until it answers.
    pub fn begin_to_start_again(&self) {
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(run(&self.directory));
    }

    fn end(&self, keep: bool) {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut process) = process else { return };
        if let Some(mut pipe) = process.stdin.take()
            && keep
        {
            // A script that is gone already keeps its data, too.
            let _ = pipe.write_all(b"keep\n");
        }
        let started = Instant::now();
        while process.try_wait().is_ok_and(|status| status.is_none()) {
            assert!(started.elapsed() < STOPPED_WITHIN, "Cassandra does not stop; see {}", self.directory.display());
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn wait_until_it_answers(&self) -> u16 {
        let started = Instant::now();
        loop {
            let port = std::fs::read_to_string(self.directory.join("port"));
            if let Some(port) = port.ok().and_then(|port| port.trim().parse().ok()) {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                // It listens once it is ready, and not before.
                if TcpStream::connect_timeout(&address, LOOK_EVERY).is_ok() {
                    return port;
                }
            }
            let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
            let over = process.as_mut().is_none_or(|process| process.try_wait().is_ok_and(|status| status.is_some()));
            drop(process);
            let late = started.elapsed() > STARTED_WITHIN;
            assert!(!over && !late, "Cassandra does not start:\n{}", self.last_words());
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn last_words(&self) -> String {
        let tail = |name: &str| {
            let text = std::fs::read_to_string(self.directory.join(name)).unwrap_or_default();
            let lines: Vec<_> = text.lines().collect();
            lines[lines.len().saturating_sub(20)..].join("\n")
        };
        format!("{}\n{}", tail("out"), tail("log"))
    }
}

impl Drop for Cassandra {
    fn drop(&mut self) {
        self.end(false);
    }
}

fn run(directory: &Path) -> Child {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("cassandra.sh");
    let mut command = Command::new(&script);
    command.arg("run").arg(directory).stdin(Stdio::piped()).stdout(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{}: {error}", script.display()))
}
