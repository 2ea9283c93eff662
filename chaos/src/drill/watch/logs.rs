use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use eyrie_types::WallTime;
use serde::Deserialize;

/// Bytes read from a log at once; the rest comes the next time.
const READ_MAX: u64 = 8 << 20;

/// Something a node said in its log that a drill listens for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// By the node's wall clock.
    pub(crate) at: WallTime,
    /// Which node.
    pub(crate) node: usize,
    /// What.
    pub(crate) what: Saying,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Saying {
    /// It learned of the verdict that the node of this name is dead.
    HeldDead(String),
    /// The cell gave it this camera.
    Given(String),
    /// It has begun to lead.
    Leads,
    /// It stands for election.
    Stands,
}

/// A line of a log in JSON.
#[derive(Debug, Deserialize)]
struct Line {
    timestamp: WallTime,
    #[serde(default)]
    message: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    camera: String,
}

/// Follows the logs of all nodes.
#[derive(Debug)]
pub(crate) struct Logs {
    files: Vec<(PathBuf, u64)>,
}

impl Logs {
    /// By node.
    pub(crate) fn new(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { files: files.into_iter().map(|path| (path, 0)).collect() }
    }

    /// What was said since the last time, by time. A log that cannot be read says nothing.
    pub(crate) fn news(&mut self) -> Vec<Said> {
        let mut said = Vec::new();
        for (node, (path, read)) in self.files.iter_mut().enumerate() {
            let mut bytes = Vec::new();
            let Ok(mut file) = std::fs::File::open(path) else { continue };
            if file.seek(SeekFrom::Start(*read)).is_err() || file.take(READ_MAX).read_to_end(&mut bytes).is_err() {
                continue;
            }
            // A line that is being written is read the next time.
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            *read += whole as u64;
            let text = String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default());
            said.extend(text.lines().filter_map(|line| saying(node, line)));
        }
        said.sort_by_key(|said| said.at);
        said
    }
}

fn saying(node: usize, line: &str) -> Option<Said> {
    let Line { timestamp, message, name, camera } = serde_json::from_str(line).ok()?;
    let what = match message.as_str() {
        "a node is held to be dead: its cameras go to others" => Saying::HeldDead(name),
        "the cell has given this node a camera" => Saying::Given(camera),
        "this node leads the cell" => Saying::Leads,
        "no leader is heard: this node stands for election" => Saying::Stands,
        _ => return None,
    };
    Some(Said { at: timestamp, node, what })
}
