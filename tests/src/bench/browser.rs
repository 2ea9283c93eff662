use std::io::{BufRead as _, BufReader};
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::Killed;
use crate::{ADMIN_PASSWORD, Node};

/// Chromium with a page of the dashboard in it, driven by `dashboard/e2e/watch.mjs`.
pub(super) struct Browser {
    child: Killed,
    lines: BufReader<ChildStdout>,
}

impl Browser {
    /// Opens `path` of a node's dashboard and waits until `videos` pictures move; then it watches for `window`. With `numbers`,
    /// it reads the numbers of the first picture.
    ///
    /// # Errors
    /// When they do not move in time.
    pub(super) async fn watch(
        node: &Node,
        path: &str,
        videos: usize,
        window: Duration,
        numbers: bool,
    ) -> anyhow::Result<Self> {
        let mut child = Command::new("node")
            .arg("e2e/watch.mjs")
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../dashboard"))
            .env("EYRIE_URL", node.base())
            .env("EYRIE_PASSWORD", ADMIN_PASSWORD)
            .env("EYRIE_PATH", path)
            .env("EYRIE_VIDEOS", videos.to_string())
            .env("EYRIE_SECONDS", window.as_secs().to_string())
            .env("EYRIE_NUMBERS", if numbers { "1" } else { "" })
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting node.js")?;
        let stdout = child.stdout.take().context("stdout is piped")?;
        let browser = Self { child: Killed(vec![child]), lines: BufReader::new(stdout) };
        let (browser, line) = browser.line().await?;
        ensure!(line == "watching", "the page said {line:?}");
        Ok(browser)
    }

    /// The process that drives the browser; the browser's own are below it.
    pub(super) fn driver(&self) -> u32 {
        self.child.0[0].id()
    }

    /// Waits until it has watched, and answers what it saw.
    ///
    /// # Errors
    /// When it saw something go wrong.
    pub(super) async fn seen(self) -> anyhow::Result<Value> {
        let (_, line) = self.line().await?;
        serde_json::from_str(&line).with_context(|| format!("the page said {line:?}"))
    }

    async fn line(mut self) -> anyhow::Result<(Self, String)> {
        let read = move || {
            let mut line = String::new();
            self.lines.read_line(&mut line).map(|_| (self, line.trim().to_owned()))
        };
        Ok(tokio::task::spawn_blocking(read).await??)
    }
}
