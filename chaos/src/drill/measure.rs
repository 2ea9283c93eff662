use std::fmt;

use serde::{Deserialize, Serialize};

/// What a probe measures over a whole drill. One word each, stable in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The longest gap of any camera, by the numbers of its access units, in milliseconds.
    GapLongest,
    /// The same of cameras with a twin.
    GapLongestTwinned,
    /// The same of cameras none of whose nodes was touched.
    GapLongestUntouched,
    /// The 95th of a hundred of the gaps, in milliseconds.
    GapP95,
    /// The 99th of a hundred of the gaps, in milliseconds.
    GapP99,
    /// Access units that are missing and stand in no gap of the ledger.
    UnitsUnexplained,
    /// Access units that playback shows twice.
    UnitsDoubled,
    /// The longest time in which live was older than allowed, of any camera, in milliseconds.
    LiveOutage,
    /// The share of ranges that played.
    PlaybackSuccess,
    /// The 99th of a hundred of the times to answer playback, in milliseconds.
    PlaybackP99,
    /// The share of API calls that succeeded.
    ApiSuccess,
    /// The 99th of a hundred of the times to answer them, in milliseconds.
    ApiP99,
    /// Placements taken from nodes that lived.
    FalseReassignments,
    /// Fragments that lie on disk and not in the index, or the other way.
    IndexDifferences,
}

/// What a measure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// A number of things.
    Count,
    /// Hundredths of a percent.
    Share,
}

impl Measure {
    /// Every measure, in the order of reports.
    pub const ALL: [Self; 14] = [
        Self::GapLongest,
        Self::GapLongestTwinned,
        Self::GapLongestUntouched,
        Self::GapP95,
        Self::GapP99,
        Self::UnitsUnexplained,
        Self::UnitsDoubled,
        Self::LiveOutage,
        Self::PlaybackSuccess,
        Self::PlaybackP99,
        Self::ApiSuccess,
        Self::ApiP99,
        Self::FalseReassignments,
        Self::IndexDifferences,
    ];

    /// What it is counted in.
    pub const fn unit(self) -> Unit {
        match self {
            Self::PlaybackSuccess | Self::ApiSuccess => Unit::Share,
            Self::UnitsUnexplained | Self::UnitsDoubled | Self::FalseReassignments | Self::IndexDifferences => {
                Unit::Count
            }
            _ => Unit::Ms,
        }
    }

    /// The field of a file that bounds it.
    pub const fn field(self) -> &'static str {
        match self {
            Self::GapLongest => "recorded_gap.longest",
            Self::GapLongestTwinned => "recorded_gap.twinned",
            Self::GapLongestUntouched => "recorded_gap.untouched",
            Self::GapP95 => "recorded_gap.p95",
            Self::GapP99 => "recorded_gap.p99",
            Self::UnitsUnexplained => "recorded_gap.unexplained",
            Self::UnitsDoubled => "recorded_gap.doubled",
            Self::LiveOutage => "live.outage",
            Self::PlaybackSuccess => "playback.success",
            Self::PlaybackP99 => "playback.p99",
            Self::ApiSuccess => "api.success",
            Self::ApiP99 => "api.p99",
            Self::FalseReassignments => "false_reassignments",
            Self::IndexDifferences => "index_matches_disk",
        }
    }

    /// What it is, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::GapLongest => "longest gap of a camera",
            Self::GapLongestTwinned => "longest gap of a camera with a twin",
            Self::GapLongestUntouched => "longest gap of a camera that no fault touched",
            Self::GapP95 => "gap, p95",
            Self::GapP99 => "gap, p99",
            Self::UnitsUnexplained => "missing access units that no gap of the ledger explains",
            Self::UnitsDoubled => "access units that playback shows twice",
            Self::LiveOutage => "longest time without fresh live pictures",
            Self::PlaybackSuccess => "ranges that played",
            Self::PlaybackP99 => "time to answer playback, p99",
            Self::ApiSuccess => "API calls that succeeded",
            Self::ApiP99 => "time to answer API calls, p99",
            Self::FalseReassignments => "placements taken from nodes that lived",
            Self::IndexDifferences => "fragments of which index and disk differ",
        }
    }
}

/// What a measure must stay within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Of what.
    pub measure: Measure,
    /// Within what.
    pub limit: Limit,
}

/// A limit, in the measure's [`Unit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// No more than this.
    AtMost(u64),
    /// No less than this.
    AtLeast(u64),
}

impl Limit {
    /// Whether `measured` is within it.
    pub const fn holds(self, measured: u64) -> bool {
        match self {
            Self::AtMost(most) => measured <= most,
            Self::AtLeast(least) => measured >= least,
        }
    }
}

impl Unit {
    /// `value`, for people.
    pub fn text(self, value: u64) -> String {
        match self {
            Self::Ms => super::file::duration_text(std::time::Duration::from_millis(value)),
            Self::Count => value.to_string(),
            Self::Share => super::Percent::hundredths(u16::try_from(value).unwrap_or(u16::MAX)).to_string(),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.measure.unit();
        match self.limit {
            Limit::AtMost(most) => write!(f, "{}: at most {}", self.measure.title(), unit.text(most)),
            Limit::AtLeast(least) => write!(f, "{}: at least {}", self.measure.title(), unit.text(least)),
        }
    }
}
