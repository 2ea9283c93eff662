use std::time::Duration;

use super::{Bound, Limit, Measure, Percent};

/// What is watched from the outside while a drill runs, and what it must show at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// What was recorded, by the numbers the access units carry.
    RecordedGap(GapProbe),
    /// How fresh live pictures are.
    Live(LiveProbe),
    /// A range of recorded time is played.
    Playback(PlaybackProbe),
    /// Calls of the API.
    Api(ApiProbe),
    /// Placements taken from nodes that lived: at most so many.
    FalseReassignments(u64),
    /// Fragments of which index and disk differ when the drill is over: at most so many.
    IndexMatchesDisk(u64),
}

/// Bounds of [`Probe::RecordedGap`]; at least one is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GapProbe {
    /// Longest gap of any camera.
    pub longest: Option<Duration>,
    /// Longest gap of a camera with a twin.
    pub twinned: Option<Duration>,
    /// Longest gap of a camera none of whose nodes was touched.
    pub untouched: Option<Duration>,
    /// The 95th of a hundred.
    pub p95: Option<Duration>,
    /// The 99th of a hundred.
    pub p99: Option<Duration>,
    /// Missing units that the ledger does not explain.
    pub unexplained: Option<u64>,
    /// Units that playback shows twice.
    pub doubled: Option<u64>,
}

/// [`Probe::Live`]: the newest part of each camera, as any node serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveProbe {
    /// How often each camera is asked for.
    pub every: Duration,
    /// Older than this is not fresh.
    pub age: Duration,
    /// No camera may be without fresh pictures for longer.
    pub outage: Duration,
}

/// [`Probe::Playback`]: the newest range of a camera, another camera each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaybackProbe {
    /// How often.
    pub every: Duration,
    /// How long a range.
    pub range: Duration,
    /// How many must play.
    pub success: Percent,
    /// How fast the playlist must be answered.
    pub p99: Option<Duration>,
}

/// [`Probe::Api`]: reads of the cell and its cameras, another node each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiProbe {
    /// How often.
    pub every: Duration,
    /// How many calls must succeed.
    pub success: Percent,
    /// How fast.
    pub p99: Option<Duration>,
    /// The declared window: calls so soon after the beginning or the end of a fault are not counted.
    pub except: Duration,
}

impl Probe {
    /// What it must show.
    pub fn bounds(&self) -> Vec<Bound> {
        let at_most = |measure, most| Bound { measure, limit: Limit::AtMost(most) };
        let ms = |measure, most: Duration| at_most(measure, u64::try_from(most.as_millis()).unwrap_or(u64::MAX));
        let share =
            |measure, least: Percent| Bound { measure, limit: Limit::AtLeast(u64::from(least.as_hundredths())) };
        match self {
            Self::RecordedGap(gap) => {
                let times = [
                    (Measure::GapLongest, gap.longest),
                    (Measure::GapLongestTwinned, gap.twinned),
                    (Measure::GapLongestUntouched, gap.untouched),
                    (Measure::GapP95, gap.p95),
                    (Measure::GapP99, gap.p99),
                ];
                let counts = [(Measure::UnitsUnexplained, gap.unexplained), (Measure::UnitsDoubled, gap.doubled)];
                let times = times.into_iter().filter_map(|(measure, most)| Some(ms(measure, most?)));
                times.chain(counts.into_iter().filter_map(|(measure, most)| Some(at_most(measure, most?)))).collect()
            }
            Self::Live(live) => vec![ms(Measure::LiveOutage, live.outage)],
            Self::Playback(playback) => {
                let success = share(Measure::PlaybackSuccess, playback.success);
                [Some(success), playback.p99.map(|most| ms(Measure::PlaybackP99, most))].into_iter().flatten().collect()
            }
            Self::Api(api) => {
                let success = share(Measure::ApiSuccess, api.success);
                [Some(success), api.p99.map(|most| ms(Measure::ApiP99, most))].into_iter().flatten().collect()
            }
            Self::FalseReassignments(most) => vec![at_most(Measure::FalseReassignments, *most)],
            Self::IndexMatchesDisk(most) => vec![at_most(Measure::IndexDifferences, *most)],
        }
    }

    /// The word in a file.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::RecordedGap(_) => "recorded_gap",
            Self::Live(_) => "live",
            Self::Playback(_) => "playback",
            Self::Api(_) => "api",
            Self::FalseReassignments(_) => "false_reassignments",
            Self::IndexMatchesDisk(_) => "index_matches_disk",
        }
    }
}
