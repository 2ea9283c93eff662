use eyrie_camsim::{JournalEntry, Step};
use eyrie_types::WallTime;

use super::{Said, Saying, UnitGap};
use crate::drill::report::GapPhases;

/// What nodes said in their logs and what their clients did to the cameras, by time.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) said: Vec<Said>,
    pub(crate) journal: Vec<JournalEntry>,
}

/// Where the time of a gap went, as far as it was seen.
pub(crate) fn phases(
    gap: &UnitGap,
    struck: WallTime,
    nodes: &[String],
    camera: &str,
    path: &str,
    seen: &Evidence,
) -> GapPhases {
    let ended = wall(gap.after.sent_unix_us);
    let within = |at: WallTime| struck <= at && at <= ended;
    let mut said = seen.said.iter().filter(|said| within(said.at));
    let dead = said.clone().find(|said| matches!(&said.what, Saying::HeldDead(name) if nodes.contains(name)));
    let dead = dead.map(|said| said.at);
    let given = said.find(|said| matches!(&said.what, Saying::Given(id) if id == camera)).map(|said| said.at);
    let step = |wanted: Step| {
        let mut steps = seen.journal.iter().filter(|entry| entry.step == wanted && entry.path == path);
        steps.rfind(|entry| within(wall(entry.at_unix_us))).map(|entry| wall(entry.at_unix_us))
    };
    let played = step(Step::Played);
    let ms = |from: Option<WallTime>, to: Option<WallTime>| Some(to?.since(from?).as_millis() as u64);
    // What was not seen is in the next phase.
    GapPhases {
        unwritten_ms: Some(struck.since(wall(gap.before.sent_unix_us)).as_millis() as u64),
        detection_ms: ms(Some(struck), dead),
        decision_ms: ms(dead.or(Some(struck)), given),
        connect_ms: ms(given.or(dead).or(Some(struck)), played),
        keyframe_ms: ms(played, Some(ended)),
    }
}

fn wall(unix_us: u64) -> WallTime {
    WallTime::from_unix_us(unix_us.cast_signed())
}
