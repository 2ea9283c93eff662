use std::fmt;

use serde::Deserialize;

/// Widths grow with what stands in a column, up to this many characters.
const COLUMN_MAX: usize = 40;
/// Clocks that are further apart are told of.
const CLOCKS_APART_MS: u64 = 2_000;
/// A node that was heard no longer ago than this is heard now.
const NOW_MS: u64 = 1_000;

/// A cell, as much of the API's answer as the table shows.
#[derive(Debug, Deserialize)]
pub(super) struct Cell {
    id: Option<String>,
    node: String,
    leader: Option<String>,
    stale: bool,
    generation: u64,
    applied_index: u64,
    pub(super) nodes: Vec<CellNode>,
    placements: u64,
    moving: u64,
    unplaced: u64,
    without_twin: u64,
    survival: Survival,
}

/// A node of it.
#[derive(Debug, Deserialize)]
pub(super) struct CellNode {
    pub(super) id: String,
    pub(super) name: String,
    url: String,
    zone: String,
    capacity: u32,
    voter: bool,
    health: String,
    draining: bool,
    placements: u64,
    recording: Option<u32>,
    heard_ms: Option<u64>,
    clock_ahead_ms: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Survival {
    quorum: bool,
    nodes: Vec<NodeLoss>,
    zones: Vec<ZoneLoss>,
}

#[derive(Debug, Deserialize)]
struct NodeLoss {
    name: String,
    without_room: u64,
}

#[derive(Debug, Deserialize)]
struct ZoneLoss {
    zone: String,
    without_room: u64,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stale {
            writeln!(
                f,
                "This node is cut off from its cell: what it shows may be out of date, and nothing can be changed.\n"
            )?;
        }
        let cell = self.id.as_deref().unwrap_or("not founded yet");
        writeln!(f, "cell {cell}, generation {}, log followed to {}\n", self.generation, self.applied_index)?;
        let head = ["NODE", "ZONE", "STATE", "VOTE", "CAMERAS", "RECORDING", "HEARD", "URL"].map(str::to_owned);
        let rows: Vec<_> = std::iter::once(head).chain(self.nodes.iter().map(|node| self.row(node))).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let widths: Vec<_> = (0..rows[0].len()).map(|column| width(column).min(COLUMN_MAX)).collect();
        for row in &rows {
            let cells: Vec<_> = row.iter().zip(&widths).map(|(text, width)| format!("{text:width$}")).collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
        }
        writeln!(f)?;
        write!(f, "{}", count(self.placements, "placement", "placements"))?;
        if self.moving > 0 {
            write!(f, ", {} on the way to another node", self.moving)?;
        }
        writeln!(f)?;
        if self.unplaced > 0 {
            writeln!(f, "NO LIVE NODE for {}: add a node, or capacity", count(self.unplaced, "camera", "cameras"))?;
        }
        match self.without_twin {
            0 => {}
            1 => writeln!(f, "no second node for the twin of 1 camera")?,
            more => writeln!(f, "no second node for the twins of {more} cameras")?,
        }
        for node in &self.nodes {
            let Some(ahead) = node.clock_ahead_ms.filter(|ahead| ahead.unsigned_abs() > CLOCKS_APART_MS) else {
                continue;
            };
            let (seconds, side) = (ahead.unsigned_abs() / 1000, if ahead > 0 { "AHEAD OF" } else { "BEHIND" });
            writeln!(
                f,
                "THE CLOCK OF {} IS {seconds} s {side} this node's: let both keep time by NTP",
                plain(&node.name)
            )?;
        }
        for sentence in self.verdict() {
            writeln!(f, "{sentence}")?;
        }
        Ok(())
    }
}

impl Cell {
    fn row(&self, node: &CellNode) -> [String; 8] {
        let silent = self.stale && node.id != self.node && node.heard_ms.is_none_or(|ms| ms > NOW_MS);
        let health = match &node.health[..] {
            // Nobody could decide that it is dead, and nobody knows that it lives.
            "up" if silent => "silent",
            "up" if node.draining => "draining",
            health => health,
        };
        let vote = match (self.leader.as_ref() == Some(&node.id), node.voter) {
            (true, _) => "leader",
            (false, true) => "voter",
            (false, false) => "-",
        };
        let heard = match node.heard_ms {
            _ if node.id == self.node => "itself".to_owned(),
            None => "never".to_owned(),
            Some(ms) if ms <= NOW_MS => "now".to_owned(),
            Some(ms) => format!("{} s ago", ms / 1000),
        };
        [
            plain(&node.name),
            plain(if node.zone.is_empty() { "-" } else { &node.zone }),
            plain(health),
            vote.to_owned(),
            format!("{}/{}", node.placements, node.capacity),
            node.recording.map_or_else(|| "?".to_owned(), |recording| recording.to_string()),
            heard,
            plain(&node.url),
        ]
    }

    /// What a failure would cost, in sentences.
    fn verdict(&self) -> Vec<String> {
        if self.stale {
            return Vec::new();
        }
        let live: Vec<_> = self.nodes.iter().filter(|node| node.health == "up").collect();
        if live.len() < 2 {
            return vec!["A cell of one live node: if it fails, nothing is recorded until it is back.".to_owned()];
        }
        let mut sentences = Vec::new();
        match &self.survival.nodes[..] {
            [] if self.survival.quorum => sentences.push("Any one node may fail: all cameras still fit.".to_owned()),
            [] => {}
            lost => sentences.extend(lost.iter().map(|lost| without_room(&plain(&lost.name), lost.without_room))),
        }
        // A zone of one node is that node; its loss is told already.
        let many = |zone: &String| live.iter().filter(|node| node.zone == *zone).count() > 1;
        let zones = self.survival.zones.iter().filter(|lost| many(&lost.zone));
        if !self.survival.quorum {
            let voters: Vec<_> = live.iter().filter(|node| node.voter).map(|node| plain(&node.name)).collect();
            let which = if voters.len() == 1 { String::new() } else { "one of ".to_owned() } + &voters.join(", ");
            sentences.push(format!("If {which} fails, the cell cannot decide: cameras of a failed node stay with it."));
        }
        sentences.extend(zones.map(|lost| without_room(&format!("zone {}", plain(&lost.zone)), lost.without_room)));
        sentences
    }
}

fn without_room(what: &str, lost: u64) -> String {
    format!("If {what} fails, {} no place.", count(lost, "camera finds", "cameras find"))
}

fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A text of somebody else on a terminal: nothing in it moves the cursor.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(id: &str, name: &str, more: serde_json::Value) -> serde_json::Value {
        let mut node = json!({"id": id, "name": name, "url": format!("http://{id}:8080"), "zone": "", "capacity": 100,
            "voter": true, "health": "up", "draining": false, "placements": 7, "recording": 7, "heard_ms": 80});
        node.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        node
    }

    fn cell(nodes: Vec<serde_json::Value>, survival: serde_json::Value) -> Cell {
        let answer = json!({"id": "c", "node": "a", "leader": "a", "stale": false, "generation": 1, "applied_index": 42,
            "nodes": nodes, "placements": 21, "moving": 2, "unplaced": 1, "without_twin": 2, "survival": survival});
        serde_json::from_value(answer).unwrap()
    }

    #[test]
    fn the_table_lines_up_and_says_what_a_failure_costs() {
        let nodes = vec![
            node("a", "berlin-1", json!({"heard_ms": null})),
            node("b", "köln", json!({"draining": true, "zone": "west", "clock_ahead_ms": 3_600_120})),
            node(
                "c",
                "evil\u{1b}[2J",
                json!({"health": "dead", "voter": false, "recording": null, "heard_ms": 12_345}),
            ),
        ];
        let survival = json!({"quorum": true, "nodes": [{"name": "berlin-1", "without_room": 12}], "zones": []});
        assert_eq!(
            cell(nodes, survival).to_string(),
            "cell c, generation 1, log followed to 42\n\n\
             NODE      ZONE  STATE     VOTE    CAMERAS  RECORDING  HEARD     URL\n\
             berlin-1  -     up        leader  7/100    7          itself    http://a:8080\n\
             köln      west  draining  voter   7/100    7          now       http://b:8080\n\
             evil\u{fffd}[2J  -     dead      -       7/100    ?          12 s ago  http://c:8080\n\n\
             21 placements, 2 on the way to another node\n\
             NO LIVE NODE for 1 camera: add a node, or capacity\n\
             no second node for the twins of 2 cameras\n\
             THE CLOCK OF köln IS 3600 s AHEAD OF this node's: let both keep time by NTP\n\
             If berlin-1 fails, 12 cameras find no place.\n"
        );
    }

    #[test]
    fn a_node_that_is_cut_off_promises_nothing() {
        let nodes = vec![node("a", "a", json!({})), node("b", "b", json!({"heard_ms": 5_000}))];
        let stale = Cell { stale: true, ..cell(nodes, json!({"quorum": true, "nodes": [], "zones": []})) };
        let text = stale.to_string();
        assert!(text.starts_with("This node is cut off") && !text.contains("may fail"), "{text}");
        assert!(text.contains("b     -     silent"), "{text}");
    }

    #[test]
    fn the_verdict_is_one_for_a_cell_of_one_and_tells_zones_apart() {
        let survival = || json!({"quorum": true, "nodes": [], "zones": [{"zone": "west", "without_room": 1}]});
        let west = json!({"zone": "west"});
        let three = vec![node("a", "a", json!({})), node("b", "b", west.clone()), node("c", "c", west.clone())];
        assert_eq!(
            cell(three, survival()).verdict(),
            ["Any one node may fail: all cameras still fit.", "If zone west fails, 1 camera finds no place."]
        );
        let two = cell(vec![node("a", "a", json!({})), node("b", "b", west)], survival()).verdict();
        assert_eq!(two.len(), 1, "the zone is its node: {two:?}");
        let voterless = json!({"voter": false});
        let undecided = json!({"quorum": false, "nodes": [], "zones": []});
        let two = cell(vec![node("a", "a", json!({})), node("b", "b", voterless)], undecided).verdict();
        assert_eq!(two, ["If a fails, the cell cannot decide: cameras of a failed node stay with it."]);
        let one = cell(vec![node("a", "a", json!({}))], survival()).verdict();
        assert!(one[0].contains("cell of one") && one.len() == 1, "{one:?}");
    }
}
