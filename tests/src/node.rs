use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use anyhow::{Context as _, bail};

use crate::binary::without_ours;
use crate::{Client, DEADLINE, binary};

/// The password of the first user in tests.
pub const ADMIN_PASSWORD: &str = "correct horse battery staple";

/// What a test node is started with.
#[derive(Debug, Clone, Default)]
pub struct NodeOptions {
    /// TOML that is put into its configuration file.
    pub toml: String,
    /// Further arguments.
    pub args: Vec<String>,
    /// Further variables of its environment.
    pub env: Vec<(String, String)>,
    /// Shell commands that its process runs before it becomes the node, such as `ulimit`.
    pub shell: String,
}

/// The built `eyrie node` as a child process on a free port, killed when dropped. Its data directory outlives it.
pub struct Node {
    child: Child,
    base: String,
    log: PathBuf,
}

impl Node {
    /// Starts a node in `data_dir` and waits until it says where it listens. Cameras on loopback are allowed.
    ///
    /// # Errors
    /// When it does not come up; the end of its log is in the message.
    pub fn start(data_dir: &Path, options: &NodeOptions) -> anyhow::Result<Self> {
        std::fs::create_dir_all(data_dir)?;
        let config = data_dir.join("eyrie.toml");
        std::fs::write(&config, &options.toml)?;
        let log = data_dir.join("node.log");
        let mut command = Command::new("sh");
        without_ours(&mut command);
        let mut child = command
            .arg("-ec")
            .arg(format!("{}\nexec \"$0\" \"$@\"", options.shell))
            .arg(binary("eyrie")?)
            .args(["node", "--http", "127.0.0.1:0", "--allow-network", "127.0.0.0/8"])
            .arg("--data-dir")
            .arg(data_dir)
            .arg("--config")
            .arg(&config)
            .args(&options.args)
            .env("EYRIE_ADMIN_PASSWORD", ADMIN_PASSWORD)
            .envs(options.env.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(std::fs::File::options().create(true).append(true).open(&log)?)
            .spawn()
            .context("starting eyrie")?;
        let stdout = child.stdout.take().context("stdout is piped")?;
        let (told, address) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some((_, url)) = line.split_once("listening on ") {
                    // The test may have given up; the pipe is still read, or the node would block on it.
                    let _ = told.send(url.trim().to_owned());
                }
            }
        });
        let mut node = Self { child, base: String::new(), log };
        match address.recv_timeout(DEADLINE) {
            Ok(base) => node.base = base,
            Err(_) => bail!("the node did not come up:\n{}", node.log_tail()),
        }
        Ok(node)
    }

    /// Where it listens, such as `http://127.0.0.1:40123`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A client signed in as admin.
    ///
    /// # Errors
    /// When signing in fails.
    pub async fn client(&self) -> anyhow::Result<Client> {
        Client::sign_in(&self.base, "admin", ADMIN_PASSWORD).await
    }

    /// Kills it as a power switch would: SIGKILL, no goodbye.
    ///
    /// # Errors
    /// When the process cannot be killed.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Stops it as an operator would: SIGTERM, and waits.
    ///
    /// # Errors
    /// When it exits with an error.
    pub fn stop(mut self) -> anyhow::Result<()> {
        self.signal("TERM")?;
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "exit {status}:\n{}", self.log_tail());
        Ok(())
    }

    /// Sends it a signal by name.
    ///
    /// # Errors
    /// When `kill` fails.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status()?;
        anyhow::ensure!(status.success(), "kill -{name}: {status}");
        Ok(())
    }

    /// All it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Killed already is fine; anything else shows as a leftover process, which no test can mend here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
