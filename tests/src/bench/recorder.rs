use std::time::Duration;

use anyhow::Context as _;
use eyrie_camsim::Scene;
use eyrie_types::{TimeRange, WallTime};
use serde_json::Value;
use tempfile::TempDir;

use super::CameraFarm;
use super::cost::add_and_await_all;
use crate::{Client, Node, NodeOptions, eventually};

/// A node that records simulated cameras, sealed, for what is measured beside it.
pub(super) struct Recorder {
    pub(super) farm: CameraFarm,
    pub(super) node: Node,
    pub(super) client: Client,
    /// The cameras' ids.
    pub(super) ids: Vec<String>,
    /// Its data directory.
    pub(super) dir: TempDir,
}

impl Recorder {
    /// Starts it and waits until all of `cameras` cameras of `kbps` that show `scene` are online.
    ///
    /// # Errors
    /// When they do not get there.
    pub(super) async fn start(cameras: usize, kbps: u32, scene: Scene) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let farm = CameraFarm::start_showing(cameras, kbps, scene)?;
        let node = Node::start(dir.path(), &NodeOptions::default())?;
        let client = node.client().await?;
        let ids = add_and_await_all(&client, &farm).await?;
        Ok(Self { farm, node, client, ids, dir })
    }

    /// Stops the node in order and starts it again: what was recorded before is in files that are closed.
    ///
    /// # Errors
    /// When it does not come up, or a camera does not come back.
    pub(super) async fn restart(self) -> anyhow::Result<Self> {
        let Self { farm, node, ids, dir, .. } = self;
        node.stop()?;
        let node = Node::start(dir.path(), &NodeOptions::default())?;
        let client = node.client().await?;
        for id in &ids {
            client.await_state(id, "online").await?;
        }
        Ok(Self { farm, node, client, ids, dir })
    }

    /// From the first durable moment of a camera to the last.
    ///
    /// # Errors
    /// When nothing is recorded of it.
    pub(super) async fn recorded(&self, id: &str) -> anyhow::Result<TimeRange> {
        let answer = self.client.get(&format!("/api/v1/cameras/{id}/recordings")).await?;
        let spans = answer["spans"].as_array().context("no spans")?;
        let moment = |span: Option<&Value>, name: &str| -> anyhow::Result<WallTime> {
            Ok(span.and_then(|span| span[name].as_str()).context("nothing recorded")?.parse()?)
        };
        Ok(TimeRange { start: moment(spans.first(), "start")?, end: moment(spans.last(), "end")? })
    }

    /// Waits until `length` more of every camera is durable.
    ///
    /// # Errors
    /// When it does not get there in time.
    pub(super) async fn record(&self, length: Duration) -> anyhow::Result<()> {
        let mut until = Vec::new();
        for id in &self.ids {
            until.push(self.recorded(id).await.map_or(WallTime::EPOCH, |range| range.end + length));
        }
        tokio::time::sleep(length).await;
        for (id, until) in self.ids.iter().zip(until) {
            eventually("more footage", || async {
                match self.recorded(id).await {
                    Ok(range) if range.end >= until => Ok(()),
                    Ok(range) => Err(format!("{id}: until {}, not {until}", range.end)),
                    Err(error) => Err(error.to_string()),
                }
            })
            .await?;
        }
        Ok(())
    }
}
