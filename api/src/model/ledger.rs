use std::collections::BTreeMap;

use eyrie_storage::ledger::{DayItem, DayKind, Summary};
use eyrie_types::{GapCause, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::marker::TimelineMarker;

/// The UTC days that a range touches, at most 400; by default the last 30.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LedgerQuery {
    /// A moment of the first day; by default 29 days before `to`.
    #[serde(default)]
    pub from: Option<WallTime>,
    /// The moment after the last one asked for; by default now.
    #[serde(default)]
    pub to: Option<WallTime>,
}

/// A range of wall time, at most 400 days, and how finely to draw it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimelineQuery {
    /// The first moment; by default 24 hours before `to`.
    #[serde(default)]
    pub from: Option<WallTime>,
    /// The first moment after it; by default now.
    #[serde(default)]
    pub to: Option<WallTime>,
    /// Most stretches in the answer, such as the pixels it is drawn on: 1 to 5,000, by default 1,000.
    #[serde(default)]
    #[param(minimum = 1, maximum = 5000)]
    pub points: Option<u32>,
}

/// The account of a stretch of time. `expected_s` = `durable_s` + `deleted_s` + `missing_s` + `pending_s`.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerAccount {
    /// Seconds for which the camera's spec asked for footage.
    pub expected_s: f64,
    /// Of these, seconds that are durable.
    pub durable_s: f64,
    /// Of these, seconds that were durable until retention deleted them.
    pub deleted_s: f64,
    /// Of these, seconds that are missing.
    pub missing_s: f64,
    /// Of these, the last seconds before now, which are still on their way to the disk.
    pub pending_s: f64,
    /// `missing_s` by cause; causes that took nothing are left out.
    #[schema(value_type = BTreeMap<String, f64>)]
    pub missing_s_by_cause: BTreeMap<GapCause, f64>,
}

impl From<&Summary> for LedgerAccount {
    fn from(summary: &Summary) -> Self {
        let seconds = |us: &u64| *us as f64 / 1e6;
        Self {
            expected_s: summary.expected_s(),
            durable_s: summary.durable_s(),
            deleted_s: summary.deleted_s(),
            missing_s: summary.missing_s(),
            pending_s: summary.pending_s(),
            missing_s_by_cause: summary.missing_us_by_cause.iter().map(|(cause, us)| (*cause, seconds(us))).collect(),
        }
    }
}

/// A UTC day of a camera.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerDay {
    /// The day, as `YYYY-MM-DD`.
    #[schema(example = "2026-01-31")]
    pub day: String,
    /// Its account.
    #[serde(flatten)]
    pub account: LedgerAccount,
}

/// How a camera stands against the node's objective for recording (`slo.recording`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct SloAnswer {
    /// The share of expected footage that is to be recorded.
    pub objective: f64,
    /// The share that was; `null` where nothing was expected.
    #[schema(required)]
    pub achieved: Option<f64>,
    /// Seconds that may be missing.
    pub budget_s: f64,
    /// What is left of them; negative once the objective is missed.
    pub budget_left_s: f64,
}

impl SloAnswer {
    /// Measures `summary` against `objective`. What is still on its way counts neither way; what retention deleted was recorded.
    pub fn of(summary: &Summary, objective: f64) -> Self {
        let due_s = summary.expected_s() - summary.pending_s();
        let budget_s = due_s * (1.0 - objective);
        let achieved = (due_s > 0.0).then(|| 1.0 - summary.missing_s() / due_s);
        Self { objective, achieved, budget_s, budget_left_s: budget_s - summary.missing_s() }
    }
}

/// What was asked for, what is there, and why the rest is missing, by UTC day.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerAnswer {
    /// The days, in order.
    pub days: Vec<LedgerDay>,
    /// All of them together.
    pub total: LedgerAccount,
    /// All of them against the objective.
    pub slo: SloAnswer,
}

/// What a stretch of a timeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    /// Footage is there.
    Recorded,
    /// Footage was there until retention deleted it.
    Deleted,
    /// Footage is missing: at least some of it, for a merged stretch.
    Missing,
}

/// A stretch of a timeline.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TimelineItem {
    /// Its first moment.
    pub start: WallTime,
    /// The first moment after it.
    pub end: WallTime,
    /// What it is.
    pub kind: TimelineKind,
    /// Why most of what is missing of it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<GapCause>,
    /// Seconds of it that are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_s: Option<f64>,
}

impl From<&DayItem> for TimelineItem {
    fn from(item: &DayItem) -> Self {
        let (kind, cause) = match item.kind {
            DayKind::Recorded => (TimelineKind::Recorded, None),
            DayKind::Deleted => (TimelineKind::Deleted, None),
            DayKind::Missing(cause) => (TimelineKind::Missing, Some(cause)),
        };
        let missing_s = cause.map(|_| item.missing_us as f64 / 1e6);
        Self { start: item.start, end: item.end, kind, cause, missing_s }
    }
}

/// A range of a camera, drawn as finely as was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineAnswer {
    /// Its first moment.
    pub from: WallTime,
    /// The first moment after it.
    pub to: WallTime,
    /// Sorted, none overlapping. Where there would be more of them than `points`, those within a step are merged: one with
    /// anything missing is `missing`, so that no gap is hidden.
    pub items: Vec<TimelineItem>,
    /// The markers in the range, sorted by start. Where there are more of them than `points`, those that begin within a step are
    /// one entry with their `count`.
    pub markers: Vec<TimelineMarker>,
}
